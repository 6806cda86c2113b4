"""The matcher's word lists: the plain text files in the lexicon, read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from services.matcher.lexicon import read_sections
from services.matcher.text.normalize import words

__all__ = ["WordLists", "word_lists"]


@dataclass(frozen=True, slots=True)
class WordLists:
    """The lists that the rules on names consult. Each file of the lexicon explains its own sections."""

    # ambiguous_words.txt
    function_words: frozenset[str]
    common_words: frozenset[str]
    goods: frozenset[str]
    institutions: frozenset[str]
    # name_neighbors.txt
    legal_forms: frozenset[str]
    same_company: frozenset[str]
    longer_name_words: frozenset[str]
    full_name_words: frozenset[str]
    group_units: frozenset[str]
    company_classes: frozenset[str]
    company_introducers: frozenset[str]
    company_predicates: frozenset[str]
    sentence_openers: frozenset[str]
    verb_markers: frozenset[str]
    speech_introducers: frozenset[str]
    bank_prefixes: frozenset[str]
    exchanges: frozenset[str]
    reuters_codes: frozenset[str]
    bloomberg_codes: frozenset[str]
    # quoted_sources.txt: media and research are whole names, in normal form
    media: frozenset[str]
    research: frozenset[str]
    anonymous_experts: frozenset[str]
    offices: frozenset[str]
    # given_names.txt
    given_names: frozenset[str]
    # longer_names.txt: whole names, in normal form
    longer_names: tuple[str, ...]


@cache
def word_lists() -> WordLists:
    """Return all word lists."""
    sections = {
        **read_sections("ambiguous_words.txt"),
        **read_sections("name_neighbors.txt"),
        **read_sections("quoted_sources.txt"),
        "given_names": read_sections("given_names.txt")[""],
    }
    names = {"media": frozenset(_names(sections.pop("media"))), "research": frozenset(_names(sections.pop("research")))}
    return WordLists(
        **{section: _words(lines) for section, lines in sections.items()},
        **names,
        longer_names=_names(read_sections("longer_names.txt")[""]),
    )


def _words(lines: list[str]) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


def _names(lines: list[str]) -> tuple[str, ...]:
    return tuple(sorted({" ".join(words(line)) for line in lines}))
