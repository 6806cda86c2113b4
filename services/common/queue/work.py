"""The durable work queue: rows of a table that workers claim, attempt, finish, and recover after a crash.

Work is in the database before an attempt begins, and each attempt is recorded before and after. Every function here
runs in the caller's transaction. The tables belong to their services; a queue only needs to know their columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    RowMapping,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    insert,
    literal,
    select,
    update,
)

from services.common.queue.backoff import Schedule
from services.common.queue.outcome import CUT_OFF, Outcome

__all__ = ["Attempt", "Finished", "Mode", "Settled", "Statuses", "WorkQueue"]

#: The treatment of work whose outcome nobody knows. at_most_once: it becomes ``unknown``, and a person decides.
#: at_least_once: it is tried again, so the other side must recognize a repeat.
Mode = Literal["at_most_once", "at_least_once"]


@dataclass(frozen=True, slots=True)
class Statuses:
    """A table's names for the statuses of its work. Only ``pending`` work that has a next attempt is due."""

    pending: str = "pending"
    running: str = "sending"
    done: str = "delivered"
    failed: str = "failed"
    unknown: str = "unknown"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, identified by the id of its work and its number (from 1)."""

    id: str
    number: int


@dataclass(frozen=True, slots=True)
class Finished:
    """An attempt that ended. ``values`` and ``log_values`` are written with it, and take precedence."""

    attempt: Attempt
    outcome: Outcome
    values: Mapping[str, Any] = field(default_factory=dict)
    log_values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settled:
    """The state of work after an attempt."""

    id: str
    status: str
    next_attempt_at: datetime | None
    last_error: str | None


class WorkQueue:
    """A queue over ``table``, which has the columns status, attempts, next_attempt_at, last_error and changed_at.

    ``id_column`` identifies work. ``attempts_before``, if the table has such a column, holds the number of attempts
    made before the schedule last restarted. ``log`` is a table with one row for each attempt (delivery_id, number,
    began_at, ended_at, outcome, detail). ``cut_off`` is the outcome of an attempt that a crash interrupted.
    """

    def __init__(
        self,
        table: Table,
        mode: Mode,
        schedule: Schedule,
        *,
        id_column: str = "id",
        statuses: Statuses | None = None,
        attempts_before: str | None = None,
        log: Table | None = None,
        cut_off: Outcome = CUT_OFF,
    ) -> None:
        self.table = table
        self.mode = mode
        self.schedule = schedule
        self.statuses = statuses or Statuses()
        self._id = table.c[id_column]
        self._attempts_before = None if attempts_before is None else table.c[attempts_before]
        self._log = log
        self._cut_off = cut_off

    def is_due(self, now: datetime) -> ColumnElement[bool]:
        """Return the condition that work may be claimed at ``now``."""
        return and_(self.table.c.status == self.statuses.pending, self.table.c.next_attempt_at <= now)

    def due(self, connection: Connection, now: datetime, limit: int | None = None) -> Sequence[str]:
        """Return the ids of work that is due, the longest overdue first."""
        query = select(self._id).where(self.is_due(now)).order_by(self.table.c.next_attempt_at, self._id)
        return connection.execute(query.limit(limit)).scalars().all()

    def claim(self, connection: Connection, ids: Sequence[str], now: datetime) -> Sequence[RowMapping]:
        """Begin an attempt at each of ``ids`` that is still due; return their rows.

        When several workers claim the same work, only one gets its row.
        """
        c = self.table.c
        statement = (
            update(self.table)
            .where(self._id.in_(ids), self.is_due(now))
            .values(status=self.statuses.running, attempts=c.attempts + 1, next_attempt_at=None, changed_at=now)
            .returning(self.table)
        )
        rows = connection.execute(statement).mappings().all()
        if self._log is not None and rows:
            begun = [{"delivery_id": row[self._id], "number": row["attempts"], "began_at": now} for row in rows]
            connection.execute(insert(self._log), begun)
        return rows

    def claim_one(self, connection: Connection, id: str, now: datetime) -> RowMapping | None:
        """Begin an attempt at ``id``; return its row, or None if it is no longer due."""
        rows = self.claim(connection, [id], now)
        return rows[0] if rows else None

    def settle(self, id: str, attempt: int, outcome: Outcome, now: datetime) -> Settled:
        """Decide what follows from ``outcome`` of attempt number ``attempt`` of the schedule (pure)."""
        if outcome.kind == "delivered":
            return Settled(id, self.statuses.done, None, None)
        if outcome.kind == "unknown" and self.mode == "at_most_once":
            return Settled(id, self.statuses.unknown, None, outcome.detail)
        next_attempt_at = None
        if outcome.kind != "rejected":
            next_attempt_at = self.schedule.next_attempt(id, attempt, now, outcome.retry_after_seconds)
        status = self.statuses.failed if next_attempt_at is None else self.statuses.pending
        return Settled(id, status, next_attempt_at, outcome.detail)

    def finish(self, connection: Connection, finished: Sequence[Finished], now: datetime) -> Sequence[Settled]:
        """Record how attempts ended; return the new state of the work that they still applied to.

        An attempt no longer applies once a person has decided about the work, or it was recovered. With
        ``at_least_once`` an outcome that comes after the recovery still counts, unless the next attempt has begun. The
        log gets the outcome in any case. All of ``finished`` name the same additional columns.
        """
        if not finished:
            return ()
        open_statuses = {self.statuses.running}
        if self.mode == "at_least_once":
            open_statuses.add(self.statuses.pending)
        ids = [end.attempt.id for end in finished]
        query = self._states().where(self._id.in_(ids)).with_for_update()
        rows = {row.id: row for row in connection.execute(query) if row.status in open_statuses}
        self._log_ends(connection, finished, now)
        current = [
            (rows[end.attempt.id], end)
            for end in finished
            if end.attempt.id in rows and rows[end.attempt.id].attempts == end.attempt.number
        ]
        return self._write(connection, current, now)

    def stuck(self, connection: Connection, began_before: datetime) -> bool:
        """Return whether :meth:`recover` has anything to do."""
        return connection.execute(select(self._id).where(self._is_stuck(began_before)).limit(1)).first() is not None

    def recover(self, connection: Connection, now: datetime, began_before: datetime) -> Sequence[Settled]:
        """End the attempts that began before ``began_before`` and never ended, as the mode says."""
        query = self._states().where(self._is_stuck(began_before)).with_for_update(skip_locked=True)
        rows = connection.execute(query).all()
        cut_off = [(row, Finished(Attempt(row.id, row.attempts), self._cut_off)) for row in rows]
        self._log_ends(connection, [end for _, end in cut_off], now)
        return self._write(connection, cut_off, now)

    def _is_stuck(self, began_before: datetime) -> ColumnElement[bool]:
        return and_(self.table.c.status == self.statuses.running, self.table.c.changed_at <= began_before)

    def _states(self) -> Select[Any]:
        c = self.table.c
        before = literal(0) if self._attempts_before is None else self._attempts_before
        query = select(self._id.label("id"), c.status, c.attempts, before.label("attempts_before"))
        return query.order_by(self._id)

    def _write(
        self, connection: Connection, ends: Sequence[tuple[Row[Any], Finished]], now: datetime
    ) -> Sequence[Settled]:
        if not ends:
            return ()
        written = []
        for row, end in sorted(ends, key=lambda pair: pair[1].attempt.id):
            settled = self.settle(row.id, row.attempts - row.attempts_before, end.outcome, now)
            values = {
                "status": settled.status,
                "next_attempt_at": settled.next_attempt_at,
                "last_error": settled.last_error,
                "changed_at": now,
            }
            written.append((end.attempt.id, values | dict(end.values)))
        names = tuple(sorted(written[0][1]))
        rows = [{"key_0": id} | {f"new_{name}": values[name] for name in names} for id, values in written]
        connection.execute(_update_by_key(self.table, (self._id.name,), names), rows)
        state = ("status", "next_attempt_at", "last_error")
        return [Settled(id, *(values[name] for name in state)) for id, values in written]

    def _log_ends(self, connection: Connection, finished: Sequence[Finished], now: datetime) -> None:
        if self._log is None or not finished:
            return
        ends = [
            {"ended_at": now, "outcome": end.outcome.kind, "detail": end.outcome.detail} | dict(end.log_values)
            for end in finished
        ]
        names = tuple(sorted(ends[0]))
        rows = [
            {"key_0": end.attempt.id, "key_1": end.attempt.number} | {f"new_{name}": values[name] for name in names}
            for end, values in zip(finished, ends, strict=True)
        ]
        connection.execute(_update_by_key(self._log, ("delivery_id", "number"), names), rows)


@cache
def _update_by_key(table: Table, keys: tuple[str, ...], names: tuple[str, ...]) -> Update:
    """Return a statement for many rows; their parameters are ``key_0`` …, and ``new_`` with each of ``names``."""
    found = (table.c[key] == bindparam(f"key_{number}") for number, key in enumerate(keys))
    return (
        update(table).where(*found).values({name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names})
    )
