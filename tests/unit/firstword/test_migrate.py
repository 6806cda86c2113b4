"""Migrations give the tables that the code declares; a later version's database is left alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from firstword.kit.db import reading
from firstword.kit.errors import BadInput, Unreachable
from firstword.storage.engine import open_database, open_sqlite
from firstword.storage.migrate import ALL_TABLES, NewerDatabase, NotMigrated, migrate, require_migrated
from tests.postgres_server import Postgres


def test_the_migrations_give_the_declared_tables(database: Engine) -> None:
    with reading(database) as connection:
        differences = compare_metadata(MigrationContext.configure(connection), list(ALL_TABLES))  # type: ignore[arg-type]
    assert differences == [], "write a migration for them"


def test_a_second_run_changes_nothing(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("INSERT INTO offsets (consumer, seq) VALUES ('x', 3)"))
    assert migrate(database) is None
    with reading(database) as connection:
        assert connection.execute(text("SELECT seq FROM offsets")).scalar() == 3


def test_a_later_versions_database_is_refused(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for look in (migrate, require_migrated):
        with pytest.raises(NewerDatabase, match="revision 9999"):
            look(database)


def test_services_say_when_the_tables_are_not_there(tmp_path: Path) -> None:
    engine = open_sqlite(tmp_path / "empty.db")
    with pytest.raises(NotMigrated, match=r"not there yet.*firstword migrate"):
        require_migrated(engine)
    engine.dispose()


@pytest.mark.postgres
def test_several_migrations_at_once_are_one(postgres: Postgres) -> None:
    url = postgres.new(migrated=False)
    engine = open_database(url.render_as_string(hide_password=False))
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: migrate(engine), range(4)))
    assert len([one for one in done if one is not None]) == 1
    assert "drafts" in inspect(engine).get_table_names()
    engine.dispose()
    postgres.drop(url)


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    engine = open_database("postgresql://ann:tellnobody@127.0.0.1:1/news")
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1") as caught:
        migrate(engine)
    assert "tellnobody" not in str(caught.value)
    engine.dispose()


@pytest.mark.parametrize("url", ["mysql://ann:tellnobody@host/news", "no url at all"])
def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="postgresql://") as caught:
        open_database(url)
    assert "tellnobody" not in str(caught.value)
