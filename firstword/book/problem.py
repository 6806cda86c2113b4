"""What is wrong with a book, told so that whoever keeps it can fix it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Problem"]


@dataclass(frozen=True)
class Problem:
    """One finding. ``line`` counts from 1; ``field`` is a path such as ``clients[3].assets[0].isin``.

    An ``error`` makes the book unusable; a ``warning`` is worth a look.
    """

    severity: Literal["error", "warning"]
    file: str
    line: int
    field: str
    message: str
    fix: str
