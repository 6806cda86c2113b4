"""Fixtures that do once what costs more than most tests of the command line: build its commands, migrate tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest
import typer.main
import typer.testing
from sqlalchemy import Engine, inspect

from firstword.compose import common
from firstword.storage.migrate import migrate


@pytest.fixture(scope="session", autouse=True)
def _built_once(migrated_file: Path) -> Iterator[None]:
    def migrate_a_copy(engine: Engine) -> str | None:
        """Migrate; a new file begins as a copy of one that was migrated before."""
        if engine.dialect.name == "sqlite" and not inspect(engine).get_table_names():
            with closing(sqlite3.connect(migrated_file)) as migrated, engine.connect() as connection:
                new = connection.connection.driver_connection
                assert isinstance(new, sqlite3.Connection)
                migrated.backup(new)
        return migrate(engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(common, "migrate", migrate_a_copy)
        commands = cache(typer.main.get_command)
        patch.setattr(typer.main, "get_command", commands)
        patch.setattr(typer.testing, "_get_command", commands)
        yield
