"""The stories of each event, their evidence, and the alerts in each draft. All are derived from alerts and drafts."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text

from services.common.db import UtcDateTime
from services.notifier.tables import metadata

__all__ = ["draft_alerts", "event_evidence", "event_stories"]

#: A story as the newest alert on it shows it, one row for each watched name.
event_stories = Table(
    "event_stories",
    metadata,
    Column("story_id", String(80), primary_key=True),
    Column("entity_id", String(255), primary_key=True),
    Column("event_id", String(80), nullable=False, index=True),  # the first of the stories that are one event
    Column("entity_name", Text, nullable=False),
    Column("headline", Text, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("direction", String(20), nullable=False),  # of the event, not a client's
    Column("size", String(10), nullable=False),
    Column("source_grade", String(1), nullable=False),
    Column("information_grade", Integer, nullable=False),
    Column("origins", Integer, nullable=False),
    Column("status", String(20), nullable=False),  # schemas.event_views.EventStatus
    Column("reasons", JSON, nullable=False),  # sentences that name no client
    Column("related_stories", JSON, nullable=True),  # of the same name, probably of the same event; ids
    Column("fingerprint", String(80), nullable=False),  # of what the row and its evidence were written from
    Column("first_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False, index=True),
)

event_evidence = Table(
    "event_evidence",
    metadata,
    Column("story_id", String(80), primary_key=True),
    Column("entity_id", String(255), primary_key=True),
    Column("item_id", String(80), primary_key=True),
    Column("first_at", UtcDateTime, nullable=False),
    Column("payload", JSON, nullable=False),  # Evidence
    Index(None, "item_id"),
)

draft_alerts = Table(
    "draft_alerts",
    metadata,
    Column("alert_id", String(80), primary_key=True),
    Column("draft_id", String(80), primary_key=True),
    Index(None, "draft_id"),
)
