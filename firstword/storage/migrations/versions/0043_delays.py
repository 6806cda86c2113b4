"""How long after its publication each feed's latest items were seen.

Revision ID: 0043
Revises: 0045
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("feeds", schema=None) as batch_op:
        batch_op.add_column(sa.Column("delays", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("feeds", schema=None) as batch_op:
        batch_op.drop_column("delays")
