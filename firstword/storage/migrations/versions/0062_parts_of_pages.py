"""The part of a watched page that lists its news.

Revision ID: 0062
Revises: 0061
"""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feeds", sa.Column("links_in", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("feeds", "links_in")
