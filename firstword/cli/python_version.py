"""Says at the start of a process that Python has a known flaw which Firstword does not rely on being fixed."""

from __future__ import annotations

import sys

from firstword.cli.console import warn
from firstword.python_flaws import outdated_python

__all__ = ["VERSION", "warn_of_outdated_python"]

VERSION = sys.version_info[:3]


def warn_of_outdated_python() -> None:
    """Print a warning if this Python lacks a fix."""
    if (advice := outdated_python(VERSION)) is not None:
        warn(f"{advice} Update Python.")
