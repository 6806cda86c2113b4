"""The history of the client book: who changed what and when.

Revision ID: 0025
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

from services.common.db import UtcDateTime

revision = "0025"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "client_changes",
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user_id", sa.String(length=80), nullable=True),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("import_id", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("client_id", "revision", name=op.f("pk_client_changes")),
    )
    op.create_index(op.f("ix_client_changes_import_id"), "client_changes", ["import_id"])
    op.create_index(op.f("ix_client_changes_client_id_at"), "client_changes", ["client_id", "at"])


def downgrade() -> None:
    op.drop_table("client_changes")
