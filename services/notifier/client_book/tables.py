"""The client book beside its entries: changes, the account managers, the file's values, and duplicates."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text

from services.common.db import UtcDateTime
from services.notifier.tables import metadata

__all__ = ["client_changes", "client_file_values", "distinct_clients", "duplicate_keys", "managers"]

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

#: The account managers who are known, with or without clients.
managers = Table(
    "managers",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("payload", JSON, nullable=False),  # Manager
    Column("sample", Boolean, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

#: Clients as the book's file has them, where it differs from what was changed at the desk.
client_file_values = Table(
    "client_file_values",
    metadata,
    Column("client_id", String(80), primary_key=True),
    Column("at", UtcDateTime, nullable=False),  # of the import
    Column("client", JSON, nullable=False),  # Client
)

#: What two entries of one and the same client are likely to share. Derived from the clients.
duplicate_keys = Table(
    "duplicate_keys",
    metadata,
    Column("client_id", String(80), primary_key=True),
    Column("kind", String(10), primary_key=True),  # services.notifier.client_book.duplicates.KeyKind
    Column("value", Text, nullable=False),
    Index(None, "kind", "value", "client_id"),
)

#: Pairs of clients of whom somebody said that they are two; ``one_id`` is the lesser id.
distinct_clients = Table(
    "distinct_clients",
    metadata,
    Column("one_id", String(80), primary_key=True),
    Column("other_id", String(80), primary_key=True, index=True),
    Column("by", String(80), nullable=False),  # a user
    Column("at", UtcDateTime, nullable=False),
)
