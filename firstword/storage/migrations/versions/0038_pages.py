"""The path that leads to the news of a watched page.

Revision ID: 0038
Revises: 0052
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("feeds", schema=None) as batch_op:
        batch_op.add_column(sa.Column("links_under", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("feeds", schema=None) as batch_op:
        batch_op.drop_column("links_under")
