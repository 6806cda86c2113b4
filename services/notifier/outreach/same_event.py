"""Recognizes that alerts on different watches of a client are about one event. Pure.

Stories are kept per watched name, so one event is a story for each name that it concerns. They are one event if they
rest on a common item, or if their headlines are nearly equal within a few days, and the kinds of event are compatible.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.alerts import Alert
from schemas.mentions import FAMILY_OF, EventKind
from services.notifier.drafting.brief import DraftedStory

__all__ = ["EventTrace", "is_same_event", "trace_of_alert", "trace_of_story"]

#: Equal headlines that are further apart are about different events.
HEADLINE_WINDOW = timedelta(hours=72)
#: Nearly equal headlines share this part of their words, and at least so many.
HEADLINE_SHARE, HEADLINE_WORDS = 0.75, 5
#: Families of kinds as which one event may be read for different names.
_RELATED = (
    frozenset(("regulation", "legal")),
    frozenset(("breach", "vulnerability", "outage")),
    frozenset(("earnings", "guidance", "dividend", "buyback", "rating")),
    frozenset(("insolvency", "cutback", "labour")),
    frozenset(("deal", "contract", "capital")),
)
_OPEN_FAMILIES = frozenset(("other", "none"))
_OUTLET = re.compile(r"\s+[|–—-]\s+[^|–—-]{2,40}$")
_WORD = re.compile(r"[^\W_]+")
_FILLERS = frozenset(("a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "its", "of", "on", "the", "to"))


@dataclass(frozen=True, slots=True)
class EventTrace:
    """The marks by which an event is recognized. ``kind`` is None and ``headline`` empty in older records."""

    alert_id: str
    story_id: str
    entity_id: str
    entity_name: str
    kind: EventKind | None
    headline: str
    item_ids: frozenset[str]
    at: datetime


def trace_of_alert(alert: Alert) -> EventTrace:
    """Return the marks of the event of ``alert``."""
    return EventTrace(
        alert_id=alert.id,
        story_id=alert.story_id,
        entity_id=alert.entity_id,
        entity_name=alert.entity_name,
        kind=alert.kind,
        headline=alert.headline,
        item_ids=frozenset(item.item_id for item in alert.evidence),
        at=alert.raised_at,
    )


def trace_of_story(story: DraftedStory) -> EventTrace:
    """Return the marks of the event that was drafted as ``story``."""
    return EventTrace(
        alert_id=story.alert_id,
        story_id=story.story_id,
        entity_id=story.entity_id,
        entity_name=story.entity_name,
        kind=story.kind,
        headline=story.headline,
        item_ids=frozenset(story.item_ids),
        at=story.drafted_at,
    )


def is_same_event(alert: Alert, earlier: EventTrace) -> bool:
    """Return whether ``alert`` is about the event that left ``earlier``.

    For the same watched name, the matcher's stories count, and an item that both rest on. One headline may give the
    prices of two holdings; each of them is an event of its own.
    """
    mine = trace_of_alert(alert)
    linked = (
        alert.earlier_alert_id == earlier.alert_id
        or mine.story_id == earlier.story_id
        or not mine.item_ids.isdisjoint(earlier.item_ids)
    )
    if mine.entity_id == earlier.entity_id:
        return linked
    if not _compatible(mine.kind, earlier.kind):
        return False
    return linked or _says_the_same(mine, earlier)


def _compatible(kind: EventKind | None, other: EventKind | None) -> bool:
    """Return whether one event may be read as both kinds for two names."""
    if "share_move" in (kind, other):
        return False
    if kind is None or other is None:
        return True
    families = {FAMILY_OF[kind], FAMILY_OF[other]}
    return (
        len(families) == 1
        or not families.isdisjoint(_OPEN_FAMILIES)
        or any(families <= related for related in _RELATED)
    )


def _says_the_same(mine: EventTrace, other: EventTrace) -> bool:
    """Return whether the headlines are nearly equal, with the same figures and the same of the two names."""
    if abs(mine.at - other.at) > HEADLINE_WINDOW:
        return False
    words, others = _words(mine.headline), _words(other.headline)
    shared = words & others
    if len(shared) < HEADLINE_WORDS or len(shared) < HEADLINE_SHARE * len(words | others):
        return False
    if any(any(character.isdigit() for character in word) for word in words ^ others):
        return False
    names = (_words(mine.entity_name), _words(other.entity_name))
    return all((name <= words) == (name <= others) for name in names)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(_OUTLET.sub("", text).casefold())) - _FILLERS
