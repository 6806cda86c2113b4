"""The lexicons: what the matcher's rules look for and how much it counts, as data that can be reviewed without code.

Every file names its source in a header. Files are read once, when the rules that need them are first built.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from ruamel.yaml import YAML

__all__ = ["expand", "read_table", "read_yaml"]

_BRACES = re.compile(r"\{([^{}]*)\}")


@cache
def read_yaml(name: str) -> Any:
    """The content of ``name`` in this folder, e.g. ``cues.yaml``; shared, so never change what is returned."""
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    return YAML(typ="safe", pure=True).load(text)


@cache
def read_table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a CSV file in this folder; lines that start with ``#`` are remarks."""
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(csv.DictReader(lines))


def expand(pattern: str) -> Iterator[str]:
    """All readings of ``pattern``: ``"{cut|cuts} {its|} dividend"`` stands for four phrases; blanks are evened out."""
    parts = [part.split("|") if odd else [part] for odd, part in _alternating(pattern)]
    for choice in itertools.product(*parts):
        yield " ".join("".join(choice).lower().split())


def _alternating(pattern: str) -> Iterator[tuple[bool, str]]:
    for number, part in enumerate(_BRACES.split(pattern)):
        yield number % 2 == 1, part
