"""API tokens with a name, scopes and an expiry, several for each user; and requests under an idempotency key.

A user's former token stays valid, for everything and without an end, under the name "API token".

Revision ID: 0027
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

from services.common.db import UtcDateTime

revision = "0027"
down_revision = "0020"
branch_labels = None
depends_on = None

_SCOPES = ["read", "write", "send"]


def upgrade() -> None:
    tokens = op.create_table(
        "api_tokens",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(length=27), nullable=False),
        sa.Column("expires_at", UtcDateTime(length=27), nullable=True),
        sa.Column("revoked_at", UtcDateTime(length=27), nullable=True),
        sa.Column("last_used_at", UtcDateTime(length=27), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_tokens_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_index(op.f("ix_api_tokens_user_id"), "api_tokens", ["user_id"])
    op.create_table(
        "api_requests",
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(length=27), nullable=False),
        sa.Column("expires_at", UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_api_requests")),
    )
    op.create_index(op.f("ix_api_requests_expires_at"), "api_requests", ["expires_at"])
    users = sa.table(
        "users",
        sa.column("id", sa.String),
        sa.column("api_token_hash", sa.String),
        sa.column("created_at", UtcDateTime(length=27)),
    )
    connection = op.get_bind()
    former = sa.select(users).where(users.c.api_token_hash.is_not(None))
    for user in connection.execute(former).mappings().all():
        connection.execute(
            sa.insert(tokens).values(
                id=f"tok_{user['api_token_hash'][:16]}",
                user_id=user["id"],
                name="API token",
                token_hash=user["api_token_hash"],
                scopes=_SCOPES,
                created_at=user["created_at"],
            )
        )
    connection.execute(sa.update(users).values(api_token_hash=None))


def downgrade() -> None:
    op.drop_table("api_requests")
    op.drop_table("api_tokens")
