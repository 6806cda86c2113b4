"""The language model's text of each draft. Nothing else uses this table."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text

from services.common.db import UtcDateTime
from services.notifier.tables import metadata

__all__ = ["rewordings"]

rewordings = Table(
    "rewordings",
    metadata,
    Column("draft_id", String(80), primary_key=True),
    Column("status", String(10), nullable=False),  # store.Status
    Column("model", Text, nullable=False),
    Column("mode", String(10), nullable=False, server_default="reword"),  # question.Mode
    Column("subject", Text),  # null: the draft's
    Column("body", Text),
    Column("parts", JSON),  # DraftPart; the body consists of them
    Column("used_revision", Integer),  # the draft's revision that is this text, if it was used
    Column("last_error", Text),  # why it was declined, or failed
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_attempt_at", UtcDateTime),
    Column("changed_at", UtcDateTime, nullable=False),
    Index(None, "status", "next_attempt_at"),
)
