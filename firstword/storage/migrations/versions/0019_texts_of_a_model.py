"""What a language model was asked for, the subject that it wrote, and the revision in which its text was used.

Revision ID: 0019
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("rewordings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mode", sa.String(length=10), nullable=False, server_default="reword"))
        batch_op.add_column(sa.Column("subject", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("used_revision", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("rewordings", schema=None) as batch_op:
        batch_op.drop_column("used_revision")
        batch_op.drop_column("subject")
        batch_op.drop_column("mode")
