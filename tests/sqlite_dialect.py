"""SQLite for tests: each process compiles a statement once, not for each database, and nothing waits for the disk.

SQLAlchemy keeps what it compiled by dialect and by engine, and nearly every test opens a database of its own.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

__all__ = ["SharedSqlite", "prepare_sqlite"]

#: More than all statements of the product.
STATEMENTS = 5_000
_COMPILED: LRUCache[Any, Any] = LRUCache(STATEMENTS)


class SharedSqlite(SQLiteDialect_pysqlite):
    """All instances are equal: with the options that the product uses, they compile a statement to the same SQL."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SharedSqlite)

    def __hash__(self) -> int:
        return hash(SharedSqlite)

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=_COMPILED)


def _do_not_sync(connection: Connection) -> None:
    """Let the connection write without waiting for the disk: no test cuts the power."""
    if connection.dialect.name == "sqlite" and not connection.info.get("unsynced"):
        connection.info["unsynced"] = True
        connection.connection.cursor().execute("PRAGMA synchronous=OFF")


def prepare_sqlite() -> None:
    """Prepare every SQLite database that this process opens from now on."""
    registry.register("sqlite", __name__, SharedSqlite.__name__)
    event.listen(Engine, "engine_connect", _do_not_sync)
