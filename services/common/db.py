"""Where SQLite and PostgreSQL differ and SQLAlchemy leaves it to us: moments, snapshots, locks, rows that are there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, String, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import DateTime, TypeDecorator, TypeEngine

from schemas.base import to_utc

__all__ = ["UtcDateTime", "exclusive", "reading", "try_exclusive", "try_shared", "upsert"]

#: ``2026-01-31T09:00:00.000000Z``: of one width, so that text sorts and compares as the moments do.
_TEXT_WIDTH = 27


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware moment, in UTC on the way in and out.

    SQLite has no such type: there it is ISO 8601 text of fixed width. PostgreSQL keeps it as ``timestamptz``.
    A moment without time zone is refused with ValueError.
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
        moment = to_utc(value)
        if dialect.name == "postgresql":
            return moment
        return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return moment.astimezone(UTC)


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    key_columns: Sequence[str],
    *,
    update: Sequence[str] | None = None,
) -> int:
    """Write ``rows``; where ``key_columns`` (a primary key or unique constraint) are taken, update that row.

    All rows must name the same columns. ``update`` names the columns that are overwritten (default: all that the rows
    name, but the key); with ``update=()`` a row that is there stays as it is, and without ``key_columns`` any unique
    constraint counts. Commits nothing. Returns how many rows
    were written.

    Raises:
        NotImplementedError: on a database other than SQLite and PostgreSQL.
    """
    if not rows:
        return 0
    values = [dict(row) for row in rows]
    written = [name for name in values[0] if name not in key_columns] if update is None else list(update)
    insert: sqlite.Insert | postgresql.Insert
    match connection.dialect.name:
        case "sqlite":
            insert = sqlite.insert(table)
        case "postgresql":
            insert = postgresql.insert(table)
        case other:
            raise NotImplementedError(f"rows can't be upserted on {other}; use SQLite or PostgreSQL")
    if written:
        statement = insert.on_conflict_do_update(
            index_elements=list(key_columns), set_={name: insert.excluded[name] for name in written}
        )
    else:
        statement = insert.on_conflict_do_nothing(index_elements=list(key_columns) or None)
    return connection.execute(statement, values, execution_options={"preserve_rowcount": True}).rowcount


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that only reads: it waits for no writer and keeps none waiting. All its reads see one moment."""
    options: dict[str, Any] = {"reading": True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection:
        yield connection


def exclusive(connection: Connection, *names: str) -> None:
    """Wait until no other transaction holds any of ``names``, in their order, and hold them until this one ends.

    What reads first and writes what follows from it needs this where the row to lock may not exist yet. On SQLite it
    does nothing: there, a transaction that writes is the only one.
    """
    if connection.dialect.name == "postgresql" and names:
        connection.execute(select(*(func.pg_advisory_xact_lock(_number(name)) for name in names)))


def try_exclusive(connection: Connection, name: str) -> bool:
    """Hold ``name`` for as long as this connection lasts, beyond transactions; False when another one does.

    On SQLite always True: one process has the database to itself there.
    """
    if connection.dialect.name != "postgresql":
        return True
    return bool(connection.scalar(select(func.pg_try_advisory_lock(_number(name)))))


def try_shared(connection: Connection, name: str) -> bool:
    """The same, together with others who hold it so; False when one holds it exclusively."""
    if connection.dialect.name != "postgresql":
        return True
    return bool(connection.scalar(select(func.pg_try_advisory_lock_shared(_number(name)))))


def _number(name: str) -> int:
    """Advisory locks are numbered with 64 bits."""
    digest = hashlib.blake2b(f"firstword/{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
