"""Documents that could not be read are kept whole, and events can be processed again on one machine.

Revision ID: 0041
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0041"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fix", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("first_at", db.UtcDateTime(length=27), nullable=True))
        batch_op.add_column(sa.Column("times", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("entries", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("body", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("dead_letters", schema=None) as batch_op:
        batch_op.add_column(sa.Column("asked_at", db.UtcDateTime(length=27), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("dead_letters", schema=None) as batch_op:
        batch_op.drop_column("asked_at")
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        for name in ("body", "entries", "times", "first_at", "fix"):
            batch_op.drop_column(name)
