"""Drafts that are put aside or given to a colleague, and saved views of the inbox.

Revision ID: 0023
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0023"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draft_marks",
        sa.Column("draft_id", sa.String(length=80), nullable=False),
        sa.Column("snoozed_until", db.UtcDateTime(length=27), nullable=True),
        sa.Column("assigned_to", sa.String(length=80), nullable=True),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", db.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("draft_id", name=op.f("pk_draft_marks")),
    )
    with op.batch_alter_table("draft_marks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draft_marks_assigned_to"), ["assigned_to"], unique=False)
    op.create_table(
        "saved_views",
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "name", name=op.f("pk_saved_views")),
    )


def downgrade() -> None:
    op.drop_table("saved_views")
    op.drop_table("draft_marks")
