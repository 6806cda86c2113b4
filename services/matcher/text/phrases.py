"""Many phrases found in one pass over a text: an automaton, then word boundaries, then the longest match.

Knows nothing of what the phrases mean. Cost does not grow with their number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

import ahocorasick_rs

from services.matcher.lexicon import expand

__all__ = ["Hit", "Phrases", "Sentence", "fold", "sentences"]

T = TypeVar("T")

# A full stop ends a sentence unless it follows an initial or one of these, and only before a capital, digit or quote.
_STOP = re.compile(r"(?<=[.!?])[\"”’')\]]*\s+(?=[\"“‘'(\[]?[A-Z0-9])|\n{2,}|\n(?=[A-Z])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Inc|Corp|Co|Ltd|Mr|Mrs|Ms|Dr|St|No|vs|Jr|Sr|Bros|plc|U\.S|U\.K|E\.U|a\.m|p\.m|e\.g|i\.e"
    r"|Jan|Feb|Aug|Sept|Oct|Nov|Dec)|\b[A-Z])\.$"
)


class Hit(NamedTuple):
    """A phrase stands at ``start`` (inclusive) to ``end`` (exclusive); ``mark`` is what was filed with it."""

    start: int
    end: int
    mark: Any


class Sentence(NamedTuple):
    """A sentence and where it begins in its text."""

    start: int
    text: str


class Phrases(Generic[T]):
    """An automaton over phrases, each with a mark. Text must be folded (:func:`fold`) before searching."""

    def __init__(self, phrases: Iterable[tuple[str, T]]) -> None:
        """Build from (pattern, mark); patterns may hold alternatives in braces. The first mark of a phrase counts."""
        marks: dict[str, T] = {}
        for pattern, mark in phrases:
            for phrase in expand(pattern):
                marks.setdefault(phrase, mark)
        self._marks = list(marks.values())
        self._word_starts = [phrase[0].isalnum() for phrase in marks]
        self._word_ends = [phrase[-1].isalnum() for phrase in marks]
        self._automaton = ahocorasick_rs.AhoCorasick(list(marks), matchkind=ahocorasick_rs.MatchKind.Standard)

    def __len__(self) -> int:
        return len(self._marks)

    def find(self, folded: str) -> list[Hit]:
        """All phrases in ``folded``, whole words only, the longest of those that overlap, in reading order."""
        hits = self.find_all(folded)
        return hits if len(hits) < 2 else _longest(hits)

    def find_all(self, folded: str) -> list[Hit]:
        """All phrases in ``folded``, whole words only, those inside longer ones included; order of their ends."""
        found = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        if not found:
            return []
        length = len(folded)
        return [
            Hit(start, end, self._marks[which])
            for which, start, end in found
            if not (self._word_starts[which] and start > 0 and folded[start - 1].isalnum())
            and not (self._word_ends[which] and end < length and folded[end].isalnum())
        ]


def _longest(hits: list[Hit]) -> list[Hit]:
    hits.sort(key=lambda hit: (hit.start, -hit.end))
    kept: list[Hit] = []
    for hit in hits:
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
        elif hit.end - hit.start > kept[-1].end - kept[-1].start:
            kept[-1] = hit
    return kept


def fold(text: str) -> str:
    """``text`` in lower case with plain apostrophes, every character in its old place."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few capitals, such as the Turkish dotted I, become two characters
        lowered = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    return lowered.replace("’", "'") if "’" in lowered else lowered


def sentences(text: str, limit: int = 1_000) -> Sequence[Sentence]:
    """The first ``limit`` sentences of ``text``."""
    return _sentences(text)[:limit]


@lru_cache(maxsize=64)
def _sentences(text: str) -> tuple[Sentence, ...]:
    """All of them; several rules read the same few sentences of an item, one after the other."""
    result: list[Sentence] = []
    start = 0
    for stop in _STOP.finditer(text):
        piece = text[start : stop.start()]
        if _ABBREVIATION.search(piece):
            continue
        if piece.strip():
            result.append(Sentence(start, text[start : stop.end()].rstrip()))
        start = stop.end()
    if text[start:].strip():
        result.append(Sentence(start, text[start:].rstrip()))
    return tuple(result)
