"""Items to be read a second time for a watched name, and what the second reader said. Nothing else uses this table."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Index, Integer, String, Table, Text

from services.common.db import UtcDateTime
from services.notifier.tables import metadata

__all__ = ["second_readings"]

second_readings = Table(
    "second_readings",
    metadata,
    Column("id", String(80), primary_key=True),  # derived from entity, item and revision
    Column("entity_id", Text, nullable=False),
    Column("item_id", String(80), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("status", String(10), nullable=False),  # store.Status
    Column("question", JSON, nullable=False),  # question.Passage: public text only
    Column("reading", JSON, nullable=False),  # schemas.readings.Reading, the first one
    Column("tell_score", Float, nullable=False),  # that of the first reading
    Column("second", JSON),  # schemas.readings.SecondReading
    Column("disputes", JSON),  # schemas.readings.ReadingField
    Column("last_error", Text),  # why there is no second reading
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_attempt_at", UtcDateTime),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False, index=True),
    Index(None, "status", "next_attempt_at"),
    Index(None, "item_id"),
)
