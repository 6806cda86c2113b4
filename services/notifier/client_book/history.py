"""The history of clients: record a change, list changes, and find the entry that an editor began with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, select

from schemas.clients import Client, ClientChanged
from services.common.db import upsert
from services.notifier.client_book.fields import FieldChange, describe_changes
from services.notifier.client_book.tables import client_changes
from services.notifier.paging import Page, Place, page_of
from services.notifier.scope import Scope
from services.notifier.tables import clients, users

__all__ = ["ChangeAction", "HistoryEntry", "changes_of", "client_at", "record_changes", "record_removal", "removal"]

ChangeAction = Literal["added", "edited", "archived", "restored", "imported", "undone", "removed", "book", "merged"]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A change as the page shows it. ``who`` is None if a command made it."""

    revision: int
    at: datetime
    who: str | None
    action: ChangeAction
    changes: tuple[FieldChange, ...]
    comment: str | None
    import_id: str | None


def record_changes(
    connection: Connection,
    changed: Sequence[tuple[ClientChanged | None, ClientChanged]],
    now: datetime,
    action: ChangeAction,
    *,
    user_id: str | None = None,
    comment: str | None = None,
    import_id: str | None = None,
) -> None:
    """Record changes of clients, each given as the entry before (None: new) and after.

    Of clients who are new in the book's file, the fields are not listed: the file says them.
    """
    rows = [
        {
            "client_id": after.client.id,
            "revision": after.revision,
            "at": now,
            "user_id": user_id,
            "action": "added" if before is None and action == "edited" else action,
            "changes": _described(before, after, action),
            "before": None if before is None else before.model_dump(mode="json", exclude_none=True),
            "comment": comment,
            "import_id": import_id,
        }
        for before, after in changed
    ]
    upsert(connection, client_changes, rows, ("client_id", "revision"), update=())


def _described(before: ClientChanged | None, after: ClientChanged, action: ChangeAction) -> list[list[str]]:
    if before is None and action == "book":
        return []
    changes = describe_changes(None if before is None else before.client, after.client)
    return [list(change) for change in changes if change.before != change.after]


def record_removal(
    connection: Connection,
    before: ClientChanged,
    now: datetime,
    action: Literal["archived", "removed", "undone"],
    *,
    user_id: str | None = None,
    comment: str | None = None,
    import_id: str | None = None,
) -> None:
    """Record that a client is no longer served."""
    row = {
        "client_id": before.client.id, "revision": before.revision + 1, "at": now, "user_id": user_id,
        "action": action, "changes": [], "before": before.model_dump(mode="json", exclude_none=True),
        "comment": comment, "import_id": import_id,
    }  # fmt: skip
    upsert(connection, client_changes, [row], ("client_id", "revision"), update=())


def changes_of(connection: Connection, scope: Scope, client_id: str, *, number: Place, size: int) -> Page[HistoryEntry]:
    """Return a page of a client's changes, newest first."""
    joined = client_changes.join(clients, clients.c.id == client_changes.c.client_id).outerjoin(
        users, users.c.id == client_changes.c.user_id
    )
    query = (
        select(client_changes, users.c.name.label("user_name"))
        .select_from(joined)
        .where(client_changes.c.client_id == client_id, scope.condition())
        .order_by(client_changes.c.revision.desc())
    )
    page = page_of(connection, query, number, size)
    return page.with_items(
        [
            HistoryEntry(
                row["revision"], row["at"], row["user_name"] or row["user_id"], row["action"],
                tuple(FieldChange(*change) for change in row["changes"]), row["comment"], row["import_id"],
            )
            for row in page.items
        ]
    )  # fmt: skip


def client_at(connection: Connection, client_id: str, revision: int) -> Client | None:
    """Return the client as of ``revision``, from what the next change replaced; None if that is not on record."""
    query = select(client_changes.c.before).where(
        client_changes.c.client_id == client_id, client_changes.c.revision == revision + 1
    )
    stored: Any = connection.execute(query).scalar()
    return None if stored is None else ClientChanged.model_validate(stored).client


def removal(connection: Connection, scope: Scope, client_id: str) -> ClientChanged | None:
    """Return the last entry of a client who is no longer served; its revision is that of the removal."""
    query = select(clients.c.payload, clients.c.revision).where(
        clients.c.id == client_id, clients.c.removed.is_(True), scope.condition()
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return ClientChanged.model_validate(row.payload).model_copy(update={"revision": row.revision})
