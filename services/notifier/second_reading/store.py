"""Second readings: a queue of items to be read again, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, and_, delete, or_, select

from schemas.base import content_id
from schemas.readings import Reading, ReadingField, SecondReading
from services.common.db import upsert
from services.common.queue.backoff import Schedule
from services.common.queue.outcome import Outcome
from services.common.queue.work import Attempt, Finished, Statuses, WorkQueue
from services.notifier import model_answers
from services.notifier.second_reading.question import Passage
from services.notifier.second_reading.tables import second_readings

__all__ = [
    "QUEUE",
    "ClaimedReading",
    "DisputedReading",
    "Status",
    "claim",
    "decline",
    "due",
    "finish",
    "prune",
    "queue",
    "retry",
    "reviews_of",
]

#: reviewed: there is a valid answer · declined: the answer was not valid · failed: none came.
Status = Literal["waiting", "asking", "reviewed", "declined", "failed"]
#: Three attempts; how long to wait before each depends on the model, not on the item.
QUEUE = WorkQueue(
    second_readings,
    "at_least_once",
    Schedule((0, 0, 0)),
    statuses=Statuses(pending="waiting", running="asking", done="reviewed"),
    cut_off=Outcome("unknown", "Firstword stopped before the model answered."),
)
#: Later than this, a second reading is of no use: the account manager has decided.
FRESH = timedelta(hours=6)
KEEP = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ClaimedReading:
    """An item that only this worker asks about now."""

    attempt: Attempt
    entity_id: str
    revision: int
    passage: Passage
    reading: Reading


@dataclass(frozen=True, slots=True)
class DisputedReading:
    """An item that readers disagree about: the first reading, the second, and the fields that they dispute."""

    entity_id: str
    item_id: str
    title: str
    first: Reading
    second: SecondReading
    disputes: tuple[ReadingField, ...]


def queue(connection: Connection, revision: int, passage: Passage, reading: Reading, at: datetime) -> None:
    """Queue an item for a second reading; one that is queued already stays as it is."""
    row = {
        "id": content_id("sec", reading.entity_id, reading.item_id, revision),
        "entity_id": reading.entity_id,
        "item_id": reading.item_id,
        "revision": revision,
        "status": QUEUE.statuses.pending,
        "question": passage.model_dump(),
        "reading": reading.model_dump(mode="json"),
        "tell_score": reading.tell_score,
        "attempts": 0,
        "next_attempt_at": at,
        "seen_at": at,
        "changed_at": at,
    }
    upsert(connection, second_readings, [row], ["id"], update=())


def due(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Return the ids of items to ask about, those most likely to be told first; what is old is left alone."""
    c = second_readings.c
    query = select(c.id).where(QUEUE.is_due(now), c.seen_at > now - FRESH)
    return list(connection.execute(query.order_by(c.tell_score.desc(), c.seen_at, c.id).limit(limit)).scalars())


def claim(connection: Connection, id: str, now: datetime) -> ClaimedReading | None:
    """Begin asking about an item; return None if another worker does."""
    row = QUEUE.claim_one(connection, id, now)
    if row is None:
        return None
    return ClaimedReading(
        Attempt(id, row["attempts"]),
        row["entity_id"],
        row["revision"],
        Passage.model_validate(row["question"]),
        Reading.model_validate(row["reading"]),
    )


def finish(
    connection: Connection, attempt: Attempt, second: SecondReading, disputes: Sequence[ReadingField], now: datetime
) -> bool:
    """Record a second reading; return False if the attempt no longer applies, because another one has begun."""
    values: dict[str, Any] = {"second": second.model_dump(mode="json"), "disputes": list(disputes)}
    return bool(QUEUE.finish(connection, [Finished(attempt, Outcome("delivered", ""), values)], now))


def decline(connection: Connection, attempt: Attempt, detail: str, now: datetime) -> None:
    """Record that the answer was not valid; the first reading stands."""
    QUEUE.finish(connection, [Finished(attempt, Outcome("rejected", detail), {"status": "declined"})], now)


def retry(connection: Connection, attempt: Attempt, detail: str, wait: timedelta | None, now: datetime) -> None:
    """Record that no answer came; ask again after ``wait``, unless it is None or this was the last attempt."""
    outcome = Outcome("rejected", detail) if wait is None else Outcome("retry", detail, wait.total_seconds())
    QUEUE.finish(connection, [Finished(attempt, outcome)], now)


def reviews_of(connection: Connection, item_ids: Collection[str], entity_ids: Collection[str]) -> list[DisputedReading]:
    """Return the reviews of these items for these watched names in which the readers disagree, oldest first.

    Of an item that was revised, only the latest review counts.
    """
    c = second_readings.c
    query = select(second_readings).where(
        c.item_id.in_(item_ids), c.entity_id.in_(entity_ids), c.status == QUEUE.statuses.done
    )
    rows = connection.execute(query.order_by(c.revision, c.changed_at, c.id)).mappings()
    latest = {(row["entity_id"], row["item_id"]): row for row in rows}
    return [
        DisputedReading(
            row["entity_id"],
            row["item_id"],
            row["question"]["title"],
            Reading.model_validate(row["reading"]),
            SecondReading.model_validate(row["second"]),
            tuple(row["disputes"]),
        )
        for row in latest.values()
        if row["disputes"]
    ]


def prune(connection: Connection, now: datetime) -> int:
    """Drop second readings and answers older than a month, and what waits for too long; return how many."""
    c = second_readings.c
    late = and_(c.status == QUEUE.statuses.pending, c.seen_at <= now - FRESH)
    old = delete(second_readings).where(or_(c.changed_at < now - KEEP, late))
    return connection.execute(old).rowcount + model_answers.prune(connection, "reading", now - KEEP)
