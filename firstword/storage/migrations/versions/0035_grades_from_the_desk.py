"""Grades of sources that were set at the desk, so that they can be undone.

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "source_changes",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("user_id", sa.String(80), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("undone_at", db.UtcDateTime(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_changes")),
    )
    op.create_index(op.f("ix_source_changes_at"), "source_changes", ["at"])


def downgrade() -> None:
    op.drop_table("source_changes")
