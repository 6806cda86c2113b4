"""A table with a log of attempts, on which each kind of queue works, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, Engine, ForeignKey, Integer, MetaData, String, Table, Text, insert, select

from services.common.db import UtcDateTime, reading
from services.common.queue.backoff import Schedule
from services.common.queue.outcome import Outcome
from services.common.queue.work import Attempt, Finished, Mode, WorkQueue
from tests.fakes import FakeClock

__all__ = ["BUSY", "DELIVERED", "NOW", "QueueWorld"]

NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)
DELIVERED = Outcome("delivered", "it was taken")
BUSY = Outcome("retry", "it is busy")

_metadata = MetaData()
_work = Table(
    "queue_test_work",
    _metadata,
    Column("id", String(20), primary_key=True),
    Column("status", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcDateTime),
    Column("last_error", Text),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("note", Text),
)
_attempts = Table(
    "queue_test_attempts",
    _metadata,
    Column("delivery_id", String(20), ForeignKey("queue_test_work.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", String(10)),
    Column("detail", Text),
)


@dataclass
class QueueWorld:
    """A queue with a schedule of three attempts (at once, after a minute, after an hour), and a clock set by hand."""

    engine: Engine
    queue: WorkQueue
    clock: FakeClock

    @classmethod
    def on(cls, engine: Engine, mode: Mode) -> QueueWorld:
        _metadata.create_all(engine)
        return cls(engine, WorkQueue(_work, mode, Schedule((0, 60, 3_600)), log=_attempts), FakeClock(NOW))

    def add(self, *ids: str, at: datetime = NOW) -> None:
        rows = [
            {"id": id, "status": "pending", "attempts": 0, "next_attempt_at": at, "changed_at": at, "note": None}
            for id in ids
        ]
        with self.engine.begin() as connection:
            connection.execute(insert(_work), rows)

    def claim(self, *ids: str) -> list[Attempt]:
        with self.engine.begin() as connection:
            rows = self.queue.claim(connection, ids, self.clock.now())
        return sorted((Attempt(row["id"], row["attempts"]) for row in rows), key=lambda attempt: attempt.id)

    def finish(self, attempt: Attempt, outcome: Outcome, **values: Any) -> list[str]:
        """Finish an attempt; return the new status, or nothing if it no longer applied."""
        with self.engine.begin() as connection:
            settled = self.queue.finish(connection, [Finished(attempt, outcome, values)], self.clock.now())
        return [work.status for work in settled]

    def recover(self, began_before: datetime) -> list[str]:
        """Recover; return the ids."""
        with self.engine.begin() as connection:
            return [work.id for work in self.queue.recover(connection, self.clock.now(), began_before)]

    def due(self) -> list[str]:
        with reading(self.engine) as connection:
            return list(self.queue.due(connection, self.clock.now()))

    def row(self, id: str) -> Mapping[str, Any]:
        with reading(self.engine) as connection:
            return dict(connection.execute(select(_work).where(_work.c.id == id)).mappings().one())

    def outcomes(self, id: str) -> list[str | None]:
        """Return how each attempt ended, as the log has it."""
        query = select(_attempts.c.outcome).where(_attempts.c.delivery_id == id).order_by(_attempts.c.number)
        with reading(self.engine) as connection:
            return list(connection.execute(query).scalars())
