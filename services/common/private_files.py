"""Makes folders and files that only their owner may enter and read: they hold what clients own and want."""

from __future__ import annotations

import os
import stat
from pathlib import Path

__all__ = ["make_private_file", "make_private_folder", "readable_by_others"]

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


def readable_by_others(path: Path) -> bool:
    """Return whether anybody but the owner has a right to ``path``."""
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
