"""What feedback does to a client's thresholds: small steps, within bounds that are shown. Pure.

Only what says something of the client's taste moves a threshold. That a fact was wrong, or the message too late, is
for those who look after sources and feeds; it is counted, and moves nothing here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.interactions import EntityShift, Feedback
from services.notifier.outreach.record import Opinion

__all__ = ["ABOUT_BOUNDS", "BOUNDS", "MEMORY", "Tuning", "tune"]

#: By how much each word on a message moves the relevance needed for all news, and for that of its watched thing.
STEPS: dict[Feedback, tuple[float, float]] = {
    "useful": (-0.01, -0.02),
    "not_useful": (0.01, 0.03),
    "too_many": (0.03, 0.0),
    "wrong_client": (0.0, 0.05),
    "wrong_fact": (0.0, 0.0),
    "too_late": (0.0, 0.0),
}
#: Relevance is 0–1, and 0.4 is needed as shipped: no feedback silences the gravest news, or lets in mere mentions.
BOUNDS = (-0.1, 0.2)
ABOUT_BOUNDS = (-0.1, 0.3)
#: People change; older words are forgotten.
MEMORY = timedelta(days=180)
_WORDS: dict[Feedback, str] = {
    "useful": "useful",
    "not_useful": "not useful",
    "too_many": "one too many",
    "wrong_client": "not for this client",
    "wrong_fact": "wrong in a fact",
    "too_late": "too late",
}


@dataclass(frozen=True, slots=True)
class Tuning:
    """``shift`` is added to the relevance needed for all news, an entity's own to that of the watched thing."""

    shift: float = 0.0
    entities: tuple[EntityShift, ...] = ()
    why: tuple[str, ...] = ()


def tune(opinions: Sequence[Opinion], now: datetime) -> Tuning:
    """What ``opinions`` of the last half year come to. Their order does not matter."""
    recent = [one for one in opinions if one.at > now - MEMORY]
    counts = Counter(one.feedback for one in recent)
    shift = _within(sum(STEPS[one.feedback][0] for one in recent), BOUNDS)
    about: dict[str, float] = {}
    for one in recent:
        about[one.entity_id] = about.get(one.entity_id, 0.0) + STEPS[one.feedback][1]
    bounded = {entity_id: _within(total, ABOUT_BOUNDS) for entity_id, total in sorted(about.items())}
    entities = tuple(EntityShift(entity_id=entity_id, shift=total) for entity_id, total in bounded.items() if total)
    why = tuple(_sentence(kind, counts[kind]) for kind in STEPS if counts[kind])
    return Tuning(shift, entities, why)


def _within(total: float, bounds: tuple[float, float]) -> float:
    return round(max(bounds[0], min(bounds[1], total)), 3)


def _sentence(kind: Feedback, count: int) -> str:
    were = "message was" if count == 1 else "messages were"
    step = STEPS[kind]
    moves = "this moves nothing" if step == (0.0, 0.0) else "raises what is needed" if sum(step) > 0 else "lowers it"
    return f"{count} {were} {_WORDS[kind]}: {moves}."
