"""What entries of one and the same client are likely to share, and who was said to be two clients.

Revision ID: 0061
Revises: 0060
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duplicate_keys",
        sa.Column("client_id", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "kind", name=op.f("pk_duplicate_keys")),
    )
    op.create_index(op.f("ix_duplicate_keys_kind_value_client_id"), "duplicate_keys", ["kind", "value", "client_id"])
    op.create_table(
        "distinct_clients",
        sa.Column("one_id", sa.String(80), nullable=False),
        sa.Column("other_id", sa.String(80), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", db.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("one_id", "other_id", name=op.f("pk_distinct_clients")),
    )
    op.create_index(op.f("ix_distinct_clients_other_id"), "distinct_clients", ["other_id"])


def downgrade() -> None:
    op.drop_table("distinct_clients")
    op.drop_table("duplicate_keys")
