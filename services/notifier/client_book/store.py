"""Read what an edit needs of the stored client book: the firm, the account managers, and what all clients watch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from schemas.clients import ClientChanged
from services.common.errors import BadInput
from services.notifier.client_book.port import BookFrame
from services.notifier.tables import clients

__all__ = ["book_frame", "id_is_taken", "stored_watches"]


def book_frame(connection: Connection) -> BookFrame:
    """Return the firm and its account managers, as the latest entries have them.

    Raises:
        BadInput: there is no client yet, so nobody knows the firm.
    """
    latest = select(clients.c.payload).order_by(clients.c.changed_at.desc(), clients.c.id).limit(1)
    stored: Any = connection.execute(latest).scalar()
    if stored is None:
        raise BadInput(
            "There is no client book yet, so the firm and its account managers are not known.",
            fix="Import one that names them: 'firstword clients import BOOK'.",
        )
    one_of_each = select(func.max(clients.c.id)).group_by(clients.c.manager_id)
    payloads = connection.execute(select(clients.c.payload).where(clients.c.id.in_(one_of_each))).scalars()
    managers = {entry.manager.id: entry.manager for entry in map(ClientChanged.model_validate, payloads)}
    return BookFrame(ClientChanged.model_validate(stored).firm, dict(sorted(managers.items())))


def stored_watches(connection: Connection) -> Iterator[Mapping[str, Any]]:
    """Yield every watch of every client, as stored."""
    query = select(clients.c.payload).where(clients.c.removed.is_(False))
    for payload in connection.execute(query, execution_options={"yield_per": 500}).scalars():
        client = payload["client"]
        yield from client.get("assets", ())
        yield from client.get("interests", ())


def id_is_taken(connection: Connection, client_id: str) -> bool:
    """Return whether a client has this id, or an archived one had it."""
    return connection.execute(select(clients.c.id).where(clients.c.id == client_id)).first() is not None
