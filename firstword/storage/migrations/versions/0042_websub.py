"""Subscriptions at the hubs of feeds.

Revision ID: 0042
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0042"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "websub",
        sa.Column("feed_id", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("hub", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("next_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("lease_until", db.UtcDateTime(length=27), nullable=True),
        sa.Column("notified_at", db.UtcDateTime(length=27), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_websub_feed_id_feeds"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_websub")),
        sa.UniqueConstraint("token", name="uq_websub_token"),
    )
    op.create_index("ix_websub_next_at", "websub", ["next_at"])


def downgrade() -> None:
    op.drop_index("ix_websub_next_at", table_name="websub")
    op.drop_table("websub")
