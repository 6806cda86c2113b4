"""Says what the book agrees on regular contact, so that its clocks run for clients of whom no news ever came.

The drafting processor looks at a client when something happens to them. To one who is only in the book nothing does,
so this says so once for each change of theirs. A crash after the commit repeats nothing: the event's id is made of
client and revision. Before it, nothing was said, and the next look says it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
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

__all__ = ["ContactClocks"]

log = get_logger(__name__)

#: A promise is reckoned in hours; within so long after a change of the book its clock runs.
LOOK_SECONDS = 30.0
#: In the stack the book reaches each worker by itself; whoever drafts should know a client before hearing of them.
SETTLED = timedelta(seconds=5)
BATCH = 500


class ContactClocks:
    """Publishes :class:`ContactAgreed` for each client with an agreement, at each change of theirs."""

    def __init__(self, engine: Engine, publisher: EventPublisher, clock: Clock) -> None:
        self._engine = engine
        self._publisher = publisher
        self._clock = clock
        self._seen: dict[str, int] = {}
        self._timed: set[str] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Look every so often until ``stop`` is set."""
        while not stop.is_set():
            try:
                await asyncio.to_thread(self.look)
            except OperationalError as error:  # the database is busy or away: nothing is lost, look again
                log.warning(
                    "The database is unavailable.",
                    action="database.unavailable",
                    component="agreements",
                    error=str(error.orig),
                )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)

    def look(self) -> int:
        """Say what is new; returns for how many clients that was."""
        count = 0
        for some in _batches(self._changed()):
            with reading(self._engine) as connection:
                query = select(clients.c.payload).where(clients.c.id.in_(some), clients.c.removed.is_(False))
                books = [ClientChanged.model_validate(stored) for stored in connection.execute(query).scalars()]
            agreed = [book for book in books if _has_agreement(book) or book.client.id in self._timed]
            with self._engine.begin() as connection:
                count += self._publisher.publish(connection, [self._agreed(book) for book in agreed])
            for book in books:
                self._seen[book.client.id] = book.revision
                (self._timed.add if _has_agreement(book) else self._timed.discard)(book.client.id)
        return count

    def _changed(self) -> list[str]:
        """Clients whose newest state was not looked at yet, by id."""
        settled = clients.c.changed_at <= self._clock.now() - SETTLED
        query = select(clients.c.id, clients.c.revision).where(clients.c.removed.is_(False), settled)
        with reading(self._engine) as connection:
            return [row.id for row in connection.execute(query.order_by(clients.c.id)) if self._is_new(*row)]

    def _is_new(self, client_id: str, revision: int) -> bool:
        return self._seen.get(client_id) != revision

    def _agreed(self, book: ClientChanged) -> AnyEvent:
        client = book.client
        agreed = ContactAgreed(
            client_id=client.id,
            cadence=client.contact.cadence,
            max_silence_days=client.contact.max_silence_days,
            revision=book.revision,
        )
        identity = content_id("evt", "contact.agreed", client.id, book.revision)
        return event(agreed, key=client.id, id=identity, source="firstword/notifier", time=self._clock.now())


def _has_agreement(book: ClientChanged) -> bool:
    contact = book.client.contact
    return contact.cadence is not None or contact.max_silence_days is not None


def _batches(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
