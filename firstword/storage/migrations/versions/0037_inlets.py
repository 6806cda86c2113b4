"""How a channel's items come in, and the inlet of a token.

Revision ID: 0037
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("feeds", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(16), nullable=True))
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.add_column(sa.Column("inlet_id", sa.String(64), nullable=True))
        batch_op.create_index(op.f("ix_api_tokens_inlet_id"), ["inlet_id"])


def downgrade() -> None:
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_api_tokens_inlet_id"))
        batch_op.drop_column("inlet_id")
    with op.batch_alter_table("feeds", schema=None) as batch_op:
        batch_op.drop_column("kind")
