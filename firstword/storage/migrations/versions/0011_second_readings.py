"""Items to be read by a second reader, and a budget of tokens for each purpose.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("model_answers", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("purpose", sa.String(length=20), nullable=False, server_default=sa.text("'rewording'"))
        )
    op.create_table(
        "second_readings",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("question", sa.JSON(), nullable=False),
        sa.Column("reading", sa.JSON(), nullable=False),
        sa.Column("tell_score", sa.Float(), nullable=False),
        sa.Column("second", sa.JSON(), nullable=True),
        sa.Column("disputes", sa.JSON(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", db.UtcDateTime(length=27), nullable=True),
        sa.Column("seen_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("changed_at", db.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_readings")),
    )
    with op.batch_alter_table("second_readings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_second_readings_status_next_attempt_at"), ["status", "next_attempt_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_second_readings_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_second_readings_changed_at"), ["changed_at"], unique=False)


def downgrade() -> None:
    op.drop_table("second_readings")
    with op.batch_alter_table("model_answers", schema=None) as batch_op:
        batch_op.drop_column("purpose")
