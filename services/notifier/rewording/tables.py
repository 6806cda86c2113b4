"""What a model was asked and answered, by content, and what came of it for each draft. Nothing else knows it."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text

from services.common.db import UtcDateTime
from services.notifier.tables import metadata

__all__ = ["model_answers", "wordings"]

model_answers = Table(
    "model_answers",
    metadata,
    Column("key", String(80), primary_key=True),  # the question's content and the model
    Column("answer", Text),  # null: it was asked, and no answer was recorded
    Column("tokens", Integer, nullable=False),  # reckoned while it is asked, then as the endpoint counts
    Column("at", UtcDateTime, nullable=False, index=True),
)

wordings = Table(
    "wordings",
    metadata,
    Column("draft_id", String(80), primary_key=True),
    Column("state", String(10), nullable=False),  # store.State
    Column("model", Text, nullable=False),
    Column("body", Text),
    Column("parts", JSON),  # DraftPart, as the body is made of them
    Column("detail", Text),  # why it was declined, or failed
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_attempt_at", UtcDateTime),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "state", "next_attempt_at"),
)
