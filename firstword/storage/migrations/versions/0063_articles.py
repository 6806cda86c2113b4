"""The articles of feeds that have only headlines or teasers.

Revision ID: 0063
Revises: 0062
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feeds", sa.Column("full_text", sa.Boolean(), nullable=True))
    op.create_table(
        "article_pages",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("feed_id", sa.String(length=64), nullable=False),
        sa.Column("final_url", sa.Text(), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("fetched_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("titles", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["feeds.id"], name=op.f("fk_article_pages_feed_id_feeds"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_pages")),
    )
    op.create_index("ix_article_pages_fetched_at", "article_pages", ["fetched_at"])
    op.create_index("ix_article_pages_feed_id", "article_pages", ["feed_id"])


def downgrade() -> None:
    op.drop_table("article_pages")
    op.drop_column("feeds", "full_text")
