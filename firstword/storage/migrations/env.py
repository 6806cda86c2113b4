"""Run the migrations over the connection that :func:`firstword.storage.migrate.migrate` provides. Called by Alembic."""

from __future__ import annotations

from alembic import context

from firstword.storage.migrate import ALL_TABLES

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=list(ALL_TABLES),
    transactional_ddl=True,
    render_as_batch=True,
    user_module_prefix="db.",
)
with context.begin_transaction():
    context.run_migrations()
