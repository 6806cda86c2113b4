"""The account managers who are known, and what the client book's file says of fields that belong to the desk.

Revision ID: 0034
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0034"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    managers = op.create_table(
        "managers",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.Column("changed_at", db.UtcDateTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_managers")),
    )
    op.create_table(
        "client_file_values",
        sa.Column("client_id", sa.String(80), nullable=False),
        sa.Column("at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("client", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_client_file_values")),
    )
    clients = sa.table(
        "clients",
        sa.column("id", sa.String),
        sa.column("payload", sa.JSON),
        sa.column("sample", sa.Boolean),
        sa.column("changed_at", db.UtcDateTime(length=27)),
    )
    newest: dict[str, dict[str, object]] = {}
    for row in op.get_bind().execute(sa.select(clients).order_by(clients.c.changed_at, clients.c.id)).mappings():
        manager = row["payload"]["manager"]
        sample, changed_at = row["sample"], row["changed_at"]
        newest[manager["id"]] = {
            "id": manager["id"], "payload": manager, "sample": sample, "changed_at": changed_at
        }  # fmt: skip
    if newest:
        op.bulk_insert(managers, list(newest.values()))


def downgrade() -> None:
    op.drop_table("client_file_values")
    op.drop_table("managers")
