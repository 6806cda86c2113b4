"""Messages to account managers and their channels, deliveries to report, and the rate of webhook endpoints.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from schemas.base import content_id
from services.common import db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "manager_wishes",
        sa.Column("manager_id", sa.String(length=80), nullable=False),
        sa.Column("wishes", sa.JSON(), nullable=False),
        sa.Column("changed_at", db.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("manager_id", name=op.f("pk_manager_wishes")),
    )
    op.create_table(
        "noticed",
        sa.Column("draft_id", sa.String(length=80), nullable=False),
        sa.Column("message_id", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("draft_id", name=op.f("pk_noticed")),
    )
    op.create_table(
        "manager_messages",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("manager_id", sa.String(length=80), nullable=False),
        sa.Column("about", sa.String(length=80), nullable=False),
        sa.Column("due_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("made_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("others", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", db.UtcDateTime(length=27), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("chat", sa.JSON(), nullable=False),
        sa.Column("changed_at", db.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manager_messages")),
        sa.UniqueConstraint("kind", "manager_id", "about", name=op.f("uq_manager_messages_kind_manager_id_about")),
    )
    with op.batch_alter_table("manager_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_manager_messages_made_at"), ["made_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_manager_messages_status_next_attempt_at"), ["status", "next_attempt_at"], unique=False
        )
    _carry_digests()
    op.drop_table("digests")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("untold", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index(batch_op.f("ix_deliveries_untold"), ["untold"], unique=False)
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.alter_column("untold", server_default=None)
    with op.batch_alter_table("webhook_endpoints", schema=None) as batch_op:
        batch_op.add_column(sa.Column("paced_until", db.UtcDateTime(length=27), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("webhook_endpoints", schema=None) as batch_op:
        batch_op.drop_column("paced_until")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deliveries_untold"))
        batch_op.drop_column("untold")
    op.create_table(
        "digests",
        sa.Column("manager_id", sa.String(length=80), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("due_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("made_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", db.UtcDateTime(length=27), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("manager_id", "day", name=op.f("pk_digests")),
    )
    with op.batch_alter_table("digests", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_digests_status_next_attempt_at"), ["status", "next_attempt_at"], unique=False
        )
    op.drop_table("manager_messages")
    op.drop_table("noticed")
    op.drop_table("manager_wishes")


def _carry_digests() -> None:
    """Add the digests that were sent, so that none is sent again."""
    connection = op.get_bind()
    moments = {name: db.UtcDateTime() for name in ("due_at", "made_at", "next_attempt_at")}
    texts = ("manager_id", "day", "status", "last_error", "recipient", "subject", "text", "html")
    digests = sa.table(
        "digests",
        sa.column("attempts", sa.Integer()),
        *(sa.column(name, sa.Text()) for name in texts),
        *(sa.column(name, kind) for name, kind in moments.items()),
    )
    messages = sa.table(
        "manager_messages",
        *(sa.column(name, sa.Text()) for name in (*texts, "id", "kind", "about", "channel") if name != "day"),
        *(sa.column(name, sa.JSON()) for name in ("others", "chat")),
        *(sa.column(name, kind) for name, kind in (moments | {"changed_at": db.UtcDateTime()}).items()),
        sa.column("attempts", sa.Integer()),
    )
    rows = [dict(row) for row in connection.execute(sa.select(digests)).mappings()]
    for row in rows:
        day = row.pop("day")
        row |= {"id": content_id("dig", row["manager_id"], day), "kind": "digest", "about": day, "channel": "email"}
        row |= {"others": [], "chat": [], "changed_at": row["made_at"], "recipient": row["recipient"] or ""}
    if rows:
        connection.execute(sa.insert(messages), rows)
