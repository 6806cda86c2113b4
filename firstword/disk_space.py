"""The space that is left where the data folder is."""

from __future__ import annotations

import shutil
from pathlib import Path

__all__ = ["free_bytes", "full_disk", "is_low"]

#: With less free space, the database may soon be unable to write.
_LOW_BYTES = 500_000_000
#: With less, a write may fail at any moment: SQLite's log alone may grow to a few megabytes between two checkpoints.
_FULL_BYTES = 20_000_000


def free_bytes(folder: Path) -> int:
    """Return the free space in bytes."""
    return shutil.disk_usage(folder).free


def is_low(free: int) -> bool:
    """Return whether so few ``free`` bytes deserve a warning."""
    return free < _LOW_BYTES


def full_disk(folder: Path) -> list[str]:
    """Return a message if there is hardly any space left for ``folder``, or if that can't be found out."""
    try:
        free = free_bytes(folder)
    except OSError as error:
        return [f"data folder: {error.strerror}"]
    return [f"disk: only {free / 1e6:,.0f} MB free"] if free < _FULL_BYTES else []
