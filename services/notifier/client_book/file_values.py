"""The values in the client book's file of fields that were changed at the desk, as of its last import."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from schemas.clients import Client, Note
from services.notifier.client_book.fields import FieldChange, describe_changes, value_of, with_values
from services.notifier.client_book.tables import client_file_values

__all__ = ["file_differences", "filed_client", "record_file_values", "with_file_value"]

CHUNK = 1_000


def record_file_values(
    connection: Connection, in_file: Collection[str], differing: Iterable[Client], now: datetime
) -> None:
    """Keep the clients who differ as the file has them; forget what it said before of those ``in_file``."""
    listed = list(in_file)
    for start in range(0, len(listed), CHUNK):
        ids = listed[start : start + CHUNK]
        connection.execute(delete(client_file_values).where(client_file_values.c.client_id.in_(ids)))
    rows = [
        {"client_id": client.id, "at": now, "client": client.model_dump(mode="json", exclude_none=True)}
        for client in differing
    ]
    if rows:
        connection.execute(insert(client_file_values), rows)


def filed_client(connection: Connection, client_id: str) -> tuple[Client, datetime] | None:
    """Return a client as the file has them, and when it was imported; None if file and desk agreed then."""
    query = select(client_file_values).where(client_file_values.c.client_id == client_id)
    row = connection.execute(query).mappings().first()
    return None if row is None else (Client.model_validate(row["client"]), row["at"])


def file_differences(current: Client, filed: Client) -> Sequence[FieldChange]:
    """Return where the file differs from what was changed at the desk: ``before`` is the desk's value."""
    wanted = set(current.desk_fields or ())
    return [
        change
        for change in describe_changes(current, filed)
        if change.field in wanted and change.before != change.after
    ]


def with_file_value(current: Client, filed: Client, field: str) -> Client:
    """Return ``current`` with the file's value of a field, which belongs to the file again. Notes of the desk stay."""
    value: Any = value_of(filed, field)
    if field in ("views", "history"):
        kept: tuple[Note, ...] = value_of(current, field)
        value = (
            *(note for note in value if note.source != "desk"),
            *(note for note in kept if note.source == "desk"),
        )
    marks = {
        "desk_fields": tuple(name for name in current.desk_fields or () if name != field) or None,
        "set_at_desk": tuple(name for name in current.set_at_desk or () if name != field) or None,
    }
    return with_values(current, {field: value}).model_copy(update=marks)
