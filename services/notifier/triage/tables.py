"""Views of the inbox that users have saved."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from services.common.db import UtcDateTime
from services.notifier.tables import metadata

__all__ = ["saved_views"]

saved_views = Table(
    "saved_views",
    metadata,
    Column("user_id", String(80), primary_key=True),
    Column("name", String(60), primary_key=True),
    Column("query", Text, nullable=False),  # the part of the address after the question mark
    Column("created_at", UtcDateTime, nullable=False),
)
