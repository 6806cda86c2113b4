"""A row for each open session of a browser. Sessions from before have none, so that everybody signs in once more.

Revision ID: 0056
Revises: 0054
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0056"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("means", sa.String(length=40), nullable=False),
        sa.Column("browser", sa.String(length=60), nullable=False),
        sa.Column("network", sa.String(length=50), nullable=False),
        sa.Column("with_factor", sa.Boolean(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("seen_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("expires_at", db.UtcDateTime(length=27), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"])
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"])


def downgrade() -> None:
    op.drop_table("sessions")
