"""When the user of a session last proved who they are: at its beginning, for those that are open.

Revision ID: 0060
Revises: 0059
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("proved_at", db.UtcDateTime(length=27)))
    op.execute("UPDATE sessions SET proved_at = created_at")


def downgrade() -> None:
    op.drop_column("sessions", "proved_at")
