from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Select, String, Table, create_engine, insert, select

from services.common.db import UtcDateTime
from services.common.errors import BadInput
from services.common.keyset import Cursor, items_after, rows_after

T0 = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)
entries = Table(
    "entries",
    MetaData(),
    Column("id", String(8), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("weight", Integer, nullable=False),
)
ORDER = (entries.c.at > T0, entries.c.at.desc(), entries.c.weight, entries.c.id)


@pytest.fixture
def engine() -> Engine:
    engine = create_engine("sqlite://")
    entries.metadata.create_all(engine)
    add(engine, *(f"e{number}" for number in range(10)))
    return engine


def add(engine: Engine, *ids: str) -> None:
    with engine.begin() as connection:
        rows = [{"id": name, "at": T0 + timedelta(hours=int(name[1:]) % 3), "weight": len(name)} for name in ids]
        connection.execute(insert(entries), rows)


def ordered() -> Select[Any]:
    return select(entries.c.id).order_by(*ORDER)


def page(engine: Engine, cursor: str | None, size: int = 3) -> tuple[Sequence[str], str | None]:
    with engine.connect() as connection:
        rows, following = rows_after(connection, ordered(), Cursor(cursor or ""), size)
    return [row["id"] for row in rows], following


def test_pages_follow_the_order_of_the_query_and_miss_nothing(engine: Engine) -> None:
    found, cursor = page(engine, None)
    while cursor is not None:
        ids, cursor = page(engine, cursor)
        found = [*found, *ids]
    with engine.connect() as connection:
        assert found == list(connection.execute(ordered()).scalars())


def test_rows_that_come_and_go_move_no_others(engine: Engine) -> None:
    first, cursor = page(engine, None)
    second, _ = page(engine, cursor)
    add(engine, "a0", "a1", "a2")
    with engine.begin() as connection:
        connection.execute(entries.delete().where(entries.c.id == first[-1]))
    again, _ = page(engine, cursor)
    kept = [name for name in again if name.startswith("e")]
    assert kept == second[: len(kept)]
    assert not set(again) & set(first)


def test_the_last_page_has_no_cursor(engine: Engine) -> None:
    assert page(engine, None, size=10)[1] is None
    assert page(engine, None, size=9)[1] is not None


def encoded(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize("cursor", ["x", "é", "%%%", encoded(1), encoded("another", 1, "2026", 3, "e1"), "[" * 2_000])
def test_what_is_no_cursor_of_the_list_is_refused(engine: Engine, cursor: str) -> None:
    with pytest.raises(BadInput, match="does not belong to this list"):
        page(engine, cursor)


@pytest.mark.parametrize(
    "values",
    [(1, "2026-03-05T08:00:00+00:00", 2**70, "e1"), (1, "2026-03-05T08:00:00", 1, "e1"), (1, None, 1, "e1"),
     (1, "2026-03-05T08:00:00+00:00", 1, "e\x00"), (1, "2026-03-05T08:00:00+00:00", "1", "e1")],
)  # fmt: skip
def test_a_forged_cursor_is_refused(engine: Engine, values: tuple[object, ...]) -> None:
    _, cursor = page(engine, None)
    assert cursor is not None
    order = json.loads(base64.urlsafe_b64decode(cursor + "=="))[0]
    with pytest.raises(BadInput, match="does not belong to this list"):
        page(engine, encoded(order, *values))


def place(item: tuple[int, str]) -> tuple[int | str, ...]:
    return -item[0], item[1]


def listed(items: Sequence[tuple[int, str]], cursor: str) -> tuple[Sequence[tuple[int, str]], str | None]:
    return items_after(items, Cursor(cursor), 2, place, order="items")


def test_pages_of_a_list_miss_nothing_when_items_come_and_go() -> None:
    items = [(9, "a"), (9, "b"), (4, "c"), (4, "d"), (1, "e")]
    first, cursor = listed(items, "")
    assert (first, cursor is None) == (items[:2], False)
    second, cursor = listed([(12, "new"), *items[:1], *items[2:]], cursor or "")
    assert second == items[2:4]
    assert listed(items, cursor or "") == (items[4:], None)


@pytest.mark.parametrize("cursor", ["x", "[" * 2_000, encoded("others", 1, "a"), encoded("items", "a", 1), encoded(7)])
def test_what_is_no_cursor_of_a_list_in_memory_is_refused(cursor: str) -> None:
    with pytest.raises(BadInput, match="does not belong to this list"):
        listed([(9, "a"), (4, "b")], cursor)
