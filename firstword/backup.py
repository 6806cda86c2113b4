"""Back up a data folder while it is in use, and restore it.

A backup is a tar file of the folder: a consistent copy of the database, the keys, and the firm's own files. A manifest
with the size and hash of each file comes first.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any

from firstword.storage.engine import DamagedDatabase
from services.common.errors import BadInput
from services.common.private_files import make_private_folder, new_private_file

__all__ = ["Backup", "back_up", "restore"]

#: The format of the file. A reader refuses a newer one.
VERSION = 1
_MANIFEST, _DATABASE = "backup.json", "firstword.db"
#: Of the folder, these are no data: the lock of the running process, and SQLite's logs, which the copy contains.
_LEFT_OUT = ("lock", f"{_DATABASE}-wal", f"{_DATABASE}-shm", f"{_DATABASE}-journal")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup: when it was made (UTC), and the size in bytes of each of its files."""

    made_at: datetime
    files: Mapping[str, int]


def back_up(data: Path, file: Path, now: datetime, *, keys: bool = True) -> Backup:
    """Copy the data folder ``data`` to ``file``, which appears when it is complete. Firstword may go on working.

    ``keys`` False leaves out the keys that seal secrets, to keep them apart.

    Raises:
        BadInput: there is nothing to copy, ``file`` exists already, or it can't be written.
        DamagedDatabase: the database can't be copied, because it is damaged.
    """
    if not (data / _DATABASE).exists():
        raise BadInput(f"{data} has no database to back up.", fix="Name the data folder with --data.")
    file = file.absolute()
    space = file.with_name(f".{file.name}.copying")
    shutil.rmtree(space, ignore_errors=True)  # of a backup that was cut off
    try:
        own = _own_files(data, keys=keys)  # before our own copy is there, should it be in the same folder
        make_private_folder(space)
        with new_private_file(file) as out:
            _copy_database(data / _DATABASE, space / _DATABASE)
            paths = {_DATABASE: space / _DATABASE, **own}
            sizes = {name: path.stat().st_size for name, path in paths.items()}
            _write(out, paths, now)
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}.", fix="Choose a folder with enough space to write to.") from error
    finally:
        shutil.rmtree(space, ignore_errors=True)
    return Backup(now, sizes)


def restore(file: Path, data: Path) -> Backup:
    """Unpack the backup ``file`` into the data folder ``data``, which appears when every file has been checked.

    Raises:
        BadInput: ``file`` is no backup, is damaged, or is of a later version; or ``data`` is not empty.
        DamagedDatabase: the database in the backup is damaged.
    """
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise BadInput(f"{data} is not empty.", fix="Name another folder with --data, or move this one away.")
    data = data.absolute()
    data.parent.mkdir(parents=True, exist_ok=True)
    space = data.with_name(f".{data.name}.restoring")
    shutil.rmtree(space, ignore_errors=True)  # of a restore that was cut off
    make_private_folder(space)
    try:
        with _reading(file) as archive:
            backup = _unpack(file, archive, space)
        _check_database(space / _DATABASE)
        if data.exists():
            data.rmdir()
        space.rename(data)
    finally:
        shutil.rmtree(space, ignore_errors=True)
    return backup


def _copy_database(path: Path, copy: Path) -> None:
    """Copy a database that others may be writing to, as it is at one moment."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as source:
        try:
            with closing(sqlite3.connect(copy)) as target:
                source.backup(target)
        except sqlite3.DatabaseError as error:
            raise DamagedDatabase(
                f"{path} can't be copied: {error}.", fix="Run 'firstword doctor', and keep your older backups."
            ) from error


def _own_files(data: Path, *, keys: bool) -> dict[str, Path]:
    """Return the files of the folder except its database, by their path in the backup. Links are left out."""
    found = sorted(path for path in data.rglob("*") if path.is_file() and not path.is_symlink())
    names = {path.relative_to(data).as_posix(): path for path in found}
    out = {*_LEFT_OUT, _DATABASE, *(() if keys else ("keys",))}
    return {name: path for name, path in names.items() if name not in out and not name.endswith(".part")}


def _write(out: IO[bytes], paths: Mapping[str, Path], now: datetime) -> None:
    files = {name: {"bytes": path.stat().st_size, "sha256": _hash(path)} for name, path in paths.items()}
    manifest = {"version": VERSION, "made_at": now.isoformat(), "files": files}
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        text = json.dumps(manifest, indent=1).encode()
        archive.addfile(_entry(_MANIFEST, len(text), now), BytesIO(text))
        for name, path in paths.items():
            with path.open("rb") as content:
                archive.addfile(_entry(name, files[name]["bytes"], now), content)  # type: ignore[arg-type]


def _entry(name: str, size: int, now: datetime) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o600, int(now.timestamp())
    return entry


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _reading(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, mode="r:") as archive:
            yield archive
    except (tarfile.TarError, EOFError) as error:
        raise _no_backup(file, str(error)) from error
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}.", fix="Check the name of the backup.") from error


def _no_backup(file: Path, why: str) -> BadInput:
    return BadInput(f"{file} is not a whole backup: {why}.", fix="Use a file that 'firstword backup' wrote.")


def _unpack(file: Path, archive: tarfile.TarFile, space: Path) -> Backup:
    """Unpack the files that the manifest lists, and nothing else, each with the hash that it says."""
    first = archive.next()
    content = archive.extractfile(first) if first is not None and first.name == _MANIFEST else None
    if content is None:
        raise _no_backup(file, "it has no manifest")
    try:
        manifest: dict[str, Any] = json.loads(content.read())
        version, files = int(manifest["version"]), dict(manifest["files"])
        made_at = datetime.fromisoformat(manifest["made_at"])
    except (ValueError, KeyError, TypeError) as error:
        raise _no_backup(file, "its manifest can't be read") from error
    if version > VERSION:
        raise BadInput(f"A later version of Firstword wrote {file}.", fix="Install that version, then restore.")
    missing = set(files)
    while (entry := archive.next()) is not None:
        path = PurePosixPath(entry.name)
        if entry.name not in missing or path.is_absolute() or ".." in path.parts or not entry.isreg():
            raise _no_backup(file, f"it contains {entry.name!r}, which its manifest does not list")
        missing.remove(entry.name)
        target = space / path
        make_private_folder(target.parent)
        source = archive.extractfile(entry) or BytesIO()  # never None of a regular file
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            shutil.copyfileobj(source, out, _CHUNK)
            out.flush()
            os.fsync(out.fileno())
        if _hash(target) != files[entry.name]["sha256"]:
            raise _no_backup(file, f"{entry.name} has changed since it was written")
    if missing:
        raise _no_backup(file, f"{min(missing)} is missing")
    return Backup(made_at, {name: int(found["bytes"]) for name, found in files.items()})


def _check_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        try:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            found = str(error)
    if found != "ok":
        raise DamagedDatabase(f"The database in the backup is damaged: {found}.", fix="Restore an older backup.")
