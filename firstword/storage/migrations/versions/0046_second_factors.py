"""Second factors of users, their recovery codes, and the roles that need one.

Revision ID: 0046
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

from services.common import db

revision = "0046"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", db.UtcDateTime(length=27), nullable=False),
        sa.Column("confirmed_at", db.UtcDateTime(length=27), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_second_factors_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", db.UtcDateTime(length=27), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id")),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "required_factors",
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_required_factors")),
    )


def downgrade() -> None:
    for table in ("required_factors", "recovery_codes", "second_factors"):
        op.drop_table(table)
