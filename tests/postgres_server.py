"""A PostgreSQL server for tests, and an empty database for each test, on SQLite and PostgreSQL.

In this order: the server named by FIRSTWORD_TEST_POSTGRES (a URL whose user may create databases); a container;
Debian's PostgreSQL in a temporary folder. Without any, the test is skipped; in CI it fails.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, make_url, text
from sqlalchemy.exc import OperationalError

from firstword.storage.engine import open_database, open_sqlite
from firstword.storage.migrate import migrate
from tests.ports import free_port

__all__ = ["LocalPostgres", "Postgres", "database", "debians_postgres", "postgres", "postgres_url"]

IMAGE = "postgres:17-trixie"
HOW_TO_GET = (
    "name a server with FIRSTWORD_TEST_POSTGRES=postgresql://user:password@host/postgres, start a Docker engine, "
    "or install Debian's package postgresql"
)
START_SECONDS = 300
#: Tests need no durability, and a slow disk must not fail them. Nor may a vacuum hold the template while it is copied.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


class Postgres:
    """A running server. Databases are copies of one that was migrated once."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._template: str | None = None

    def new(self, *, migrated: bool = True) -> URL:
        """Create a database; return its address."""
        if migrated and self._template is None:
            self._template = self._create("")
            engine = open_database(_shown(self._url.set(database=self._template)))
            migrate(engine)
            engine.dispose()
        return self._url.set(database=self._create(f"TEMPLATE {self._template}" if migrated else ""))

    def drop(self, url: URL) -> None:
        """Drop a database, even if somebody is still connected."""
        self._execute(f"DROP DATABASE {url.database} WITH (FORCE)")

    def close(self) -> None:
        """Drop the template."""
        if self._template is not None:
            self._execute(f"DROP DATABASE {self._template} WITH (FORCE)")

    def _create(self, more: str) -> str:
        name = f"firstword_test_{secrets.token_hex(6)}"
        self._execute(f"CREATE DATABASE {name} {more}")
        return name

    def _execute(self, command: str) -> None:
        engine = open_database(_shown(self._url))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(command))
        engine.dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server."""
    with _server() as url:
        server = Postgres(url)
        yield server
        server.close()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A migrated, empty database on PostgreSQL, for separate processes."""
    url = postgres.new()
    yield _shown(url)
    postgres.drop(url)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database to copy: the migrations take longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "empty.db"
    engine = open_sqlite(path)
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated, empty database; the test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        migrated = request.getfixturevalue("migrated_file")
        engine = open_sqlite(shutil.copyfile(migrated, tmp_path / "test.db"))
    else:
        engine = open_database(request.getfixturevalue("postgres_url"))
    yield engine
    engine.dispose()


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=False)


@contextmanager
def _server() -> Iterator[URL]:
    if named := os.environ.get("FIRSTWORD_TEST_POSTGRES"):
        yield make_url(named)
    elif _docker_has_image():
        with _container() as url:
            yield url
    elif binaries := debians_postgres():
        with _process(binaries) as url:
            yield url
    else:
        missing = f"PostgreSQL is missing: {HOW_TO_GET}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)


def _docker_has_image() -> bool:
    if shutil.which("docker") is None or subprocess.run(["docker", "info"], capture_output=True).returncode:
        return False
    if subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True).returncode == 0:
        return True
    return subprocess.run(["docker", "pull", "--quiet", IMAGE], capture_output=True).returncode == 0


@contextmanager
def _container() -> Iterator[URL]:
    password = secrets.token_hex(16)
    settings = [part for setting in FAST for part in ("-c", setting)]
    run = ["docker", "run", "--rm", "--detach", "--publish", "127.0.0.1::5432", "--tmpfs", "/var/lib/postgresql/data"]
    started = subprocess.run(
        [*run, "--env", f"POSTGRES_PASSWORD={password}", IMAGE, *settings],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    try:
        where = subprocess.run(["docker", "port", started, "5432/tcp"], check=True, capture_output=True, text=True)
        port = int(where.stdout.splitlines()[0].rsplit(":", 1)[1])
        url = URL.create("postgresql", "postgres", password, "127.0.0.1", port, "postgres")
        _wait(url)
        yield url
    finally:
        subprocess.run(["docker", "rm", "--force", started], capture_output=True)


def debians_postgres() -> Path | None:
    """Return the folder of the latest PostgreSQL from Debian's packages; its commands are not on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def _process(binaries: Path) -> Iterator[URL]:
    server = LocalPostgres(binaries, *FAST)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


class LocalPostgres:
    """Debian's PostgreSQL in a temporary folder. It can be killed and restarted on the same port and data.

    :meth:`kill` loses no committed transaction, unless ``settings`` allow it.
    """

    def __init__(self, binaries: Path, *settings: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="firstword-postgres-"))
        self._user = _unprivileged()
        self._process: subprocess.Popen[bytes] | None = None
        password, file = secrets.token_hex(16), self._folder / "password"
        file.write_text(password)
        if self._user is not None:
            owner = pwd.getpwnam(self._user)
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
            os.chown(file, owner.pw_uid, -1)
        subprocess.run(
            [binaries / "initdb", "--pgdata", self._folder / "data", "--username=postgres", "--encoding=UTF8",
             "--no-locale", "--no-sync", "--auth=scram-sha-256", f"--pwfile={file}"],
            check=True, capture_output=True, user=self._user, cwd=self._folder,
        )  # fmt: skip
        port = free_port()
        self.url = URL.create("postgresql", "postgres", password, "127.0.0.1", port, "postgres")
        where = ("-D", str(self._folder / "data"), "-p", str(port), "-k", str(self._folder), "-h", "127.0.0.1")
        given = (part for setting in settings for part in ("-c", setting))
        self._command = [str(binaries / "postgres"), *where, *given]

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, user=self._user, cwd=self._folder)
        _wait(self.url)

    def kill(self) -> None:
        """Cut all connections and stop without writing, as in a power cut; the server recovers at its next start.

        SIGKILL would leave child processes and shared memory behind, which would block the next start.
        """
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(START_SECONDS)

    def stop(self) -> None:
        """Kill it and delete its data."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


def _unprivileged() -> str | None:
    """Return the user for the server if tests run as root, which PostgreSQL refuses; else None."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _wait(url: URL) -> None:
    until = time.monotonic() + START_SECONDS
    engine = open_database(_shown(url))
    try:
        while True:
            try:
                with engine.connect() as connection:
                    connection.execute(text("SELECT 1"))
                return
            except OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
    finally:
        engine.dispose()
