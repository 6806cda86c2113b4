"""Computes what a share move in the news means for the whole portfolio, from the client's own weight of the holding."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from schemas.alerts import Alert
from schemas.clients import Watch
from schemas.mentions import FAMILY_OF

__all__ = ["PortfolioEffect", "move_shown", "portfolio_effect"]

#: A smaller effect on the whole, in percent, is not worth a sentence.
MIN_EFFECT = 0.05
_PERCENT = r"(\d{1,2}(?:\.\d{1,2})?)\s?(?:%|per ?cent\b)"
_ABOUT = r"(?:(?:by|about|around|nearly|almost|some|roughly|over|more than) )*"
_FALL = (
    r"falls?|fell|drops?|dropped|plunge[sd]?|tumble[sd]?|sinks?|sank|slides?|slid|slumps?|slumped|sheds?|shed|loses?|"
    r"lost|down|declines?|declined|dives?|dived|crash(?:es|ed)?|slips?|slipped"
)
_RISE = (
    r"rises?|rose|gains?|gained|jumps?|jumped|climbs?|climbed|surge[sd]?|soar(?:s|ed)?|up|rall(?:ies|ied)|adds?|added|"
    r"leaps?|leapt|advance[sd]?"
)
#: Between the name and its move: no other clause, which may have another subject.
_BETWEEN = r"(?:['’]s)?(?: [\w$&()-]+){0,4}? "
#: A move over another time than the day, or of another thing than the price.
_OTHER_MOVE = re.compile(
    r"\b(?:year|month|quarter|week|since|decade|revenue|sales|profits?|earnings|deliveries|peak|high|could|may|might|"
    r"would|will|expected|forecasts?|if|market share|as much as|up to)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PortfolioEffect:
    """A move of ``percent`` in a holding, and the percent of the whole portfolio that it comes to, as written."""

    way: Literal["fall", "rise"]
    percent: str
    of_whole: str


def move_shown(text: str) -> Literal["fall", "rise"] | None:
    """Return the way that prices move by the words of ``text``; None if it names both ways or neither."""
    falls, rises = (re.search(rf"\b(?:{verbs})\b", text, re.IGNORECASE) for verbs in (f"{_FALL}|tumbling", _RISE))
    return None if (falls is None) == (rises is None) else "fall" if falls else "rise"


def portfolio_effect(alert: Alert, watch: Watch | None) -> PortfolioEffect | None:
    """Return what the move that the news reports of a holding comes to; None if it reports none or it is too small.

    The move is the holding's own: its name stands before the verb, and nothing says that it is of another time.
    """
    if watch is None or not watch.weight or watch.kind != "holding" or FAMILY_OF[alert.kind] != "share_move":
        return None
    names = "|".join(re.escape(name) for name in (alert.entity_name, watch.name, *watch.aliases))
    for text in _texts(alert):
        for way, verbs in (("fall", _FALL), ("rise", _RISE)):
            found = re.search(rf"\b(?:{names}){_BETWEEN}(?:{verbs}) {_ABOUT}{_PERCENT}", text, re.IGNORECASE)
            if found is None or _OTHER_MOVE.search(text):
                continue
            effect = watch.weight * float(found[1])
            written = f"{effect:.1f}"
            return PortfolioEffect(way, f"{found[1]}%", f"{written}%") if effect >= MIN_EFFECT else None  # type: ignore[arg-type]
    return None


def _texts(alert: Alert) -> Iterable[str]:
    yield alert.headline
    for item in alert.evidence:
        if item.supports in ("claim", None):
            yield item.title
            yield item.quote
