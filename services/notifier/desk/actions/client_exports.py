"""Export clients: as a table for spreadsheets, and as a file of the client book."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from schemas.clients import Client, ClientChanged
from services.common.safe_csv import safe_csv
from services.notifier.desk.actions.context import ActionContext
from services.notifier.tables import clients

__all__ = ["clients_book", "clients_csv"]

#: The names are those that an import of a plain table knows.
_COLUMNS = (
    "id", "name", "organisation", "email", "phone", "manager", "trade", "time_zone", "language", "salutation",
    "jurisdiction", "goals", "risk", "vision", "personality", "do_not_contact", "messages_per_week", "assets",
    "interests",
)  # fmt: skip


def clients_csv(context: ActionContext) -> str:
    """Return the clients whom the viewer may see as CSV, safe for spreadsheets. An import reads it back."""
    text = safe_csv(_COLUMNS, (_row(entry.client) for entry in _entries(context)))
    context.audit("clients.exported", "clients", None, "CSV")
    return text


def clients_book(context: ActionContext) -> str:
    """Return the clients whom the viewer may see as the file of a client book, which agrees with the desk."""
    text = context.book.write(list(_entries(context)))
    context.audit("clients.exported", "clients", None, "client book")
    return text


def _entries(context: ActionContext) -> Iterator[ClientChanged]:
    query = (
        select(clients.c.payload)
        .where(clients.c.removed.is_(False), context.viewer.scope.condition())
        .order_by(clients.c.search, clients.c.id)
    )
    for payload in context.connection.execute(query).scalars():
        yield ClientChanged.model_validate(payload)


def _row(client: Client) -> Sequence[object]:
    contact = client.contact
    refused = contact.do_not_contact_reason or "yes" if contact.do_not_contact else "no"
    return (
        client.id, client.name, client.organisation, contact.email, contact.phone, client.manager_id, client.trade,
        client.time_zone, client.language, client.salutation, client.jurisdiction,
        "; ".join(desire.name for desire in client.desires), client.risk, client.end_vision, client.personality,
        refused, contact.max_per_week, "; ".join(watch.name for watch in client.assets),
        "; ".join(watch.name for watch in client.interests),
    )  # fmt: skip
