"""Splits text into sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

__all__ = ["Sentence", "sentences"]

# A full stop ends a sentence only before a capital, digit or quote, and not after an initial or one of these.
_STOP = re.compile(r"(?<=[.!?])[\"”’')\]]*\s+(?=[\"“‘'(\[]?[A-Z0-9])|\n{2,}|\n(?=[A-Z])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Inc|Corp|Co|Ltd|plc|Bros|Mr|Mrs|Ms|Dr|Prof|Rev|Hon|Rep|Reps|Sen|Sens|Gov|Gen|Lt|Sgt|Col|Capt|Jr|Sr"
    r"|St|No|vs|U\.S|U\.K|E\.U|a\.m|p\.m|e\.g|i\.e"
    r"|Jan|Feb|Aug|Sept|Oct|Nov|Dec)|\b[A-Z])\.$"
)
#: Characters at the end of a piece that decide whether it ends with an abbreviation: the longest, and what is around.
_ENDING_CHARS = 8


class Sentence(NamedTuple):
    """A sentence and its start in the text."""

    start: int
    text: str


def sentences(text: str, limit: int = 1_000) -> Sequence[Sentence]:
    """Return the first ``limit`` sentences of ``text``."""
    return _sentences(text)[:limit]


@lru_cache(maxsize=64)  # several rules read the same few sentences of an item, one after the other
def _sentences(text: str) -> tuple[Sentence, ...]:
    result: list[Sentence] = []
    start = 0
    for stop in _STOP.finditer(text):
        piece = text[start : stop.start()]
        if _ABBREVIATION.search(piece[-_ENDING_CHARS:]):  # pieces grow with each abbreviation
            continue
        if piece.strip():
            result.append(Sentence(start, text[start : stop.end()].rstrip()))
        start = stop.end()
    if text[start:].strip():
        result.append(Sentence(start, text[start:].rstrip()))
    return tuple(result)
