"""Messages of mailboxes that could not be read.

Revision ID: 0059
Revises: 0058
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unread_messages",
        sa.Column("feed_id", sa.String(length=64), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("fix", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["feeds.id"], name=op.f("fk_unread_messages_feed_id_feeds"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("feed_id", "uid_validity", "uid", name=op.f("pk_unread_messages")),
    )
    op.create_index("ix_unread_messages_at", "unread_messages", ["at"])


def downgrade() -> None:
    op.drop_table("unread_messages")
