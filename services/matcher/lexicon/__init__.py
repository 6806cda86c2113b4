"""The lexicon: the words that the matcher's rules look for and how much each counts, as data anyone can review.

Each file names its source in its header. A file is read when the rules that need it are first built.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from services.common.yaml_table import load_yaml

__all__ = ["expand", "read_sections", "read_table", "read_yaml"]

_BRACES = re.compile(r"\{([^{}]*)\}")


@cache
def read_yaml(name: str) -> Any:
    """Return the content of a YAML file such as ``cues.yaml``. The result is shared: never change it."""
    return load_yaml(_read(name))


@cache
def read_table(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of a CSV file; lines that start with ``#`` are comments."""
    lines = (line for line in _read(name).splitlines() if line and not line.startswith("#"))
    return tuple(csv.DictReader(lines))


def read_sections(name: str) -> dict[str, list[str]]:
    """Return the lines of a text file by section, such as ``[media]``; lines before the first are under ``""``.

    Lines that start with ``#`` are comments.
    """
    sections: dict[str, list[str]] = {}
    current = ""
    for line in _read(name).splitlines():
        if line.startswith("["):
            current = line.strip("[] ")
        elif line and not line.startswith("#"):
            sections.setdefault(current, []).append(line)
    return sections


def _read(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def expand(pattern: str) -> Iterator[str]:
    """Yield every phrase that ``pattern`` stands for, in lower case with single spaces.

    ``"{cut|cuts} {its|} dividend"`` stands for four phrases.
    """
    parts = [part.split("|") if odd else [part] for odd, part in _alternating(pattern)]
    for choice in itertools.product(*parts):
        yield " ".join("".join(choice).lower().split())


def _alternating(pattern: str) -> Iterator[tuple[bool, str]]:
    for number, part in enumerate(_BRACES.split(pattern)):
        yield number % 2 == 1, part
