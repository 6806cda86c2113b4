"""Channels that take no messages, since when.

Revision ID: 0022
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0022"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channel_outages",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("since", db.UtcDateTime(length=27), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_outages")),
    )


def downgrade() -> None:
    op.drop_table("channel_outages")
