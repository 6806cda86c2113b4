"""Expires drafts that nobody decided on before their deadline, so that the inbox holds what can still be sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from schemas.base import content_id, event
from schemas.drafts import DraftExpired
from services.common.clock import Clock
from services.common.db import exclusive, reading, try_briefly
from services.common.logs import get_logger
from services.common.processing import AnyEvent, EventPublisher
from services.common.queue.loop import poll
from services.notifier import lifecycle
from services.notifier.lifecycle import DECIDABLE
from services.notifier.tables import drafts

__all__ = ["DraftExpirer", "nothing_expires"]

log = get_logger(__name__)

POLL_SECONDS = 5.0
#: The most drafts that one transaction expires.
BATCH = 200
LOCK = "expiry"


class DraftExpirer:
    """Expires drafts at their deadline. Several of these on one database expire each draft once."""

    def __init__(self, engine: Engine, publisher: EventPublisher, clock: Clock) -> None:
        self._engine = engine
        self._publisher = publisher
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Expire what is due until ``stop`` is set."""
        await poll(self._round, stop, name="expiry", every_seconds=POLL_SECONDS)

    def expire_due(self) -> int:
        """Expire the drafts whose deadline has passed; return how many.

        Leaves them to the next round while another process expires them, or while :func:`nothing_expires`.
        """
        now, count = self._clock.now(), 0
        while due := self._due(now):
            with self._engine.begin() as connection:
                if not try_briefly(connection, LOCK):
                    break
                events = _expire(connection, due, now)
                self._publisher.publish(connection, events)
            count += len(events)
        if count:
            log.info("Drafts have expired.", action="drafts.expired", count=count)
        return count

    async def _round(self) -> None:
        await asyncio.to_thread(self.expire_due)

    def _due(self, now: datetime) -> list[str]:
        """Return drafts that are due. A correction never is: what was told and is false is put right late."""
        query = (
            select(drafts.c.id)
            .where(drafts.c.state.in_(DECIDABLE), drafts.c.deadline_at <= now, drafts.c.verdict != "correct")
            .order_by(drafts.c.deadline_at, drafts.c.id)
            .limit(BATCH)
        )
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())


@contextmanager
def nothing_expires(engine: Engine) -> Iterator[None]:
    """Keep all processes from expiring drafts of this PostgreSQL database: while news of past days is played into it.

    Its drafts are past their deadlines by the workers' clocks as soon as they are written.
    """
    with engine.begin() as connection:
        exclusive(connection, LOCK)
        yield


def _expire(connection: Connection, due: list[str], now: datetime) -> list[AnyEvent]:
    """Expire those of the drafts ``due`` that still wait; return the events about them."""
    which = drafts.c.id.in_(due) & (drafts.c.deadline_at <= now)
    expired = lifecycle.change_where(connection, which, "expire", "time", now)
    columns = (drafts.c.id, drafts.c.alert_id, drafts.c.client_id, drafts.c.deadline_at)
    rows = connection.execute(select(*columns).where(drafts.c.id.in_(expired)).order_by(drafts.c.id))
    return [
        event(
            DraftExpired(draft_id=row.id, alert_id=row.alert_id, client_id=row.client_id, deadline_at=row.deadline_at),
            key=row.client_id,
            id=content_id("evt", "draft.expired", row.id, row.deadline_at.isoformat()),
            source="firstword/notifier",
            time=now,
        )
        for row in rows
    ]
