"""Which other stories of a name probably tell the same event.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("event_stories", schema=None) as batch_op:
        batch_op.add_column(sa.Column("related_stories", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("event_stories", schema=None) as batch_op:
        batch_op.drop_column("related_stories")
