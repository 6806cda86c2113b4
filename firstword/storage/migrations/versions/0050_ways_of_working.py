"""How users work at the desk, and who is editing which draft.

Revision ID: 0050
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0050"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("open_next", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("shortcuts", sa.Boolean(), nullable=True))
    op.create_table(
        "draft_editors",
        sa.Column("draft_id", sa.String(length=80), nullable=False),
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("at", db.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("draft_id", "user_id", name=op.f("pk_draft_editors")),
    )


def downgrade() -> None:
    op.drop_table("draft_editors")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_column("shortcuts")
        batch_op.drop_column("open_next")
