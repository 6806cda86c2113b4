"""The tables of messages to account managers: their preferences, and each message with its outcome."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text, UniqueConstraint

from services.common.db import UtcDateTime
from services.notifier.tables import metadata

__all__ = ["manager_messages", "manager_preferences", "noticed"]

manager_preferences = Table(
    "manager_wishes",
    metadata,
    Column("manager_id", String(80), primary_key=True),
    Column("wishes", JSON, nullable=False),  # preferences.ChosenPreferences
    Column("changed_at", UtcDateTime, nullable=False),
)

manager_messages = Table(
    "manager_messages",
    metadata,
    Column("id", String(80), primary_key=True),  # made of the kind, the manager and the subject: one message for each
    Column("kind", String(10), nullable=False),  # manager_outbox.Kind
    Column("manager_id", String(80), nullable=False),
    Column("about", String(80), nullable=False),  # a digest's day, the first draft, an audit entry
    Column("due_at", UtcDateTime, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("status", String(10), nullable=False),  # manager_outbox.Status
    Column("channel", String(40), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("others", JSON, nullable=False),  # channels and recipients to try if this one fails
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

#: Urgent drafts that their manager was told about, and the message that did.
noticed = Table(
    "noticed",
    metadata,
    Column("draft_id", String(80), primary_key=True),
    Column("message_id", String(80), nullable=False),
)
