"""The value of telling a client about an alert, by which alerts compete for the client's weekly messages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from schemas.alerts import Alert, InformationGrade
from schemas.readings import Firmness

__all__ = ["is_better", "is_large", "value_of"]

_SIZE = {"minor": 0.4, "moderate": 0.7, "major": 1.0}
_URGENCY = {"low": 0.6, "normal": 0.8, "high": 1.0, "urgent": 1.3}
#: Unconfirmed news is worth less, since it may turn out to be nothing.
_GRADE: Mapping[InformationGrade, float] = {1: 1.0, 2: 0.9, 3: 0.6, 4: 0.4, 5: 0.2, 6: 0.3}
#: News is worth half as much after this time, but never less than :data:`OLD` of its value.
HALF_LIFE = timedelta(days=2)
OLD = 0.25
#: The draft on an event is written anew on an alert that is this many times as valuable as the one it was written on.
LEADS = 1.05
#: Of two stories of one watch, the other one must be this many times as valuable: a larger event, not one more report.
OTHER_STORY_LEADS = 1.2
_OPEN: frozenset[Firmness] = frozenset(("plan", "forecast", "rumor"))
#: An event that is not major is large only if it concerns the client this much (0–1).
LARGE_RELEVANCE = 0.75


def value_of(alert: Alert, now: datetime) -> float:
    """Return relevance × size × urgency × information grade × freshness: from 0 to 1.3 for the most urgent."""
    return (
        alert.relevance
        * _SIZE[alert.size]
        * _URGENCY[alert.urgency]
        * _GRADE[alert.information_grade]
        * _freshness(alert, now)
    )


def is_large(alert: Alert) -> bool:
    """Return whether the event is worth a message without an opinion."""
    return alert.size == "major" or (alert.size == "moderate" and alert.relevance >= LARGE_RELEVANCE)


def is_better(alert: Alert, known: Alert, now: datetime) -> bool:
    """Return whether a message on an event should be written on ``alert`` rather than on the ``known`` one.

    Of two stories of one watch, what has happened is better than what is expected, and the later is not better for
    being later.
    """
    if alert.entity_id != known.entity_id:
        return value_of(alert, now) > LEADS * value_of(known, now)
    if _is_open(alert) != _is_open(known):
        return _is_open(known)
    return value_of(alert, alert.raised_at) > OTHER_STORY_LEADS * value_of(known, known.raised_at)


def _is_open(alert: Alert) -> bool:
    return alert.reading is not None and alert.reading.status in _OPEN


def _freshness(alert: Alert, now: datetime) -> float:
    """Return 1 for news of this moment, half of it for each half-life since its latest item or its alert."""
    dates = [item.published_at for item in alert.evidence if item.published_at is not None]
    age = max(timedelta(0), now - max(dates, default=alert.raised_at))
    halved: float = 0.5 ** (age / HALF_LIFE)
    return max(OLD, halved)
