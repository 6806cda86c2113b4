"""Failed sign-ins, by network and account.

Revision ID: 0044
Revises: 0049
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0044"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signin_failures",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("waits_until", db.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_signin_failures")),
    )
    op.create_index(op.f("ix_signin_failures_last_at"), "signin_failures", ["last_at"])


def downgrade() -> None:
    op.drop_table("signin_failures")
