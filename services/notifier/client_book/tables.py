"""The history of the client book: who changed what and when. It exists nowhere else."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text

from services.common.db import UtcDateTime
from services.notifier.tables import metadata

__all__ = ["client_changes"]

#: A change of a client's entry. ``before`` is the entry until then, so that it can be compared and put back.
client_changes = Table(
    "client_changes",
    metadata,
    Column("client_id", String(80), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("user_id", String(80)),  # null: a command, without a user
    Column("action", String(20), nullable=False),  # services.notifier.client_book.history.ChangeAction
    Column("changes", JSON, nullable=False),  # of FieldChange
    Column("before", JSON),  # ClientChanged; null if the client was new
    Column("comment", Text),
    Column("import_id", String(80)),
    Index(None, "import_id"),
    Index(None, "client_id", "at"),
)
