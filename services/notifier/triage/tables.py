"""Views of the inbox that users have saved, and who is editing which draft."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from services.common.db import UtcDateTime
from services.notifier.tables import metadata

__all__ = ["draft_editors", "saved_views"]

saved_views = Table(
    "saved_views",
    metadata,
    Column("user_id", String(80), primary_key=True),
    Column("name", String(60), primary_key=True),
    Column("query", Text, nullable=False),  # the part of the address after the question mark
    Column("created_at", UtcDateTime, nullable=False),
)

draft_editors = Table(
    "draft_editors",
    metadata,
    Column("draft_id", String(80), primary_key=True),
    Column("user_id", String(80), primary_key=True),
    Column("at", UtcDateTime, nullable=False),  # when the form was last known to be open
)
