"""The host, skipped hours and days, and pending redirect of each feed.

Revision ID: 0029
Revises: 0023
"""

from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0029"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("feeds", schema=None) as batch_op:
        batch_op.add_column(sa.Column("host", sa.String(255), nullable=True))
        batch_op.add_column(sa.Column("skip_hours", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("skip_days", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("redirect_url", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("redirect_days", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("redirect_seen_at", db.UtcDateTime(length=27), nullable=True))
        batch_op.create_index("ix_feeds_host", ["host"])
    feeds = sa.table("feeds", sa.column("id", sa.String), sa.column("fetch_url", sa.Text), sa.column("host", sa.String))
    connection = op.get_bind()
    for id, url in connection.execute(sa.select(feeds.c.id, feeds.c.fetch_url)).all():
        host = urlsplit(url).netloc.rpartition("@")[2].lower()[:255]
        connection.execute(sa.update(feeds).where(feeds.c.id == id).values(host=host))


def downgrade() -> None:
    with op.batch_alter_table("feeds", schema=None) as batch_op:
        batch_op.drop_index("ix_feeds_host")
        for name in ("redirect_seen_at", "redirect_days", "redirect_url", "skip_days", "skip_hours", "host"):
            batch_op.drop_column(name)
