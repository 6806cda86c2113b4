"""Damage to the data folder gives a message that says what to do: never a traceback, never a silent new sample."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError, OperationalError, ProgrammingError

import firstword.disk_space
from firstword.disk_space import full_disk
from firstword.storage.engine import DamagedDatabase, explain_database_error
from services.common.errors import Unreachable
from tests.command_line import Run, command_line


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path / "data"))
    return command_line(monkeypatch, capsys)


@pytest.fixture
def data(run: Run, tmp_path: Path) -> Path:
    """Return a data folder that was in use."""
    folder = tmp_path / "data"
    assert run("feeds", "add", "https://news.example/rss").code == 0
    with sqlite3.connect(folder / "firstword.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


def test_a_file_that_is_no_database_is_reported(run: Run, data: Path) -> None:
    (data / "firstword.db").write_bytes(os.urandom(50_000))
    ran = run("clients", "list")
    assert ran.code == 1
    assert "is damaged: it is not an SQLite file" in ran.err
    assert "Stop Firstword and put back the data folder from your backup." in ran.err


def test_a_database_with_a_damaged_page_is_reported(run: Run, data: Path) -> None:
    path = data / "firstword.db"
    raw = bytearray(path.read_bytes())
    raw[4_096:] = b"\xff" * (len(raw) - 4_096)
    path.write_bytes(raw)
    ran = run("clients", "list")
    assert ran.code == 1
    assert "Firstword's database is damaged" in ran.err


@pytest.mark.parametrize("gone", [True, False], ids=["missing", "empty"])
def test_a_lost_database_is_not_replaced_by_a_sample(run: Run, data: Path, gone: bool) -> None:
    path = data / "firstword.db"
    path.unlink() if gone else os.truncate(path, 0)
    ran = run("up", "--port", "0")
    assert ran.code == 1
    assert ("is missing" if gone else "is empty") in ran.err
    assert "this folder was in use" in ran.err
    assert not path.exists() or path.stat().st_size == 0


def test_a_folder_that_cant_be_created_is_reported(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ran = run("up", "--data", tmp_path / "file" / "data", "--port", "0")
    assert ran.code == 2
    assert "can't be created or written to" in ran.err


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("database or disk is full", "the disk is full"),
        ("attempt to write a readonly database", "can't be written to"),
        ("database is locked", "in use by another program"),
        ("disk I/O error", "the disk reports an error"),
    ],
)
def test_errors_of_sqlite_are_explained(said: str, told: str) -> None:
    explained = explain_database_error(OperationalError("INSERT", {}, sqlite3.OperationalError(said)))
    assert isinstance(explained, DamagedDatabase)
    assert told in explained.message
    assert explained.fix


def test_an_outage_and_a_fault_of_our_own_are_told_apart() -> None:
    outage = OperationalError("SELECT", {}, Exception("server closed the connection unexpectedly"))
    assert isinstance(explain_database_error(outage), Unreachable)
    assert explain_database_error(ProgrammingError("SELECT", {}, Exception("no such column"))) is None
    assert isinstance(
        explain_database_error(DatabaseError("SELECT", {}, sqlite3.DatabaseError("database disk image is malformed"))),
        DamagedDatabase,
    )


def test_a_full_disk_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firstword.disk_space, "free_bytes", lambda _: 1_500_000)
    assert full_disk(tmp_path) == ["disk: only 2 MB free"]
    monkeypatch.undo()
    assert full_disk(tmp_path) == []
    assert full_disk(tmp_path / "nowhere") == ["data folder: No such file or directory"]
