"""A problem in a client book, with its place and its fix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Problem"]


@dataclass(frozen=True)
class Problem:
    """A problem in a file. ``line`` counts from 1; ``field`` is a path such as ``clients[3].assets[0].isin``.

    A book with an ``error`` can't be used; a ``warning`` is worth checking.
    """

    severity: Literal["error", "warning"]
    file: str
    line: int
    field: str
    message: str
    fix: str
