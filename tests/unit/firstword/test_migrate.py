"""Migrations give the tables that the code declares; a later version's database is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from firstword.kit.db import reading
from firstword.storage.engine import open_sqlite
from firstword.storage.migrate import ALL_TABLES, NewerDatabase, migrate


def test_the_migrations_give_the_declared_tables(tmp_path: Path) -> None:
    engine = open_sqlite(tmp_path / "new.db")
    migrate(engine)
    with reading(engine) as connection:
        differences = compare_metadata(MigrationContext.configure(connection), list(ALL_TABLES))  # type: ignore[arg-type]
    engine.dispose()
    assert differences == [], "write a migration for them"


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    engine = open_sqlite(tmp_path / "twice.db")
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO offsets (consumer, seq) VALUES ('x', 3)"))
    migrate(engine)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT seq FROM offsets")).scalar() == 3
    engine.dispose()


def test_a_later_versions_database_is_refused(tmp_path: Path) -> None:
    engine = open_sqlite(tmp_path / "later.db")
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase, match="revision 9999"):
        migrate(engine)
    engine.dispose()
