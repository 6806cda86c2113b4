"""Brings a database's tables to what this version needs, with Alembic; safe to run at every start."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData

from firstword.kit.db import reading
from firstword.kit.errors import FirstwordError
from firstword.storage.tables import metadata as runtime_tables
from services.ingest.tables import metadata as ingest_tables
from services.notifier.tables import metadata as notifier_tables

__all__ = ["ALL_TABLES", "NewerDatabase", "migrate"]

#: The tables of the runtime and of every service, as migrations are compared with them.
ALL_TABLES: tuple[MetaData, ...] = (runtime_tables, ingest_tables, notifier_tables)


class NewerDatabase(FirstwordError):
    """The database was written by a later version than this one."""


def migrate(engine: Engine) -> None:
    """Bring ``engine``'s tables to the newest revision, in one transaction; does nothing when they are there.

    Raises:
        NewerDatabase: when the database's revision isn't known here.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    with reading(engine) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == scripts.get_current_head():
        return
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise NewerDatabase(
            f"The database is at revision {current}, which this version of Firstword doesn't know.",
            mend="Start the version that wrote it, or restore the copy from before the update.",
        )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
