"""Read what an edit needs of the stored client book: the firm, the account managers, and what all clients watch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select

from schemas.base import content_id
from schemas.clients import ClientChanged
from services.common.errors import BadInput
from services.notifier.client_book.managers import known_managers
from services.notifier.client_book.port import BookFrame
from services.notifier.tables import clients

__all__ = ["book_frame", "id_is_taken", "id_of_own", "stored_watches"]


def book_frame(connection: Connection) -> BookFrame:
    """Return the firm and its account managers, with and without clients.

    Raises:
        BadInput: there is no client yet, so nobody knows the firm.
    """
    latest = select(clients.c.payload).order_by(clients.c.changed_at.desc(), clients.c.id.desc()).limit(1)
    stored: Any = connection.execute(latest).scalar()
    if stored is None:
        raise BadInput(
            "There is no client book yet, so the firm and its account managers are not known.",
            fix="Import one that names them: 'firstword clients import BOOK'.",
        )
    return BookFrame(ClientChanged.model_validate(stored).firm, known_managers(connection))


def stored_watches(connection: Connection) -> Iterator[Mapping[str, Any]]:
    """Yield every watch of every client, as stored."""
    query = select(clients.c.payload).where(clients.c.removed.is_(False))
    for payload in connection.execute(query, execution_options={"yield_per": 500}).scalars():
        client = payload["client"]
        yield from client.get("assets", ())
        yield from client.get("interests", ())


def id_of_own(wanted: str, manager_id: str) -> str:
    """Return the id of a client whom somebody adds who doesn't see all clients.

    It is the same whether a client whom they don't see has ``wanted`` or not, so it tells nothing of those.
    """
    return f"{wanted[:73]}-{content_id('cli', manager_id, wanted)[-6:]}"


def id_is_taken(connection: Connection, client_id: str) -> bool:
    """Return whether a client has this id, or an archived one had it."""
    return connection.execute(select(clients.c.id).where(clients.c.id == client_id)).first() is not None
