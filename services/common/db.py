"""Hides the differences between SQLite and PostgreSQL that SQLAlchemy does not: times, snapshots, locks, upserts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, Engine, Insert, String, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import DateTime, TypeDecorator, TypeEngine

from schemas.base import to_utc

__all__ = ["UtcDateTime", "exclusive", "reading", "try_briefly", "try_exclusive", "try_shared", "upsert"]

#: ``2026-01-31T09:00:00.000000Z``: of fixed width, so that texts compare in the order of time.
_TEXT_WIDTH = 27
_WITHOUT_ZONE = _TEXT_WIDTH - 1


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware time, converted to UTC when written and read.

    PostgreSQL stores it as ``timestamptz``; SQLite, which has no such type, as ISO 8601 text of fixed width. A time
    without a time zone raises ValueError.
    """

    impl = String(_TEXT_WIDTH)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(_TEXT_WIDTH))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return to_utc(value) if dialect.name == "postgresql" else _as_text(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return moment.astimezone(UTC)


@lru_cache(maxsize=256)  # most moments of a transaction are the same
def _as_text(moment: datetime) -> str:
    return f"{to_utc(moment).isoformat(timespec='microseconds')[:_WITHOUT_ZONE]}Z"


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    key_columns: Sequence[str],
    *,
    update: Sequence[str] | None = None,
) -> int:
    """Insert ``rows``, or update existing rows with the same ``key_columns`` (a primary key or unique constraint).

    All rows must have the same columns. ``update`` lists the columns to overwrite; by default, all but the key. With
    ``update=()`` existing rows stay unchanged; without ``key_columns``, any unique constraint counts then. Does not
    commit. Returns the number of rows written.

    Raises:
        NotImplementedError: the database is neither SQLite nor PostgreSQL.
    """
    if not rows:
        return 0
    values = [dict(row) for row in rows]
    written = [name for name in values[0] if name not in key_columns] if update is None else list(update)
    statement = _upsert(connection.dialect.name, table, tuple(key_columns), tuple(written))
    return connection.execute(statement, values, execution_options={"preserve_rowcount": True}).rowcount


@cache
def _upsert(dialect: str, table: Table, key_columns: tuple[str, ...], written: tuple[str, ...]) -> Insert:
    """Build the statement once: that takes longer than to execute it."""
    insert: sqlite.Insert | postgresql.Insert
    match dialect:
        case "sqlite":
            insert = sqlite.insert(table)
        case "postgresql":
            insert = postgresql.insert(table)
        case other:
            raise NotImplementedError(f"upsert does not support {other}; use SQLite or PostgreSQL")
    if written:
        return insert.on_conflict_do_update(
            index_elements=key_columns, set_={name: insert.excluded[name] for name in written}
        )
    return insert.on_conflict_do_nothing(index_elements=key_columns or None)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a read-only connection that sees one snapshot; it neither waits for writers nor blocks them."""
    options: dict[str, Any] = {"reading": True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection:
        yield connection


def exclusive(connection: Connection, *names: str) -> None:
    """Lock ``names``, in order, until the transaction ends; wait while another transaction holds one of them.

    Needed to read and then write where the row to lock may not exist yet. Does nothing on SQLite, where only one
    transaction can write.
    """
    if connection.dialect.name == "postgresql" and names:
        connection.execute(select(*(func.pg_advisory_xact_lock(_number(name)) for name in names)))


def try_briefly(connection: Connection, name: str) -> bool:
    """Lock ``name`` until the transaction ends; False if another connection holds it, instead of waiting for it.

    Always True on SQLite, where only one transaction can write.
    """
    return _try_lock(connection, func.pg_try_advisory_xact_lock, name)


def try_exclusive(connection: Connection, name: str) -> bool:
    """Lock ``name`` for the lifetime of the connection, across transactions; False if another connection holds it.

    Always True on SQLite, which only one process uses.
    """
    return _try_lock(connection, func.pg_try_advisory_lock, name)


def try_shared(connection: Connection, name: str) -> bool:
    """Lock ``name`` like :func:`try_exclusive`, but shared; False if another connection holds it exclusively."""
    return _try_lock(connection, func.pg_try_advisory_lock_shared, name)


def _try_lock(connection: Connection, lock: Callable[[int], ColumnElement[Any]], name: str) -> bool:
    return connection.dialect.name != "postgresql" or bool(connection.scalar(select(lock(_number(name)))))


def _number(name: str) -> int:
    """Return the 64-bit number of an advisory lock."""
    digest = hashlib.blake2b(f"firstword/{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
