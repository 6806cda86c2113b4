from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Dialect, MetaData, String, Table, create_engine, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import StatementError

from services.common.db import UtcDateTime, upsert

METADATA = MetaData()
THINGS = Table(
    "things", METADATA, Column("id", String, primary_key=True), Column("name", String), Column("at", UtcDateTime)
)
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        METADATA.create_all(connection)
        yield connection
    engine.dispose()


def test_a_time_is_read_back_in_utc_and_is_readable_text_in_sqlite(connection: Connection) -> None:
    in_paris = NOON.astimezone(timezone(timedelta(hours=1)))
    upsert(connection, THINGS, [{"id": "a", "name": "x", "at": in_paris}], ["id"])
    assert connection.execute(select(THINGS.c.at)).scalar_one() == NOON
    assert connection.execute(text("select at from things")).scalar_one() == "2026-01-31T12:00:00.000000Z"


def test_a_time_without_a_time_zone_is_refused(connection: Connection) -> None:
    with pytest.raises(StatementError, match="time zone"):
        upsert(connection, THINGS, [{"id": "a", "name": "x", "at": datetime(2026, 1, 31)}], ["id"])  # noqa: DTZ001


@given(st.lists(st.datetimes(timezones=st.just(UTC)), min_size=2))
def test_the_texts_sort_in_the_order_of_time(moments: list[datetime]) -> None:
    dialect: Dialect = sqlite.dialect()
    kind = UtcDateTime()
    texts = [kind.process_bind_param(moment, dialect) for moment in moments]
    assert [kind.process_result_value(written, dialect) for written in sorted(texts)] == sorted(moments)


def test_postgresql_uses_its_own_type() -> None:
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    assert UtcDateTime().compile(dialect=dialect) == "TIMESTAMP WITH TIME ZONE"
    assert UtcDateTime().process_bind_param(NOON, dialect) == NOON


def test_upsert_updates_the_given_columns(connection: Connection) -> None:
    upsert(connection, THINGS, [{"id": "a", "name": "first", "at": NOON}], ["id"])
    upsert(
        connection, THINGS, [{"id": "a", "name": "second", "at": None}, {"id": "b", "name": "b", "at": None}], ["id"]
    )
    assert connection.execute(select(THINGS)).all() == [("a", "second", None), ("b", "b", None)]
    upsert(connection, THINGS, [{"id": "a", "name": "third", "at": NOON}], ["id"], update=["at"])
    upsert(connection, THINGS, [{"id": "b", "name": "kept out", "at": NOON}], ["id"], update=())
    assert connection.execute(select(THINGS)).all() == [("a", "second", NOON), ("b", "b", None)]


def test_upsert_without_rows_does_nothing(connection: Connection) -> None:
    upsert(connection, THINGS, [], ["id"])
    assert connection.execute(select(THINGS)).all() == []
