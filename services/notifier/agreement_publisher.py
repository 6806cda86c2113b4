"""Publishes the contact agreements of the client book, so that deadlines run for clients without any news too.

The drafting processor looks at a client when an event about them arrives. For a client who is only in the book there is
none, so this publishes one for each change of the book. It is safe against crashes: a change that was published is not
published again, because the event id consists of client and revision; one that was not is found in the next round.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError

from schemas.base import content_id, event
from schemas.clients import ClientChanged
from schemas.interactions import ContactAgreed
from services.common.clock import Clock
from services.common.db import reading
from services.common.logs import get_logger
from services.common.processing import AnyEvent, EventPublisher
from services.notifier.tables import clients

__all__ = ["AgreementPublisher"]

log = get_logger(__name__)

#: Deadlines are counted in hours; this is the longest delay after a change of the book.
POLL_SECONDS = 30.0
#: In the stack, each worker receives the book by itself; the drafting one should know a client before this event.
SETTLE = timedelta(seconds=5)
BATCH = 500


class AgreementPublisher:
    """Publishes :class:`ContactAgreed` for each client with an agreement, at each change of the client."""

    def __init__(self, engine: Engine, publisher: EventPublisher, clock: Clock) -> None:
        self._engine = engine
        self._publisher = publisher
        self._clock = clock
        self._revisions: dict[str, int] = {}
        self._agreed: set[str] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Publish changes regularly until ``stop`` is set."""
        while not stop.is_set():
            try:
                await asyncio.to_thread(self.publish_changes)
            except OperationalError as error:  # the database is busy or unavailable: the next round repeats this one
                log.warning(
                    "The database is unavailable.",
                    action="database.unavailable",
                    component="agreements",
                    error=str(error.orig),
                )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), POLL_SECONDS)

    def publish_changes(self) -> int:
        """Publish the agreements that changed; return for how many clients."""
        count = 0
        changed = self._changed()
        for start in range(0, len(changed), BATCH):
            count += self._publish(changed[start : start + BATCH])
        return count

    def _changed(self) -> list[str]:
        """Return the ids of clients with a revision that was not examined yet."""
        settled = clients.c.changed_at <= self._clock.now() - SETTLE
        query = select(clients.c.id, clients.c.revision).where(clients.c.removed.is_(False), settled)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(clients.c.id)).all()
        return [row.id for row in rows if self._revisions.get(row.id) != row.revision]

    def _publish(self, client_ids: list[str]) -> int:
        with reading(self._engine) as connection:
            query = select(clients.c.payload).where(clients.c.id.in_(client_ids), clients.c.removed.is_(False))
            changes = [ClientChanged.model_validate(payload) for payload in connection.execute(query).scalars()]
        relevant = [change for change in changes if _has_agreement(change) or change.client.id in self._agreed]
        with self._engine.begin() as connection:
            count = self._publisher.publish(connection, [self._event(change) for change in relevant])
        for change in changes:
            self._revisions[change.client.id] = change.revision
            (self._agreed.add if _has_agreement(change) else self._agreed.discard)(change.client.id)
        return count

    def _event(self, change: ClientChanged) -> AnyEvent:
        client = change.client
        agreed = ContactAgreed(
            client_id=client.id,
            cadence=client.contact.cadence,
            max_silence_days=client.contact.max_silence_days,
            revision=change.revision,
        )
        identity = content_id("evt", "contact.agreed", client.id, change.revision)
        return event(agreed, key=client.id, id=identity, source="firstword/notifier", time=self._clock.now())


def _has_agreement(change: ClientChanged) -> bool:
    contact = change.client.contact
    return contact.cadence is not None or contact.max_silence_days is not None
