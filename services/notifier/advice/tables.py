"""The opinions that went out. Made from drafts as they are sent; what became of each is joined to it when asked for."""

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
    Column("manager_id", String(80), nullable=False),  # who gave it; the client may have another manager by now
    Column("sent_at", UtcDateTime, nullable=False, index=True),
    Column("playbook", Text),
    Column("rule", Text),
    Column("text", Text, nullable=False),  # as it was proposed
    Column("reworded", Boolean, nullable=False, default=False),  # the manager put it in other words, or left it out
    Index(None, "client_id", "sent_at"),
)
