"""When old data was last removed, and which seals' audit entries are gone.

Revision ID: 0051
Revises: 0041
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0051"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retention_runs",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("began_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("before", db.UtcDateTime(length=27), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", db.UtcDateTime(length=27), nullable=True),
        sa.PrimaryKeyConstraint("kind"),
    )
    with op.batch_alter_table("audit_seals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("removed_at", db.UtcDateTime(length=27), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("audit_seals", schema=None) as batch_op:
        batch_op.drop_column("removed_at")
    op.drop_table("retention_runs")
