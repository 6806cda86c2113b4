"""CSV that is safe for spreadsheets: the one writer of every table that Firstword exports."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

__all__ = ["csv_parts", "safe_csv"]

_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")


def safe_csv(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return a table as CSV. Cells that a spreadsheet would evaluate as a formula are quoted."""
    return "".join(csv_parts(columns, rows))


def csv_parts(columns: Iterable[str], rows: Iterable[Iterable[Any]], *, size: int = 500) -> Iterator[str]:
    """Yield a table as CSV in parts of ``size`` rows, so that a long one needs little memory."""
    yield _lines([columns])
    remaining = iter(rows)
    while part := list(islice(remaining, size)):
        yield _lines([_cell(value) for value in row] for row in part)


def _lines(rows: Iterable[Iterable[str]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    # Cells that begin with these characters are formulas to a spreadsheet (OWASP, "CSV Injection"), some of which skip
    # blanks before them and know their full-width forms.
    return f"'{text}" if text.lstrip()[:1] in _FORMULA or text.startswith(("\t", "\r", "\n")) else text
