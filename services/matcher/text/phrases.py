"""Finds many phrases in one pass over a text: an automaton, then word boundaries, then the longest match.

The cost does not grow with the number of phrases.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, NamedTuple, TypeVar

import ahocorasick_rs

from services.matcher.lexicon import expand

__all__ = ["PhraseHit", "PhraseMatcher"]

T = TypeVar("T")


class PhraseHit(NamedTuple):
    """A phrase found at ``start`` to ``end`` (exclusive), with the ``label`` that was given for it."""

    start: int
    end: int
    label: Any


class PhraseMatcher(Generic[T]):
    """Finds labeled phrases in text that was folded with :func:`~services.matcher.text.normalize.fold_case`."""

    def __init__(self, phrases: Iterable[tuple[str, T]]) -> None:
        """Build from pairs of pattern and label.

        Patterns may hold alternatives in braces. If a phrase has several labels, the first one counts.
        """
        labels: dict[str, T] = {}
        for pattern, label in phrases:
            for phrase in expand(pattern):
                labels.setdefault(phrase, label)
        self._labels = list(labels.values())
        self._word_starts = [phrase[0].isalnum() for phrase in labels]
        self._word_ends = [phrase[-1].isalnum() for phrase in labels]
        self._automaton = ahocorasick_rs.AhoCorasick(list(labels), matchkind=ahocorasick_rs.MatchKind.Standard)

    def find(self, folded: str) -> list[PhraseHit]:
        """Return the phrases in ``folded`` in reading order: whole words only, and of overlapping ones the longest."""
        hits = self.find_all(folded)
        return hits if len(hits) < 2 else _longest(hits)

    def find_all(self, folded: str) -> list[PhraseHit]:
        """Return all phrases in ``folded``, even inside longer ones: whole words only, ordered by their ends."""
        matches = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        if not matches:
            return []
        length = len(folded)
        return [
            PhraseHit(start, end, self._labels[phrase])
            for phrase, start, end in matches
            if not (self._word_starts[phrase] and start > 0 and folded[start - 1].isalnum())
            and not (self._word_ends[phrase] and end < length and folded[end].isalnum())
        ]


def _longest(hits: list[PhraseHit]) -> list[PhraseHit]:
    hits.sort(key=lambda hit: (hit.start, -hit.end))
    kept: list[PhraseHit] = []
    for hit in hits:
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
        elif hit.end - hit.start > kept[-1].end - kept[-1].start:
            kept[-1] = hit
    return kept
