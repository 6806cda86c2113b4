"""Find what belongs to a draft or an alert without reading whole tables, when it is removed.

Revision ID: 0052
Revises: 0043
"""

from alembic import op

revision = "0052"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_draft_alerts_draft_id"), "draft_alerts", ["draft_id"])
    op.create_index(op.f("ix_search_entries_link"), "search_entries", ["link"])


def downgrade() -> None:
    op.drop_index(op.f("ix_search_entries_link"), table_name="search_entries")
    op.drop_index(op.f("ix_draft_alerts_draft_id"), table_name="draft_alerts")
