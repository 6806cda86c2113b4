from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import stat
import tarfile
import threading
from contextlib import closing
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

import firstword.backup
from firstword.backup import back_up, restore
from firstword.storage.engine import DamagedDatabase
from services.common.errors import BadInput

NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder as one process uses it: a database with a log, keys, and files of the firm."""
    folder = tmp_path / "data"
    (folder / "playbooks").mkdir(parents=True)
    (folder / "playbooks" / "own.yaml").write_text("playbook: own\n")
    (folder / "keys").write_text("key\n")
    (folder / "lock").write_text("1")
    (folder / "link").symlink_to("/etc/hostname")
    with closing(sqlite3.connect(folder / "firstword.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE facts (number INTEGER)")
        connection.executemany("INSERT INTO facts VALUES (?)", [(number,) for number in range(1_000)])
        connection.commit()
    return folder


def count(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "firstword.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM facts").fetchone()[0])


def test_a_backup_is_restored_as_it_was_for_its_owner_alone(data: Path, tmp_path: Path) -> None:
    file, target = tmp_path / "b.tar", tmp_path / "new" / "data"
    made = back_up(data, file, NOW)
    assert sorted(made.files) == ["firstword.db", "keys", "playbooks/own.yaml"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert restore(file, target) == made
    assert count(target) == 1_000
    assert (target / "playbooks" / "own.yaml").read_text() == "playbook: own\n"
    assert {stat.S_IMODE(path.stat().st_mode) for path in target.rglob("*")} == {0o700, 0o600}
    assert [path.name for path in target.parent.iterdir()] == ["data"], "nothing is left beside it"


def test_a_backup_into_the_data_folder_does_not_contain_its_own_copy(data: Path) -> None:
    made = back_up(data, data / "b.tar", NOW)
    assert sorted(made.files) == ["firstword.db", "keys", "playbooks/own.yaml"]


def test_keys_can_be_kept_apart(data: Path, tmp_path: Path) -> None:
    assert "keys" not in back_up(data, tmp_path / "b.tar", NOW, keys=False).files


def test_a_database_in_use_is_copied_as_of_one_moment(data: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def write_pairs() -> None:
        with closing(sqlite3.connect(data / "firstword.db", timeout=30)) as connection:
            while not stop.is_set():
                with connection:
                    connection.execute("INSERT INTO facts VALUES (1)")
                    connection.execute("INSERT INTO facts VALUES (2)")

    writer = threading.Thread(target=write_pairs)
    writer.start()
    try:
        for number in range(5):
            back_up(data, tmp_path / f"{number}.tar", NOW)
    finally:
        stop.set()
        writer.join()
    counts = []
    for number in range(5):
        restore(tmp_path / f"{number}.tar", tmp_path / f"restored-{number}")
        counts.append(count(tmp_path / f"restored-{number}"))
    assert counts == sorted(counts)
    assert all(found % 2 == 0 for found in counts), "no transaction is cut in two"


def test_what_is_there_is_not_overwritten(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    back_up(data, file, NOW)
    with pytest.raises(BadInput, match="exists already"):
        back_up(data, file, NOW)
    with pytest.raises(BadInput, match="is not empty"):
        restore(file, data)
    with pytest.raises(BadInput, match="no database"):
        back_up(tmp_path / "nowhere", tmp_path / "c.tar", NOW)


def test_a_damaged_backup_is_refused_and_leaves_nothing(data: Path, tmp_path: Path) -> None:
    file, target = tmp_path / "b.tar", tmp_path / "target"
    back_up(data, file, NOW)
    whole = file.read_bytes()
    at = whole.index(b"playbook: own")
    changed = whole[:at] + b"playbook: not" + whole[at + 13 :]
    for bad in (b"", b"hello", whole[:700], whole[: len(whole) // 2], changed, _with_entry(whole, "../evil")):
        file.write_bytes(bad)
        with pytest.raises(BadInput, match="is not a whole backup"):
            restore(file, target)
        assert not target.exists()
    assert not (tmp_path / "evil").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar", "data"]


def _with_entry(whole: bytes, name: str) -> bytes:
    out = BytesIO()
    with tarfile.open(fileobj=BytesIO(whole)) as before, tarfile.open(fileobj=out, mode="w") as after:
        for entry in before:
            after.addfile(entry, before.extractfile(entry))
        after.addfile(tarfile.TarInfo(name), BytesIO())
    return out.getvalue()


def test_a_damaged_database_is_neither_backed_up_nor_restored(data: Path, tmp_path: Path) -> None:
    good = (data / "firstword.db").read_bytes()
    (data / "firstword.db").write_bytes(b"no database" * 1_000)
    with pytest.raises(DamagedDatabase):
        back_up(data, tmp_path / "b.tar", NOW)
    assert not (tmp_path / "b.tar").exists()
    (data / "firstword.db").write_bytes(good)


@pytest.mark.parametrize("files_done", [1, 2, 3])
def test_a_kill_in_the_middle_leaves_nothing_half_done(data: Path, tmp_path: Path, files_done: int) -> None:
    file, target = tmp_path / "b.tar", tmp_path / "target"
    killed(back_up, files_done, data, file, NOW)
    assert not file.exists()
    back_up(data, file, NOW)
    killed(restore, files_done, file, target)
    assert not target.exists()
    restore(file, target)
    assert count(target) == 1_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar", "data", "target"]


def killed(action: object, files_done: int, *arguments: object) -> None:
    """Run ``action`` in a process of its own, and kill that while it hashes its file number ``files_done``."""
    process = multiprocessing.get_context("fork").Process(
        target=_run_until_killed, args=(action, files_done, arguments)
    )
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


def _run_until_killed(action: object, files_done: int, arguments: tuple[object, ...]) -> None:
    hashed, honest = 0, firstword.backup._hash

    def hash_then_die(path: Path) -> str:
        nonlocal hashed
        hashed += 1
        if hashed == files_done:
            os.kill(os.getpid(), signal.SIGKILL)
        return honest(path)

    firstword.backup._hash = hash_then_die
    assert callable(action)
    action(*arguments)
