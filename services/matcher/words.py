"""The matcher's word lists: plain text files in the lexicon, one word or name between blanks, sections in brackets."""

from __future__ import annotations

from functools import cache
from importlib import resources

from services.matcher.normalise import words

__all__ = ["names", "section"]


@cache
def _sections(file: str) -> dict[str, tuple[str, ...]]:
    text = resources.files("services.matcher.lexicon").joinpath(file).read_text(encoding="utf-8")
    sections: dict[str, list[str]] = {}
    current = ""
    for line in text.splitlines():
        if line.startswith("["):
            current = line.strip("[] ")
        elif line and not line.startswith("#"):
            sections.setdefault(current, []).append(line)
    return {name: tuple(lines) for name, lines in sections.items()}


@cache
def section(file: str, name: str = "") -> frozenset[str]:
    """The words of one section of a word list; the unnamed section is that of a file without any.

    Raises:
        KeyError: when the file has no such section.
    """
    return frozenset(word for line in _sections(file)[name] for word in line.split())


@cache
def names(file: str, name: str = "") -> frozenset[str]:
    """The lines of one section, each a name in its normal form."""
    return frozenset(" ".join(words(line)) for line in _sections(file)[name])
