"""Recognizes headlines that say how a quantity moved that is bad when it rises: "Inflation slows", "bad loans fall".

The model knows the words of such headlines better than their sense: what falls reads like bad news, and a falling
number of defaults like a default.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from schemas.readings import EventFamily, Outlook, Reading
from services.matcher.lexicon import read_yaml

__all__ = ["Move", "adjust_for_move", "find_move"]

#: Events of these families are not what a headline reports that only says how often they happen.
_COUNTED: frozenset[EventFamily] = frozenset(
    ("breach", "vulnerability", "outage", "recall", "insolvency", "share_move", "legal", "deal", "capital", "product")
)


class Move(NamedTuple):
    """The move of a quantity: the words that state it, and its direction for those who depend on the thing."""

    words: str
    direction: Outlook


def find_move(title: str) -> Move | None:
    """Return the move of a quantity that ``title`` states, or None if it states none, or several that differ."""
    unless, setting, patterns = _patterns()
    if unless.search(title) is not None:
        return None
    found = [(direction, match) for direction, pattern in patterns for match in pattern.finditer(title)]
    moves = [Move(match[0], direction) for direction, match in found if not setting.search(title, 0, match.start())]
    return moves[0] if len({move.direction for move in moves}) == 1 else None


def adjust_for_move(reading: Reading, move: Move | None) -> Reading:
    """Return ``reading`` with the direction of ``move``; what is only counted is no event of that kind.

    A homonym has no direction. The confidence stays as the model's.
    """
    if move is None or reading.role == "homonym":
        return reading
    counted = move.direction == "good" and reading.kind in _COUNTED
    kind: EventFamily = "other" if counted else reading.kind
    if (kind, move.direction) == (reading.kind, reading.direction):
        return reading
    why = f"By its headline, it is {move.direction} news: “{move.words}”."
    return reading.model_copy(update={"kind": kind, "direction": move.direction, "reasons": (*reading.reasons, why)})


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], tuple[tuple[Outlook, re.Pattern[str]], ...]]:
    """Return the patterns of exceptions and of settings, and for each direction the one that shows it."""
    lexicon: dict[str, str | list[str]] = read_yaml("quantities.yaml")
    noun = rf"(?<![\w-])(?:{'|'.join(lexicon['nouns'])})(?![\w-])"
    between = lexicon["between"]

    def pattern(verb: str, adjective: str, *transitive: str) -> re.Pattern[str]:
        forms = [rf"{noun}{between} (?:{lexicon[verb]})(?![\w-])", rf"(?<![\w-])(?:{lexicon[adjective]}) {noun}"]
        forms += [
            rf"(?<![\w-])(?:{lexicon[form]}) (?:its |their |the |net |quarterly |annual )*{noun}" for form in transitive
        ]
        return re.compile("|".join(forms), re.IGNORECASE)

    unless, setting = (
        re.compile(rf"(?<!\w)(?:{lexicon[form]})(?!\w)", re.IGNORECASE) for form in ("unless", "setting")
    )
    return unless, setting, (("good", pattern("down", "less", "cuts")), ("bad", pattern("up", "more")))
