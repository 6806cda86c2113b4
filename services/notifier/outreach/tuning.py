"""Derives a client's thresholds from the feedback on their drafts: small steps, within bounds that are shown. Pure.

Only feedback about the client's interests moves a threshold. That a fact was wrong, or that a
message came too late, concerns sources and feeds; it is counted and moves nothing here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeGuard

from schemas.interactions import EntityShift, Feedback
from services.notifier.outreach.record import DraftFeedback

__all__ = ["BOUNDS", "ENTITY_BOUNDS", "MEMORY", "Tuning", "is_feedback", "tune"]

#: Change of the relevance needed for all news, and for news on the same watched entity, by kind of feedback.
STEPS: dict[Feedback, tuple[float, float]] = {
    "useful": (-0.01, -0.02),
    "not_useful": (0.01, 0.03),
    "too_many": (0.03, 0.0),
    "wrong_client": (0.0, 0.05),
    "wrong_fact": (0.0, 0.0),
    "too_late": (0.0, 0.0),
}
#: Relevance is 0–1, and 0.4 is needed by default: no feedback silences the gravest news, or lets in mere mentions.
BOUNDS = (-0.1, 0.2)
ENTITY_BOUNDS = (-0.1, 0.3)
#: Interests change, so older feedback does not count.
MEMORY = timedelta(days=180)
_LABELS: dict[Feedback, str] = {
    "useful": "useful",
    "not_useful": "not useful",
    "too_many": "one too many",
    "wrong_client": "not for this client",
    "wrong_fact": "wrong in a fact",
    "too_late": "too late",
}


@dataclass(frozen=True, slots=True)
class Tuning:
    """``shift`` is added to the relevance needed for all news, an entity's own shift to that for news on it."""

    shift: float = 0.0
    entities: tuple[EntityShift, ...] = ()
    why: tuple[str, ...] = ()


def is_feedback(reason: str) -> TypeGuard[Feedback]:
    """Return whether a reason for dismissing a draft is feedback as well."""
    return reason in STEPS


def tune(given: Sequence[DraftFeedback], now: datetime) -> Tuning:
    """Return the sum of the feedback of the last half year. Its order does not matter."""
    recent = [entry for entry in given if entry.at > now - MEMORY]
    counts = Counter(entry.feedback for entry in recent)
    shift = _within(sum(STEPS[entry.feedback][0] for entry in recent), BOUNDS)
    totals: dict[str, float] = {}
    for entry in recent:
        totals[entry.entity_id] = totals.get(entry.entity_id, 0.0) + STEPS[entry.feedback][1]
    bounded = {entity_id: _within(total, ENTITY_BOUNDS) for entity_id, total in sorted(totals.items())}
    entities = tuple(EntityShift(entity_id=entity_id, shift=total) for entity_id, total in bounded.items() if total)
    why = tuple(_sentence(kind, counts[kind]) for kind in STEPS if counts[kind])
    return Tuning(shift, entities, why)


def _within(total: float, bounds: tuple[float, float]) -> float:
    return round(max(bounds[0], min(bounds[1], total)), 3)


def _sentence(kind: Feedback, count: int) -> str:
    were = "message was" if count == 1 else "messages were"
    change = sum(STEPS[kind])
    effect = "raises the threshold" if change > 0 else "lowers the threshold" if change < 0 else "no effect"
    return f"{count} {were} {_LABELS[kind]}: {effect}."
