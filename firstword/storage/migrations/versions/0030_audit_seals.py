"""The seals of the audit log.

Revision ID: 0030
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0030"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seal", sa.Integer(), nullable=True))
        batch_op.create_index("ix_audit_log_seal", ["seal"])
    op.create_table(
        "audit_seals",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_seals"),
    )


def downgrade() -> None:
    op.drop_table("audit_seals")
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_log_seal")
        batch_op.drop_column("seal")
