"""Load a YAML file that people write as a table whose fields know their lines, for messages that point at them."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from services.common.errors import BadInput

__all__ = ["line_of", "load_table"]


def load_table(text: str, file: str, *, lacks: str, start: str) -> CommentedMap:
    """Return the table in ``text``. ``file`` is only used in messages.

    Raises:
        BadInput: it is not valid YAML, or no table. Then the message says what it ``lacks`` and how to ``start``.
    """
    try:
        root = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        cause = " ".join(str(error.problem).split())
        raise BadInput(f"{file}:{line}: file: it is not valid YAML ({cause}). Fix the syntax at this line.") from error
    except YAMLError as error:
        raise BadInput(f"{file}:1: file: it is not valid YAML. Save the file as UTF-8 text.") from error
    if not isinstance(root, CommentedMap):
        raise BadInput(f"{file}:1: file: it contains no {lacks}. {start}")
    return root


def line_of(table: CommentedMap, field: Any) -> int:
    """Return the line of ``field`` in the file, counted from 1; that of its table if the field is missing."""
    try:
        return int(table.lc.key(field)[0]) + 1
    except (KeyError, TypeError, AttributeError):
        return int(table.lc.line or 0) + 1
