"""The matcher's word lists: plain text files in the lexicon, words between blanks, sections in brackets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

from services.matcher.text.normalize import words

__all__ = ["WordLists", "word_lists"]


@dataclass(frozen=True, slots=True)
class WordLists:
    """What the rules on names look words up in; what each holds is said in its file."""

    function: frozenset[str]
    common: frozenset[str]
    goods: frozenset[str]
    given_names: frozenset[str]
    legal: frozenset[str]
    same: frozenset[str]
    other: frozenset[str]
    unit: frozenset[str]
    openers: frozenset[str]
    subject: frozenset[str]
    before: frozenset[str]
    group: frozenset[str]
    verbal: frozenset[str]
    telling: frozenset[str]
    exchanges: frozenset[str]
    reuters_codes: frozenset[str]
    bloomberg_codes: frozenset[str]
    institutions: frozenset[str]
    bank_prefixes: frozenset[str]
    media: frozenset[str]
    research: frozenset[str]
    offices: frozenset[str]
    crowd: frozenset[str]
    longer_names: tuple[str, ...]


@cache
def word_lists() -> WordLists:
    """All lists, read once."""
    ambiguous, neighbours = _sections("ambiguous_words.txt"), _sections("name_neighbours.txt")
    houses = _sections("quoted_houses.txt")
    return WordLists(
        **{name: _words(ambiguous[name]) for name in ("function", "common", "goods")},
        **{
            name: _words(neighbours[name])
            for name in ("legal", "same", "other", "unit", "openers", "subject", "before", "group", "verbal", "telling")
        },
        exchanges=_words(neighbours["exchanges"]),
        reuters_codes=_words(neighbours["reuters"]),
        bloomberg_codes=_words(neighbours["bloomberg"]),
        bank_prefixes=_words(neighbours["banks"]),
        institutions=_words(ambiguous["institutions"]),
        given_names=_words(_sections("given_names.txt")[""]),
        media=frozenset(_names(houses["media"])),
        research=frozenset(_names(houses["research"])),
        offices=_words(houses["offices"]),
        crowd=_words(houses["crowd"]),
        longer_names=_names(_sections("longer_names.txt")[""]),
    )


def _sections(file: str) -> dict[str, list[str]]:
    text = resources.files("services.matcher.lexicon").joinpath(file).read_text(encoding="utf-8")
    sections: dict[str, list[str]] = {}
    current = ""
    for line in text.splitlines():
        if line.startswith("["):
            current = line.strip("[] ")
        elif line and not line.startswith("#"):
            sections.setdefault(current, []).append(line)
    return sections


def _words(lines: list[str]) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


def _names(lines: list[str]) -> tuple[str, ...]:
    return tuple(sorted({" ".join(words(line)) for line in lines}))
