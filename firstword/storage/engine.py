"""Open a database: SQLite for one process with several threads, or PostgreSQL for many processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from services.common.errors import BadInput, FirstwordError, Unreachable
from services.common.private_files import prepare_data_folder

__all__ = ["DamagedDatabase", "explain_database_error", "open_database", "open_sqlite", "translate_outages"]

#: A writer waits this long for another one; transactions take milliseconds.
BUSY_TIMEOUT_SECONDS = 30
CONNECT_TIMEOUT_SECONDS = 10
#: After about this long without an answer, a server is given up (a pulled cable, a frozen host).
DEAD_PEER_SECONDS = 30
#: The first bytes of every SQLite database (https://sqlite.org/fileformat2.html, section 1.3).
_MAGIC = b"SQLite format 3\0"
_RESTORE = (
    "Stop Firstword and put back the data folder from your backup. Keep the damaged files: SQLite's '.recover' may "
    "read what is left of them."
)
#: What SQLite says → (what happened, what to do).
_SQLITE_ERRORS = {
    "file is not a database": ("is damaged: it is not an SQLite file", _RESTORE),
    "disk image is malformed": ("is damaged", _RESTORE),
    "disk is full": (
        "can't be written to, because the disk is full",
        "Free some space, then start again: nothing is lost.",
    ),
    "readonly database": ("can't be written to", "Give the data folder to the user who runs Firstword."),
    "unable to open database file": ("can't be opened", "Give the data folder to the user who runs Firstword."),
    "disk i/o error": ("can't be read or written: the disk reports an error", "Check the disk, then start again."),
    "database is locked": ("is in use by another program", "Close that program, for example a database browser."),
}
#: What libpq says of a connection with TLS → what to do.
_TLS_FIXES = {
    "certificate verify failed": "Give the certificate of those who signed the server's: FIRSTWORD_DATABASE_CA.",
    "does not match host name": "Name the server in FIRSTWORD_DATABASE as its certificate does.",
    "root certificate file": "FIRSTWORD_DATABASE_CA names no file that can be read; correct it.",
    "could not read root certificate": "FIRSTWORD_DATABASE_CA holds no certificate (PEM); correct it.",
    "server does not support SSL": "Switch on TLS at the server (ssl = on), or unset FIRSTWORD_DATABASE_CA.",
    "no encryption": "The server accepts encrypted connections only: set FIRSTWORD_DATABASE_CA.",
    "password authentication failed": "Correct the user in FIRSTWORD_DATABASE, or FIRSTWORD_DATABASE_PASSWORD.",
}
_SPELLINGS = ("postgres", "postgresql", "postgresql+psycopg")


class DamagedDatabase(FirstwordError):
    """The database file is damaged, empty or missing where it should not be."""


def explain_database_error(error: DBAPIError) -> FirstwordError | None:
    """Return a message for people about an error of SQLite or an outage of PostgreSQL; None if it is neither."""
    said = str(error.orig)
    for phrase, (what, fix) in _SQLITE_ERRORS.items():
        if phrase in said.casefold():
            return DamagedDatabase(f"Firstword's database {what}.", fix=fix)
    return _unreachable(error, "The database") if isinstance(error, OperationalError) else None


def _unreachable(error: OperationalError, what: str) -> Unreachable:
    reason = next(iter(str(error.orig).strip().splitlines()), "no answer")
    fix = next(
        (fix for phrase, fix in _TLS_FIXES.items() if phrase in str(error.orig)),
        "Check that the server runs and that FIRSTWORD_DATABASE is correct.",
    )
    return Unreachable(f"{what} can't be reached: {reason}.", fix=fix)


def open_database(url: str) -> Engine:
    """Open the database at ``url``: ``postgresql://user:password@host/name``, or ``sqlite:///path``.

    Connects at first use. PostgreSQL transactions use the default isolation level, "read committed"; code that needs
    more takes locks (:func:`services.common.db.exclusive`).

    Raises:
        BadInput: the URL is not valid; the message doesn't contain the password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadInput("FIRSTWORD_DATABASE is not a valid URL.", fix=_example()) from None
    if parsed.drivername == "sqlite" and parsed.database:
        return open_sqlite(Path(parsed.database))
    if parsed.drivername not in _SPELLINGS:
        raise BadInput(
            f"FIRSTWORD_DATABASE: {parsed.render_as_string(hide_password=True)} is neither PostgreSQL nor SQLite.",
            fix=_example(),
        )
    return _open_postgresql(parsed.set(drivername="postgresql+psycopg"))


def _example() -> str:
    return "Write it as postgresql://user:password@host:5432/firstword."


def _open_postgresql(url: URL) -> Engine:
    try:
        return create_engine(
            url,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_SECONDS,
                "application_name": "firstword",
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": DEAD_PEER_SECONDS * 1000,
                # Also on the server: otherwise it holds the locks of a worker on a dead host for hours.
                "options": "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
            },
            pool_size=10,
            max_overflow=20,
            pool_pre_ping=True,  # the server may have restarted
        )
    except (ImportError, NoSuchModuleError) as error:
        raise BadInput(
            f"PostgreSQL's driver is not installed: {error}.",
            fix="Install firstword[postgres], or the packages of requirements-stack.txt.",
        ) from None


@contextmanager
def translate_outages(engine: Engine) -> Iterator[None]:
    """Turn the driver's errors into messages for people, in commands.

    Raises:
        Unreachable: the server does not answer, or refuses the connection.
    """
    try:
        yield
    except OperationalError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise _unreachable(error, f"The database at {where}") from None


def open_sqlite(path: Path) -> Engine:
    """Open or create the database file at ``path``.

    It uses a write-ahead log, so readers never wait for the writer. Every commit is synced to disk, so a power cut
    loses nothing that was acknowledged. A transaction takes the write lock when it begins; otherwise one that reads
    first and writes later could fail instead of waiting. Connections with the execution option ``reading`` (see
    :func:`services.common.db.reading`) take no lock.

    Only its owner may enter the folder and read the files, also those of an installation that was more open.

    Raises:
        BadInput: the folder or the file can't be created.
        DamagedDatabase: the file is not a database.
    """
    logs = (path.with_name(f"{path.name}{ending}") for ending in ("-wal", "-shm"))
    prepare_data_folder(path.parent, path, *(log for log in logs if log.exists()))
    with path.open("rb") as opened:
        if opened.read(len(_MAGIC)) not in (_MAGIC, b""):
            raise DamagedDatabase(f"{path} is damaged: it is not an SQLite file.", fix=_RESTORE)
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        pool_size=10,
        max_overflow=20,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # transactions begin in begin(), below
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten; not every build does so by itself
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
