"""The news that clients are not told again, by name and kind of event.

Revision ID: 0049
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0049"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stopped_news",
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("entity_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("entity_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", db.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "entity_id", "kind", name=op.f("pk_stopped_news")),
    )


def downgrade() -> None:
    op.drop_table("stopped_news")
