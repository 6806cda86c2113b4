"""Words by which two reports of one event may say different things of it, for whoever compares reports."""

from __future__ import annotations

import re

__all__ = ["LESS", "words_found"]

#: Words that say that it is less, for less long, or not decided yet: with them it is another claim. Source: our own
#: collection.
LESS = re.compile(
    r"\b(?:temporar\w+|brief(?:ly)?|until|partly|partial(?:ly)?|only|merely|up to|at most|fewer|"
    r"whether|unless|to (?:vote|decide|rule|hear|consider|discuss|debate)|votes? on|"
    r"(?:part|some|one|two|three|four|several|most|half) of|"
    r"for (?:[\w-]+ ){0,3}(?:minutes?|hours?|days?|weeks?|months?|quarters?|years?|season))\b",
    re.I,
)


def words_found(pattern: re.Pattern[str], text: str) -> frozenset[str]:
    """Return what ``pattern``, which has no groups, finds in ``text``, without regard to case."""
    return frozenset(match.casefold() for match in pattern.findall(text))
