"""Opinions that were sent, and the columns of alerts that lead to their outcomes.

Revision ID: 0006
Revises: 0005
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: Columns filled from the alerts' payloads. The types are repeated here because those in the code will change.
FACTS: dict[str, Any] = {
    "entity_id": sa.Text(),
    "kind": sa.String(length=40),
    "stance": sa.String(length=20),
    "direction": sa.String(length=20),
    "information_grade": sa.Integer(),
    "earlier_alert_id": sa.String(length=80),
}
BATCH = 500


def upgrade() -> None:
    op.create_table(
        "advice",
        sa.Column("draft_id", sa.String(length=80), nullable=False),
        sa.Column("alert_id", sa.String(length=80), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("manager_id", sa.String(length=80), nullable=False),
        sa.Column("sent_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("playbook", sa.Text(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reworded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("draft_id", "alert_id", name=op.f("pk_advice")),
    )
    with op.batch_alter_table("advice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_advice_client_id_sent_at"), ["client_id", "sent_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_advice_sent_at"), ["sent_at"], unique=False)

    with op.batch_alter_table("alerts", schema=None) as batch_op:
        for name, kind in FACTS.items():
            batch_op.add_column(sa.Column(name, kind, nullable=True))
        batch_op.create_index(
            batch_op.f("ix_alerts_client_id_entity_id_raised_at"), ["client_id", "entity_id", "raised_at"], unique=False
        )
    connection = op.get_bind()
    _fill_alerts(connection)
    _keep_sent(connection)


def downgrade() -> None:
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alerts_client_id_entity_id_raised_at"))
        for name in FACTS:
            batch_op.drop_column(name)
    op.drop_table("advice")


def _fill_alerts(connection: sa.Connection) -> None:
    alerts = sa.table("alerts", sa.column("id"), sa.column("payload", sa.JSON()), *map(sa.column, FACTS))
    ids = connection.execute(sa.select(alerts.c.id).order_by(alerts.c.id)).scalars().all()
    change = (
        sa.update(alerts)
        .where(alerts.c.id == sa.bindparam("this"))
        .values({name: sa.bindparam(f"new_{name}") for name in FACTS})
    )
    for start in range(0, len(ids), BATCH):
        some = sa.select(alerts.c.id, alerts.c.payload).where(alerts.c.id.in_(ids[start : start + BATCH]))
        rows = [
            {"this": row.id, **{f"new_{name}": row.payload.get(name) for name in FACTS}}
            for row in connection.execute(some)
        ]
        connection.execute(change, rows)


def _keep_sent(connection: sa.Connection) -> None:
    """Add the opinions that were sent before; each is one of the message's parts, and a message had one rule then."""
    drafts = sa.table("drafts", *map(sa.column, ("id", "state", "body")), sa.column("payload", sa.JSON()))
    contacts = sa.table("interactions", *map(sa.column, ("draft_id", "outcome")), sa.column("at", db.UtcDateTime()))
    advice = sa.table(
        "advice",
        *map(sa.column, ("draft_id", "alert_id", "client_id", "manager_id", "playbook", "rule", "text")),
        sa.column("sent_at", db.UtcDateTime()),
        sa.column("reworded", sa.Boolean()),
    )
    first = (
        sa.select(contacts.c.draft_id, sa.func.min(contacts.c.at).label("at"))
        .where(contacts.c.outcome == "sent", contacts.c.draft_id.is_not(None))
        .group_by(contacts.c.draft_id)
    )
    sent_at = {row.draft_id: row.at for row in connection.execute(first)}
    rows = []
    for row in connection.execute(sa.select(drafts).where(drafts.c.state == "sent")):
        draft = row.payload
        texts = [part["text"] for part in draft["parts"] if part["role"] == "opinion"]
        if row.id not in sent_at or not texts or not (draft.get("rule") or draft["verdict"] == "correct"):
            continue
        kept = {name: draft.get(name) for name in ("alert_id", "client_id", "manager_id", "playbook", "rule")}
        text = {"text": texts[0], "reworded": texts[0] not in row.body}
        rows.append({"draft_id": row.id, "sent_at": sent_at[row.id], **kept, **text})
    if rows:
        connection.execute(sa.insert(advice), rows)
