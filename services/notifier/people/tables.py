"""The clients whose data is erased."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from services.common.db import UtcDateTime
from services.notifier.tables import metadata

__all__ = ["erasures"]

#: A request to erase a client. What is under way may still write rows; they are deleted until ``ends_at``.
erasures = Table(
    "erasures",
    metadata,
    Column("client_id", String(80), primary_key=True),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("requested_by", String(80), nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
)
