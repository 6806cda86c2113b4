"""The search index. ``firstword.storage.migrate`` fills it.

Revision ID: 0024
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0024"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_entries",
        sa.Column("id", sa.String(length=400), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("link", sa.String(length=80), nullable=False),
        sa.Column("at", db.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entries")),
    )
    with op.batch_alter_table("search_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_search_entries_client_id_kind"), ["client_id", "kind"], unique=False)
    word = sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql")
    op.create_table(
        "search_words",
        sa.Column("word", word, nullable=False),
        sa.Column("entry_id", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("word", "entry_id", name=op.f("pk_search_words")),
    )
    with op.batch_alter_table("search_words", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_search_words_entry_id"), ["entry_id"], unique=False)


def downgrade() -> None:
    op.drop_table("search_words")
    op.drop_table("search_entries")
