"""Decisions of people on their own topic; a decision that arrives before its draft waits for it.

Revision ID: 0009
Revises: 0008
"""

import json

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DECISIONS = frozenset(f"firstword.draft.{name}.v1" for name in ("edited", "approved", "sent", "dismissed"))
BATCH = 1_000


def upgrade() -> None:
    op.create_table(
        "early_decisions",
        sa.Column("event_id", sa.String(length=80), nullable=False),
        sa.Column("draft_id", sa.String(length=80), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("at", db.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_early_decisions")),
    )
    with op.batch_alter_table("early_decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_early_decisions_draft_id"), ["draft_id"], unique=False)
    _move(op.get_bind(), "events", "seq", "drafts", "decisions")
    _move(op.get_bind(), "outbox", "id", "drafts", "decisions")


def downgrade() -> None:
    _move(op.get_bind(), "events", "seq", "decisions", "drafts")
    _move(op.get_bind(), "outbox", "id", "decisions", "drafts")
    op.drop_table("early_decisions")


def _move(connection: sa.Connection, table: str, key: str, old: str, new: str) -> None:
    """Change the topic of decisions in the log, and of those in the outbox that Kafka does not have yet."""
    rows = sa.table(table, *map(sa.column, (key, "topic", "payload", "sent_at")))
    query = sa.select(rows.c[key], rows.c.payload).where(rows.c.topic == old).order_by(rows.c[key]).limit(BATCH)
    if table == "outbox":
        query = query.where(rows.c.sent_at.is_(None))
    after = 0
    while batch := connection.execute(query.where(rows.c[key] > after)).all():
        moved = [number for number, payload in batch if payload and json.loads(bytes(payload))["type"] in DECISIONS]
        if moved:
            connection.execute(sa.update(rows).where(rows.c[key].in_(moved)).values(topic=new))
        after = batch[-1][0]
