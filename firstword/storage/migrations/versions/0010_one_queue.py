"""Rewordings and notices about endpoints as work of the common queue.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "endpoint_notices",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("endpoint_id", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", db.UtcDateTime(length=27), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("changed_at", db.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint_notices")),
    )
    with op.batch_alter_table("endpoint_notices", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_endpoint_notices_status_next_attempt_at"), ["status", "next_attempt_at"], unique=False
        )
    _create("rewordings", status="status", error="last_error", changed_at="changed_at")
    op.execute(
        "INSERT INTO rewordings (draft_id, status, model, body, parts, last_error, attempts, next_attempt_at,"
        " changed_at) SELECT draft_id, state, model, body, parts, detail, attempts,"
        " CASE WHEN state = 'failed' AND attempts < 3 THEN next_attempt_at END, at FROM wordings"
    )
    op.drop_table("wordings")


def downgrade() -> None:
    _create("wordings", status="state", error="detail", changed_at="at")
    op.execute(
        "INSERT INTO wordings (draft_id, state, model, body, parts, detail, attempts, next_attempt_at, at)"
        " SELECT draft_id, status, model, body, parts, last_error, attempts,"
        " CASE WHEN status = 'asking' THEN changed_at ELSE next_attempt_at END, changed_at FROM rewordings"
    )
    op.drop_table("rewordings")
    op.drop_table("endpoint_notices")


def _create(name: str, *, status: str, error: str, changed_at: str) -> None:
    op.create_table(
        name,
        sa.Column("draft_id", sa.String(length=80), nullable=False),
        sa.Column(status, sa.String(length=10), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("parts", sa.JSON(), nullable=True),
        sa.Column(error, sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", db.UtcDateTime(length=27), nullable=True),
        sa.Column(changed_at, db.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("draft_id", name=op.f(f"pk_{name}")),
    )
    with op.batch_alter_table(name, schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f(f"ix_{name}_{status}_next_attempt_at"), [status, "next_attempt_at"], unique=False
        )
