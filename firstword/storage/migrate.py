"""Migrate a database's tables to this version with Alembic. Safe to run at every start."""

from __future__ import annotations

from functools import cache
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
from services.notifier import model_answers as _model_answers  # noqa: F401 - adds to the notifier's
from services.notifier.advice import tables as _advice_tables  # noqa: F401 - adds to the notifier's
from services.notifier.client_book import tables as _client_book_tables  # noqa: F401 - adds to the notifier's
from services.notifier.client_book.duplicate_store import rebuild_duplicate_keys
from services.notifier.client_import import tables as _client_import_tables  # noqa: F401 - adds to the notifier's
from services.notifier.digest import tables as _delivery_tables  # noqa: F401 - adds to the notifier's
from services.notifier.event_views import store as event_views
from services.notifier.people import tables as _people_tables  # noqa: F401 - adds to the notifier's
from services.notifier.rewording import tables as _rewording_tables  # noqa: F401 - adds to the notifier's
from services.notifier.search import index as search_index
from services.notifier.second_reading import tables as _second_reading_tables  # noqa: F401 - adds to the notifier's
from services.notifier.tables import metadata as notifier_tables
from services.notifier.triage import tables as _triage_tables  # noqa: F401 - adds to the notifier's
from services.notifier.webhooks import tables as _webhook_tables  # noqa: F401 - adds to the notifier's

__all__ = ["ALL_TABLES", "NewerDatabase", "NotMigrated", "migrate", "require_migrated"]

#: The tables of the runtimes and of every service; a test compares the migrations with them.
ALL_TABLES: tuple[MetaData, ...] = (runtime_tables, ingest_tables, notifier_tables)


class NewerDatabase(FirstwordError):
    """A later version of Firstword wrote the database."""


class NotMigrated(FirstwordError):
    """The database's tables don't fit this version."""

    exit_code = 3


def migrate(engine: Engine) -> str | None:
    """Migrate to the latest revision in one transaction; return it, or None if the database is at it already.

    Several processes may do this at once: one migrates, the others wait and find it done.

    Raises:
        NewerDatabase: this version doesn't know the database's revision.
        Unreachable: the database does not answer.
    """
    scripts = _scripts()
    head = scripts.get_current_head()
    if _revision(engine, scripts) == head:
        return None
    with engine.begin() as connection:
        exclusive(connection, "migrate")
        if MigrationContext.configure(connection).get_current_revision() == head:
            return None
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if event_views.is_empty(connection):
            event_views.rebuild(connection)
        if search_index.is_empty(connection):
            search_index.rebuild(connection)
        rebuild_duplicate_keys(connection)
    return head


def require_migrated(engine: Engine) -> None:
    """Check that the tables fit this version. A separate job migrates them before the services start.

    Raises:
        NotMigrated: the tables are older or missing.
        NewerDatabase: a later version wrote them.
        Unreachable: the database does not answer.
    """
    scripts = _scripts()
    found = _revision(engine, scripts)
    if found != scripts.get_current_head():
        raise NotMigrated(
            "The database has no tables yet." if found is None else f"The database is at the older revision {found}.",
            fix="Run 'firstword migrate' once, then try again.",
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


@cache
def _scripts() -> ScriptDirectory:
    """Return the revisions, whose files are read once."""
    return ScriptDirectory.from_config(_config())


def _revision(engine: Engine, scripts: ScriptDirectory) -> str | None:
    with translate_outages(engine), reading(engine) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise NewerDatabase(
            f"The database is at revision {current}, which this version of Firstword does not know.",
            fix="Use the version that wrote it, or restore the backup from before the update.",
        )
    return current
