"""Recognizes notices about a product that are no flaw and no failure: end of support, planned work, a changelog."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, cast

from schemas.readings import EventFamily, Firmness, Outlook, Reading
from services.matcher.lexicon import read_yaml

__all__ = ["Notice", "adjust_for_notice", "find_notice"]

Notice = Literal["end_of_life", "maintenance", "release"]

#: The probability that planned work or a list of changes is worth telling, at most: of 13 labeled ones, 2 are.
MOST_WORTH = 0.3
#: What the model takes a notice for, because its words are those of flaws and failures.
_MISTAKEN_FOR: frozenset[EventFamily] = frozenset(("vulnerability", "outage", "breach"))
_SAYS: dict[Notice, str] = {
    "end_of_life": "Its headline announces the end of support, not a flaw.",
    "maintenance": "Its headline announces planned work, not a failure.",
    "release": "Its headline lists what a release changes, not a flaw.",
}
#: For those who use the product. What a release changes may be either.
_DIRECTIONS: dict[Notice, Outlook] = {"end_of_life": "bad", "maintenance": "unclear", "release": "unclear"}


def find_notice(title: str, lead: str) -> Notice | None:
    """Return the notice that ``title`` gives, or None if it gives none, or the text speaks of a flaw or an attack."""
    flaw, patterns = _patterns()
    for notice, pattern in patterns:
        if pattern.search(title) is not None:
            return None if flaw.search(f"{title}\n{lead}") is not None else notice
    return None


def adjust_for_notice(reading: Reading, notice: Notice | None) -> Reading:
    """Return ``reading`` as one of product news if it took ``notice`` for a flaw, a failure or an attack."""
    if notice is None or reading.kind not in _MISTAKEN_FOR:
        return reading
    status: Firmness = "plan" if notice == "maintenance" else reading.status
    changes: dict[str, object] = {"kind": "product", "status": status, "direction": _DIRECTIONS[notice]}
    if notice != "end_of_life" and reading.weight in ("worth", "major"):
        changes |= {"weight": "minor", "tell_score": min(reading.tell_score, MOST_WORTH)}
    return reading.model_copy(update={**changes, "reasons": (*reading.reasons, _SAYS[notice])})


@cache
def _patterns() -> tuple[re.Pattern[str], tuple[tuple[Notice, re.Pattern[str]], ...]]:
    """Return the pattern of flaws, and for each notice the one that shows it."""
    lexicon: dict[str, list[str] | str] = read_yaml("product_notices.yaml")
    flaw = re.compile(cast("str", lexicon["flaw"]), re.IGNORECASE)
    notices: tuple[Notice, ...] = ("end_of_life", "maintenance", "release")
    return flaw, tuple((notice, re.compile("|".join(lexicon[notice]), re.IGNORECASE)) for notice in notices)
