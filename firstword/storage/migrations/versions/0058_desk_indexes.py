"""Let the desk's pages count, group and sort thousands of drafts and clients without reading them.

Revision ID: 0058
Revises: 0057
"""

from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

#: The new indexes: table, name, columns.
_INDEXES = (
    ("clients", "ix_clients_served", ["removed", "sample", "manager_id", "id"]),
    ("clients", "ix_clients_changed_at_id", ["changed_at", "id"]),
    (
        "alerts",
        "ix_alerts_verdict_is_current_raised_at_client_id_id",
        ["verdict", "is_current", "raised_at", "client_id", "id"],
    ),
    ("alerts", "ix_alerts_kind_id", ["kind", "id"]),
    (
        "drafts",
        "ix_drafts_inbox",
        ["state", "deadline_at", "created_at", "client_id", "story_id", "alert_id", "verdict", "urgency", "id"],
    ),
    ("drafts", "ix_drafts_story_id", ["story_id"]),
    ("drafts", "ix_drafts_version", ["version"]),
    ("interactions", "ix_interactions_at", ["at"]),
)
#: Indexes that one of the new ones begins with.
_REPLACED = (
    ("alerts", "ix_alerts_verdict_is_current_raised_at", ["verdict", "is_current", "raised_at"]),
    ("drafts", "ix_drafts_state_deadline_at", ["state", "deadline_at"]),
)


def upgrade() -> None:
    for table, name, columns in _INDEXES:
        op.create_index(name, table, columns)
    for table, name, _ in _REPLACED:
        op.drop_index(name, table_name=table)


def downgrade() -> None:
    for table, name, columns in _REPLACED:
        op.create_index(name, table, columns)
    for table, name, _ in _INDEXES:
        op.drop_index(name, table_name=table)
