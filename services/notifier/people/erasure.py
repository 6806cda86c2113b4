"""Erases the data on a client, and what events that were under way still bring afterwards.

The draft writer forgets its record of the client by the event; the event log deletes the client's events itself. Kafka
keeps them until their topics' retention ends; a removed client's entry in the book is compacted away.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, String, cast, delete, func, or_, select, update

from schemas.base import content_id, event
from schemas.clients import ClientErased
from services.common.clock import Clock
from services.common.db import upsert
from services.common.logs import get_logger
from services.common.processing import EventPublisher
from services.common.queue.loop import poll
from services.notifier import audit
from services.notifier.client_book.tables import client_changes
from services.notifier.client_import.tables import client_imports
from services.notifier.digest.tables import manager_messages
from services.notifier.people.catalog import ABOUT_CLIENTS
from services.notifier.people.tables import erasures
from services.notifier.tables import clients

__all__ = ["Eraser", "erase_client", "erased_clients"]

log = get_logger(__name__)

POLL_SECONDS = 600.0
#: For how long rows that late events bring are deleted: longer than any topic that can bring them is read again.
WATCHED_FOR = timedelta(days=400)
#: An erased client is in the book again.
_ADDED_AGAIN = (
    select(clients.c.id)
    .where(
        clients.c.id == erasures.c.client_id,
        clients.c.removed.is_(False),
        clients.c.changed_at > erasures.c.requested_at,
    )
    .correlate(erasures)
    .exists()
)
_ERASED = "(This message told of a client whose data was erased.)"


def erase_client(
    connection: Connection, publisher: EventPublisher, client_id: str, requested_by: str, now: datetime
) -> Counter[str]:
    """Erase a client who was removed from the book; return the number of rows that were deleted, by table."""
    known = connection.execute(select(clients.c.name).where(clients.c.id == client_id)).scalar()
    upsert(
        connection,
        erasures,
        [
            {
                "client_id": client_id,
                "requested_at": now,
                "requested_by": requested_by,
                "ends_at": now + WATCHED_FOR,
            }
        ],
        ["client_id"],
    )
    if known is not None:
        _blank_digests(connection, known)
        _blank_imports(connection, client_id, known)
    erased = ClientErased(client_id=client_id)
    identity = content_id("evt", "client.erased", client_id, now.isoformat())
    publisher.publish(connection, [event(erased, key=client_id, id=identity, source="firstword/notifier", time=now)])
    deleted = _delete_rows(connection, client_id)
    audit.record(connection, now, requested_by, "client.erased", client_id, client_id, f"{deleted.total()} rows")
    return deleted


def erased_clients(connection: Connection, now: datetime) -> tuple[str, ...]:
    """Return the ids of clients whose data must not come back; those who were added again are none of them."""
    query = select(erasures.c.client_id).where(erasures.c.ends_at > now, ~_ADDED_AGAIN)
    return tuple(connection.execute(query.order_by(erasures.c.client_id)).scalars())


class Eraser:
    """Deletes what late events brought of erased clients, every few minutes."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Delete until ``stop`` is set."""
        await poll(lambda: asyncio.to_thread(self.delete_late_rows), stop, name="erasure", every_seconds=POLL_SECONDS)

    def delete_late_rows(self) -> int:
        """Delete late rows; return their number. A client who was added again is no longer erased."""
        count = 0
        with self._engine.begin() as connection:
            connection.execute(delete(erasures).where(_ADDED_AGAIN))
            ids = erased_clients(connection, self._clock.now())
        for client_id in ids:
            with self._engine.begin() as connection:
                deleted = _delete_rows(connection, client_id).total()
            if deleted:
                log.info("Late rows of an erased client were deleted.", action="client.erased_again", rows=deleted)
            count += deleted
        return count


def _delete_rows(connection: Connection, client_id: str) -> Counter[str]:
    deleted: Counter[str] = Counter()
    for part in ABOUT_CLIENTS:
        rows = connection.execute(delete(part.table).where(part.of_client(client_id))).rowcount
        if rows:
            deleted[part.table.name] += rows
    return deleted


def _blank_digests(connection: Connection, name: str) -> None:
    """Empty the messages to account managers that name the client: they list several clients, in text."""
    columns = (manager_messages.c.subject, manager_messages.c.text, cast(manager_messages.c.chat, String))
    blank = {"subject": _ERASED, "text": _ERASED, "html": _ERASED, "chat": {}}
    connection.execute(update(manager_messages).where(_contains(name, *columns)).values(blank))


def _blank_imports(connection: Connection, client_id: str, name: str) -> None:
    """Empty what is kept of imported files that brought the client or name them."""
    brought = select(client_changes.c.import_id).where(
        client_changes.c.client_id == client_id, client_changes.c.import_id.is_not(None)
    )
    columns = (cast(client_imports.c.sample, String), cast(client_imports.c.problems, String))
    which = or_(client_imports.c.id.in_(brought), _contains(name, *columns))
    connection.execute(update(client_imports).where(which).values(sample=[], problems=[]))


def _contains(name: str, *columns: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that one of the texts contains ``name``, as it is or as JSON escapes it."""
    written = {name.lower(), json.dumps(name.lower())[1:-1]}
    return or_(*(func.lower(column).contains(text, autoescape=True) for column in columns for text in sorted(written)))
