"""Search in the texts of messages, and one folding of names. ``firstword.storage.migrate`` makes the index again.

Revision ID: 0032
Revises: 0044
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_bodies",
        sa.Column("entry_id", sa.String(length=400), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_search_bodies")),
    )
    op.execute(sa.delete(sa.table("search_words")))
    op.execute(sa.delete(sa.table("search_entries")))


def downgrade() -> None:
    op.drop_table("search_bodies")
