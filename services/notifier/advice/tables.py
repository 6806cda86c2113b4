"""The opinions that were sent. Rows are written when drafts are sent; outcomes are joined in queries."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, String, Table, Text

from services.common.db import UtcDateTime
from services.notifier.tables import metadata

__all__ = ["advice"]

advice = Table(
    "advice",
    metadata,
    Column("draft_id", String(80), primary_key=True),
    Column("alert_id", String(80), primary_key=True),
    Column("client_id", String(80), nullable=False),
    Column("manager_id", String(80), nullable=False),  # at that time; the client may have another manager now
    Column("sent_at", UtcDateTime, nullable=False, index=True),
    Column("playbook", Text),
    Column("rule", Text),
    Column("text", Text, nullable=False),  # as proposed by the draft
    Column("reworded", Boolean, nullable=False, default=False),  # the manager rephrased or removed it
    Index(None, "client_id", "sent_at"),
)
