"""Publishers for which somebody vouched that they publish through a feed.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("feeds", schema=None) as batch_op:
        batch_op.add_column(sa.Column("speaks_for", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("ground", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("feeds", schema=None) as batch_op:
        batch_op.drop_column("ground")
        batch_op.drop_column("speaks_for")
