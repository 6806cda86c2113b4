"""Brings a database's tables to what this version needs, with Alembic; safe to run at every start."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData

from firstword.storage.engine import translate_outages
from firstword.storage.tables import metadata as runtime_tables
from services.common.db import exclusive, reading
from services.common.errors import FirstwordError
from services.ingest.tables import metadata as ingest_tables
from services.notifier.advice import tables as _advice_tables  # noqa: F401 - adds to the notifier's
from services.notifier.digest import tables as _delivery_tables  # noqa: F401 - adds to the notifier's
from services.notifier.rewording import tables as _wording_tables  # noqa: F401 - adds to the notifier's
from services.notifier.tables import metadata as notifier_tables
from services.notifier.webhooks import tables as _webhook_tables  # noqa: F401 - adds to the notifier's

__all__ = ["ALL_TABLES", "NewerDatabase", "NotMigrated", "migrate", "require_migrated"]

#: The tables of the runtime and of every service, as migrations are compared with them.
ALL_TABLES: tuple[MetaData, ...] = (runtime_tables, ingest_tables, notifier_tables)


class NewerDatabase(FirstwordError):
    """The database was written by a later version than this one."""


class NotMigrated(FirstwordError):
    """The database's tables are not those of this version."""

    exit_code = 3


def migrate(engine: Engine) -> str | None:
    """Bring ``engine``'s tables to the newest revision, in one transaction; return it, or None when they were there.

    Several at once are harmless: the first does it, the others wait for it and find it done.

    Raises:
        NewerDatabase: when the database's revision isn't known here.
        Unreachable: when the database doesn't answer.
    """
    config, scripts = _scripts()
    head = scripts.get_current_head()
    if _revision(engine, scripts) == head:
        return None
    with engine.begin() as connection:
        exclusive(connection, "migrate")
        if MigrationContext.configure(connection).get_current_revision() == head:
            return None
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return head


def require_migrated(engine: Engine) -> None:
    """Check that the tables are those of this version: one job brings them there, before the services start.

    Raises:
        NotMigrated: when they are older, or not there.
        NewerDatabase: when a later version wrote them.
        Unreachable: when the database doesn't answer.
    """
    _, scripts = _scripts()
    found = _revision(engine, scripts)
    if found != scripts.get_current_head():
        raise NotMigrated(
            f"The database's tables are {'not there yet' if found is None else f'at revision {found}'}.",
            fix="Run 'firstword migrate' once, and then this again.",
        )


def _scripts() -> tuple[Config, ScriptDirectory]:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config, ScriptDirectory.from_config(config)


def _revision(engine: Engine, scripts: ScriptDirectory) -> str | None:
    with translate_outages(engine), reading(engine) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise NewerDatabase(
            f"The database is at revision {current}, which this version of Firstword doesn't know.",
            fix="Start the version that wrote it, or restore the copy from before the update.",
        )
    return current
