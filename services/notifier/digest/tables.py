"""The tables of what account managers get: by which channel they wish it, and each message with what became of it."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text, UniqueConstraint

from services.common.db import UtcDateTime
from services.notifier.tables import metadata

__all__ = ["manager_messages", "manager_wishes", "noticed"]

manager_wishes = Table(
    "manager_wishes",
    metadata,
    Column("manager_id", String(80), primary_key=True),
    Column("wishes", JSON, nullable=False),  # wishes.Chosen: what was chosen at the desk, above the book
    Column("changed_at", UtcDateTime, nullable=False),
)

manager_messages = Table(
    "manager_messages",
    metadata,
    Column("id", String(80), primary_key=True),  # of the manager, the kind and what it is about: one message for each
    Column("kind", String(10), nullable=False),  # digest, urgent
    Column("manager_id", String(80), nullable=False),
    Column("about", String(80), nullable=False),  # a digest: the manager's own day, 2026-01-31; else the first draft
    Column("due_at", UtcDateTime, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("status", String(10), nullable=False),  # manager_outbox.Status
    Column("channel", String(40), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("others", JSON, nullable=False),  # channels and recipients that are left, should this one fail
    Column("attempts", Integer, nullable=False, default=0),  # by this channel
    Column("next_attempt_at", UtcDateTime),
    Column("last_error", Text),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("chat", JSON, nullable=False),  # chat.stored
    Column("changed_at", UtcDateTime, nullable=False),
    UniqueConstraint("kind", "manager_id", "about"),
    Index(None, "status", "next_attempt_at"),
    Index(None, "made_at"),
)

#: Drafts of which a manager was told by an urgent message.
noticed = Table(
    "noticed",
    metadata,
    Column("draft_id", String(80), primary_key=True),
    Column("message_id", String(80), nullable=False),
)
