"""How much of their articles each feed's latest items have.

Revision ID: 0064
Revises: 0063
"""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feeds", sa.Column("extents", sa.String(length=40), nullable=True))


def downgrade() -> None:
    op.drop_column("feeds", "extents")
