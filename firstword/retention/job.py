"""Removes what is older than its kind is kept, once a day, in small transactions.

Each kind has a row that says when its removal began, and counts in the transactions that remove; so several processes
on one database take turns, and one that was killed is taken up again. What was removed is in the audit log.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func, select, tuple_, update

from firstword.retention.kinds import KINDS, Kind, Part, Rows, retention_days
from firstword.storage.tables import retention_runs
from services.common.clock import Clock
from services.common.db import exclusive, upsert
from services.common.logs import get_logger
from services.common.processing import EventPublisher
from services.common.queue.loop import poll
from services.common.settings import Settings
from services.notifier import audit
from services.notifier.audit_seals import count_old_entries, remove_oldest_seal
from services.notifier.people.erasure import erase_client
from services.notifier.tables import clients

__all__ = ["BATCH", "KindStatus", "RetentionJob", "statuses"]

log = get_logger(__name__)

#: Rows of one table that one transaction removes, not counting the rows of other tables that go with them.
BATCH = 500
POLL_SECONDS = 600.0
EVERY = timedelta(days=1)
#: A removal that has not ended by then was interrupted.
LOST_AFTER = timedelta(hours=1)
#: Between two transactions, so that others who write need not wait long.
PAUSE_SECONDS = 0.05
#: Who removes, in the audit log.
USER_ID = "retention"


@dataclass(frozen=True, slots=True)
class KindStatus:
    """A kind of data with its days and the last removal. ``due`` are rows that are older."""

    kind: Kind
    days: int
    due: int
    began_at: datetime | None
    ended_at: datetime | None
    removed: int | None

    @property
    def is_short(self) -> bool:
        """True if it is kept for less than the law that is named asks of those whom it binds."""
        return self.kind.least_days is not None and self.days < self.kind.least_days


class RetentionJob:
    """Removes old data, each kind once a day. ``settings`` say for how many days, and whether nothing is removed now.

    Raises:
        BadInput: FIRSTWORD_RETENTION names an unknown kind, or days that are not possible.
    """

    def __init__(
        self,
        engine: Engine,
        publisher: EventPublisher,
        clock: Clock,
        settings: Settings,
        *,
        pause_seconds: float = PAUSE_SECONDS,
        batch: int = BATCH,
    ) -> None:
        self._engine = engine
        self._publisher = publisher
        self._clock = clock
        self._days = retention_days(settings.retention)
        self._on_hold = settings.retention_hold
        self._stopping = threading.Event()
        self._pause_seconds = pause_seconds
        self._batch = batch

    async def run(self, stop: asyncio.Event) -> None:
        """Remove until ``stop`` is set."""
        waiting = asyncio.create_task(self._pass_on(stop))
        try:
            await poll(lambda: asyncio.to_thread(self.remove_due), stop, name="retention", every_seconds=POLL_SECONDS)
        finally:
            waiting.cancel()

    def remove_due(self, *, at_once: bool = False) -> dict[str, int]:
        """Remove what is old of each kind that is due (``at_once``: of every kind); return rows by kind.

        While data is on hold, nothing is removed.
        """
        if self._on_hold:
            return {}
        removed: dict[str, int] = {}
        for kind in KINDS:
            if kind.is_carried_out_here and not self._stopping.is_set():
                count = self._remove(kind, at_once=at_once)
                if count is not None:
                    removed[kind.name] = count
        return removed

    async def _pass_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._stopping.set()

    def _remove(self, kind: Kind, *, at_once: bool) -> int | None:
        """Remove what is old of ``kind``; return the number of rows, or None if it is not due, or was interrupted."""
        now = self._clock.now()
        before = now - timedelta(days=self._days[kind.name])
        with self._engine.begin() as connection:
            if not _begin(connection, kind, before, now, at_once=at_once):
                return None
        total = 0
        for step in self._steps(kind, before):
            while True:
                with self._engine.begin() as connection:
                    count = step(connection)
                    if count:
                        counted = retention_runs.c.removed + count
                        row = retention_runs.c.kind == kind.name
                        connection.execute(update(retention_runs).where(row).values(removed=counted))
                total += count
                if count == 0:
                    break
                if self._stopping.wait(self._pause_seconds):
                    return None
        with self._engine.begin() as connection:
            _end(connection, kind, self._clock.now())
        if total:
            log.info("Old data was removed.", action="retention.removed", kind=kind.name, rows=total)
        return total

    def _steps(self, kind: Kind, before: datetime) -> Sequence[Callable[[Connection], int]]:
        """Return what removes a batch of the kind's rows each; each is repeated until it returns 0."""
        if kind.name == "audit":
            return [lambda connection: remove_oldest_seal(connection, before, self._clock.now(), USER_ID)]
        if kind.name == "former_clients":
            return [lambda connection: self._erase_former_client(connection, before)]
        return [_step(rows, before, self._batch) for rows in kind.rows]

    def _erase_former_client(self, connection: Connection, before: datetime) -> int:
        query = select(clients.c.id).where(_is_former(before)).order_by(clients.c.id).limit(1)
        client_id = connection.execute(query).scalar()
        if client_id is None:
            return 0
        return erase_client(connection, self._publisher, client_id, USER_ID, self._clock.now()).total()


def statuses(connection: Connection, settings: Settings, now: datetime) -> list[KindStatus]:
    """Return each kind with its last removal, and with how much is due."""
    days = retention_days(settings.retention)
    runs = {row["kind"]: row for row in connection.execute(select(retention_runs)).mappings()}
    found = []
    for kind in KINDS:
        run = runs.get(kind.name)
        found.append(
            KindStatus(
                kind,
                days[kind.name],
                _count_due(connection, kind, now - timedelta(days=days[kind.name])),
                run["began_at"] if run is not None else None,
                run["ended_at"] if run is not None else None,
                run["removed"] if run is not None else None,
            )
        )
    return found


def _begin(connection: Connection, kind: Kind, before: datetime, now: datetime, *, at_once: bool) -> bool:
    """Claim the removal of ``kind``; False if it is not due, or another process is at it."""
    exclusive(connection, "retention")
    last = connection.execute(select(retention_runs).where(retention_runs.c.kind == kind.name)).mappings().first()
    if last is not None:
        running = last["ended_at"] is None
        if now - last["began_at"] < (LOST_AFTER if running else EVERY) and (running or not at_once):
            return False
        if running and last["removed"]:
            _record(connection, kind, last["removed"], last["before"], now, " (interrupted)")
    row = {"kind": kind.name, "began_at": now, "before": before, "removed": 0, "ended_at": None}
    upsert(connection, retention_runs, [row], ("kind",))
    return True


def _end(connection: Connection, kind: Kind, now: datetime) -> None:
    row = connection.execute(select(retention_runs).where(retention_runs.c.kind == kind.name)).mappings().one()
    connection.execute(update(retention_runs).where(retention_runs.c.kind == kind.name).values(ended_at=now))
    if row["removed"]:
        _record(connection, kind, row["removed"], row["before"], now)


def _record(connection: Connection, kind: Kind, count: int, before: datetime, now: datetime, more: str = "") -> None:
    detail = f"{count:,} {'row' if count == 1 else 'rows'} from before {before:%Y-%m-%d}{more}"
    audit.record(connection, now, USER_ID, "retention.removed", kind.name, detail=detail)


def _step(rows: Rows, before: datetime, batch: int) -> Callable[[Connection], int]:
    key = tuple(rows.table.primary_key.columns)

    def remove(connection: Connection) -> int:
        query = select(*key).where(rows.at < before, rows.only).limit(batch)
        found = [tuple(row) for row in connection.execute(query)]
        if not found:
            return 0
        ids = [row[0] for row in found]
        count = sum(_remove_part(connection, part, ids) for part in rows.parts)
        chosen = key[0].in_(ids) if len(key) == 1 else tuple_(*key).in_(found)
        return count + connection.execute(delete(rows.table).where(chosen)).rowcount

    return remove


def _remove_part(connection: Connection, part: Part, ids: Sequence[Any]) -> int:
    table, count = part.column.table, 0
    chosen = and_(part.column.in_(ids), part.only)
    if part.key is not None:
        found = connection.execute(select(part.key).where(chosen)).scalars().all()
        for start in range(0, len(found), BATCH):
            count += sum(_remove_part(connection, deeper, found[start : start + BATCH]) for deeper in part.parts)
    return count + connection.execute(delete(table).where(chosen)).rowcount


def _count_due(connection: Connection, kind: Kind, before: datetime) -> int:
    if kind.name == "audit":
        return count_old_entries(connection, before)
    if kind.name == "former_clients":
        return int(connection.scalar(select(func.count()).select_from(clients).where(_is_former(before))) or 0)
    queries = (select(func.count()).select_from(rows.table).where(rows.at < before, rows.only) for rows in kind.rows)
    return sum(int(connection.scalar(query) or 0) for query in queries)


def _is_former(before: datetime) -> ColumnElement[bool]:
    return and_(clients.c.removed.is_(True), clients.c.changed_at < before)
