"""The database engine: SQLite tuned for one process with several threads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from firstword.kit.errors import BadInput

__all__ = ["open_sqlite"]

#: How long a writer waits for another to finish; transactions here take milliseconds.
BUSY_TIMEOUT_SECONDS = 30


def open_sqlite(path: Path) -> Engine:
    """Open (or create) the database file at ``path``.

    Write-ahead log, so that readers never wait for the writer; every commit is synced to disk, so that nothing that
    was acknowledged is lost to a power cut. A transaction takes the write lock when it begins: one that reads first
    and writes later could otherwise fail instead of wait. Reading connections say so by the execution option
    ``reading`` (see :func:`firstword.kit.db.reading`) and take no lock.

    Raises:
        BadInput: when the folder can't be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"{path.parent}: the data folder can't be made: {error.strerror}.", mend="Name another with --data."
        ) from error
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        pool_size=10,
        max_overflow=20,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, below
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
