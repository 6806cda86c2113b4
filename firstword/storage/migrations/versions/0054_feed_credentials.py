"""Credentials of feeds, sealed.

Revision ID: 0054
Revises: 0046
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0054"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_credentials",
        sa.Column("feed_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("set_at", db.UtcDateTime(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["feeds.id"], name=op.f("fk_feed_credentials_feed_id_feeds"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_feed_credentials")),
    )


def downgrade() -> None:
    op.drop_table("feed_credentials")
