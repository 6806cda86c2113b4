"""Read YAML 1.2 with the C parser, as tables and lists that know the lines of their entries, for messages."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

from services.common.errors import BadInput

__all__ = ["Rows", "Table", "line_of", "load_table", "load_yaml"]

TAG = "tag:yaml.org,2002:"


class Table(dict[Any, Any]):
    """A table of a file. ``line`` and ``lines`` say where it and its fields begin, counted from 0."""

    line: int
    lines: dict[Any, int]


class Rows(list[Any]):
    """A list of a file. ``lines`` says where its entries begin, counted from 0."""

    lines: list[int]


def load_yaml(text: str) -> Any:
    """Return the values in ``text``: tables, lists, text, numbers, dates, true, false and None.

    Raises:
        yaml.YAMLError: it is not valid YAML, or a table has a field twice.
    """
    reader = _Reader(text)
    try:
        root = reader.get_single_node()
        return None if root is None else reader.read(root)
    finally:
        reader.dispose()


def load_table(text: str, file: str, *, lacks: str, start: str) -> Table:
    """Return the table in ``text``. ``file`` is only used in messages.

    Raises:
        BadInput: it is not valid YAML, or no table. Then the message says what it ``lacks`` and how to ``start``.
    """
    try:
        root = load_yaml(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        cause = " ".join(str(error.problem).split())
        raise BadInput(f"{file}:{line}: file: it is not valid YAML ({cause}). Fix the syntax at this line.") from error
    except yaml.YAMLError as error:
        raise BadInput(f"{file}:1: file: it is not valid YAML. Save the file as UTF-8 text.") from error
    if not isinstance(root, Table):
        raise BadInput(f"{file}:1: file: it contains no {lacks}. {start}")
    return root


def line_of(table: Table, field: Any) -> int:
    """Return the line of ``field`` in the file, counted from 1; that of its table if the field is missing."""
    return table.lines.get(field, table.line) + 1


class _Reader(yaml.CSafeLoader):
    """Reads plain values by YAML 1.2, where ``no``, ``on`` and ``1:30`` are text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - declared by PyYAML; filled below

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._read: dict[int, Any] = {}  # by node: an alias is the same value

    def read(self, node: yaml.Node) -> Any:
        """Return the value of a node."""
        if isinstance(node, yaml.ScalarNode) and node.tag == f"{TAG}str":
            return node.value
        if id(node) not in self._read:
            if isinstance(node, yaml.MappingNode) and node.tag == f"{TAG}map":
                self._table(node)
            elif isinstance(node, yaml.SequenceNode) and node.tag == f"{TAG}seq":
                self._rows(node)
            else:
                self._read[id(node)] = self.construct_object(node, deep=True)
        return self._read[id(node)]

    def _table(self, node: yaml.MappingNode) -> None:
        table = self._read[id(node)] = Table()
        table.line, table.lines = node.start_mark.line, {}
        own: set[Any] = set()
        for key_node, _ in node.value:
            key = key_node.value if key_node.tag == f"{TAG}merge" else self.read(key_node)
            if not isinstance(key, Hashable) or key in own:
                problem = f"found duplicate key {key!r}" if isinstance(key, Hashable) else "found unhashable key"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            own.add(key)
        self.flatten_mapping(node)  # what is merged into it comes first, so that its own fields replace it
        for key_node, value_node in node.value:
            key = self.read(key_node)
            table[key], table.lines[key] = self.read(value_node), key_node.start_mark.line

    def _rows(self, node: yaml.SequenceNode) -> None:
        rows = self._read[id(node)] = Rows()
        rows.lines = [entry.start_mark.line for entry in node.value]
        rows.extend(self.read(entry) for entry in node.value)


def _number(reader: _Reader, node: yaml.ScalarNode) -> int:
    return int(node.value, 0 if node.value[:2] in ("0o", "0x") else 10)


for _kind, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9:]{8}(\.[0-9]+)?(Z|[-+][0-9]{2}:[0-9]{2})?)?", "0123456789"),
    ("merge", "<<", "<"),
):
    _Reader.add_implicit_resolver(f"{TAG}{_kind}", re.compile(f"(?:{_pattern})$"), list(_first))
_Reader.add_constructor(f"{TAG}int", _number)
