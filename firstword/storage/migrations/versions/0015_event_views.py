"""The stories of each event, their evidence, and the alerts in each draft; room for the verdict "information".

``firstword.storage.migrate`` fills the new tables from the alerts and drafts.

Revision ID: 0015
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event_stories",
        sa.Column("story_id", sa.String(length=80), nullable=False),
        sa.Column("entity_id", sa.String(length=255), nullable=False),
        sa.Column("event_id", sa.String(length=80), nullable=False),
        sa.Column("entity_name", sa.Text(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("direction", sa.String(length=20), nullable=False),
        sa.Column("size", sa.String(length=10), nullable=False),
        sa.Column("source_grade", sa.String(length=1), nullable=False),
        sa.Column("information_grade", sa.Integer(), nullable=False),
        sa.Column("origins", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(length=80), nullable=False),
        sa.Column("first_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("last_at", db.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("story_id", "entity_id", name=op.f("pk_event_stories")),
    )
    with op.batch_alter_table("event_stories", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_stories_event_id"), ["event_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_stories_last_at"), ["last_at"], unique=False)
    op.create_table(
        "event_evidence",
        sa.Column("story_id", sa.String(length=80), nullable=False),
        sa.Column("entity_id", sa.String(length=255), nullable=False),
        sa.Column("item_id", sa.String(length=80), nullable=False),
        sa.Column("first_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("story_id", "entity_id", "item_id", name=op.f("pk_event_evidence")),
    )
    with op.batch_alter_table("event_evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_evidence_item_id"), ["item_id"], unique=False)
    op.create_table(
        "draft_alerts",
        sa.Column("alert_id", sa.String(length=80), nullable=False),
        sa.Column("draft_id", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "draft_id", name=op.f("pk_draft_alerts")),
    )
    for table in ("alerts", "drafts"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(
                "verdict", existing_type=sa.String(length=10), type_=sa.String(length=12), existing_nullable=False
            )
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_alerts_story_id_is_current_verdict_client_id"),
            ["story_id", "is_current", "verdict", "client_id"],
            unique=False,
        )
    with op.batch_alter_table("contact_decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_decisions_alert_id"), ["alert_id"], unique=False)


def downgrade() -> None:
    """Drop the new tables; the columns of verdicts stay wide, because rows may need it."""
    with op.batch_alter_table("contact_decisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_decisions_alert_id"))
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alerts_story_id_is_current_verdict_client_id"))
    op.drop_table("draft_alerts")
    op.drop_table("event_evidence")
    op.drop_table("event_stories")
