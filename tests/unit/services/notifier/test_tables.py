from __future__ import annotations

import pytest
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from services.notifier.tables import metadata


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["sqlite", "postgresql"])  # type: ignore[no-untyped-call]
def test_the_tables_can_be_created_on_either_database(dialect: Dialect) -> None:
    names = []
    for table in metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            assert "CREATE" in str(CreateIndex(index).compile(dialect=dialect))
            names.append(str(index.name))
    assert len(set(names)) == len(names)
    assert all(len(name) < 63 for name in names), "PostgreSQL truncates longer names"


def test_moments_are_stored_with_their_zone() -> None:
    types = {column.type.__class__.__name__ for table in metadata.sorted_tables for column in table.columns}
    assert "DateTime" not in types
    assert "UtcDateTime" in types
