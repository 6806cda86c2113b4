"""Makes folders and files that only their owner may enter and read: they hold what clients own and want."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from services.common.errors import BadInput

__all__ = ["make_private_file", "make_private_folder", "new_private_file", "prepare_data_folder", "readable_by_others"]

_FOLDER, _FILE = 0o700, 0o600


def make_private_folder(path: Path) -> None:
    """Create ``path`` for its owner alone, or close an existing folder to others.

    A folder of another user, or one that all may write to (as for temporary files), is left as it is.

    Raises:
        OSError: it can't be created or changed.
    """
    if not path.exists():
        path.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
    facts = path.stat()
    if facts.st_uid == os.geteuid() and not facts.st_mode & stat.S_ISVTX and readable_by_others(path):
        path.chmod(_FOLDER)


def make_private_file(path: Path) -> None:
    """Create the empty file ``path`` for its owner alone, or close an existing file to others.

    Raises:
        OSError: it can't be created or changed.
    """
    path.touch(mode=_FILE)
    if path.stat().st_uid == os.geteuid() and readable_by_others(path):
        path.chmod(_FILE)


def prepare_data_folder(folder: Path, *files: Path) -> None:
    """Create ``folder`` and ``files`` in it for their owner alone, or close existing ones to others.

    Raises:
        BadInput: one of them can't be created or changed.
    """
    try:
        make_private_folder(folder)
        for file in files:
            make_private_file(file)
    except OSError as error:
        raise BadInput(
            f"The data folder {folder} can't be created or written to: {error.strerror}.",
            fix="Choose another with --data, or give it to the user who runs Firstword.",
        ) from error


@contextmanager
def new_private_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file for its owner alone. It gets its name when it is complete and on the disk.

    Raises:
        BadInput: ``path`` exists already.
        OSError: it can't be written.
    """
    if path.exists():
        raise BadInput(f"{path}: the file exists already.", fix="Choose another name, or remove the file.")
    part = path.with_name(f"{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)


def readable_by_others(path: Path) -> bool:
    """Return whether anybody but the owner has a right to ``path``."""
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
