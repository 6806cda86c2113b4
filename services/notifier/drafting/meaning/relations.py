"""Words that mean the same, and opposites: WordNet's relations by stem."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from services.notifier.drafting.data_files import read_text_file
from services.notifier.drafting.meaning.statements import Word

__all__ = ["are_opposite", "are_similar", "has_opposites"]


class _Relations(NamedTuple):
    """The meanings (numbers) and the opposites (stems) of each stem."""

    senses: Mapping[str, frozenset[str]]
    opposites: Mapping[str, frozenset[str]]


def has_opposites(word: Word) -> bool:
    """Return whether WordNet knows opposites of ``word``."""
    return bool(_relations().opposites.get(word.stem))


def are_opposite(word: Word, other: Word) -> bool:
    """Return whether WordNet has one word, without any negation, as an opposite of the other."""
    opposites = _relations().opposites
    return other.stem in opposites.get(word.stem, ()) or word.stem in opposites.get(other.stem, ())


def are_similar(word: Word, other: Word) -> bool:
    """Return whether the words have a meaning in common in WordNet."""
    senses = _relations().senses
    return not senses.get(word.stem, frozenset()).isdisjoint(senses.get(other.stem, ()))


@cache
def _relations() -> _Relations:
    """Return what ``words/wordnet.txt`` says. Each line: a stem, its meanings, its opposites, separated by tabs."""
    senses: dict[str, frozenset[str]] = {}
    opposites: dict[str, frozenset[str]] = {}
    for line in read_text_file("words", "wordnet.txt").splitlines():
        if not line.startswith("#"):
            stem, numbers, stems = line.split("\t")
            senses[stem], opposites[stem] = frozenset(numbers.split()), frozenset(stems.split())
    return _Relations(senses, opposites)
