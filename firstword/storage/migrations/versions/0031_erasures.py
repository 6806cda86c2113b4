"""The clients whose data is erased.

Revision ID: 0031
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0031"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("client_id", sa.String(80), nullable=False),
        sa.Column("requested_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("requested_by", sa.String(80), nullable=False),
        sa.Column("ends_at", db.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name="pk_erasures"),
    )


def downgrade() -> None:
    op.drop_table("erasures")
