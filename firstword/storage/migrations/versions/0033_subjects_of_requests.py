"""The clients whom a request under an idempotency key concerned, by which its repeat is authorized again.

Revision ID: 0033
Revises: 0051
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("api_requests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("subjects", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("api_requests", schema=None) as batch_op:
        batch_op.drop_column("subjects")
