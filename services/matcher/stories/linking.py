"""Compare an item's event with that of the story it joined: the opposite of it, or its end. Pure."""

from __future__ import annotations

from schemas.mentions import Impact
from services.matcher.stories.threads import EventSummary

__all__ = ["ends_event", "is_opposite"]


def is_opposite(known: EventSummary, new: EventSummary | Impact) -> bool:
    """Return whether one is good and the other bad for a holder."""
    return {known.direction, new.direction} == {"positive", "negative"}


def ends_event(known: EventSummary, new: Impact) -> bool:
    """Return whether something feared does not happen, or something that lasted (an outage, a strike) is over."""
    over = new.kind == known.kind and known.direction == "negative" and new.direction == "neutral"
    return over or (new.kind == "averted" != known.kind)
