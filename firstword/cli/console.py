"""Output of the command line: results on stdout, everything else on stderr, colors only on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from getpass import getpass
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from services.common.errors import BadInput

__all__ = ["err", "error", "open_input", "out", "print_json", "progress", "read_secret", "table", "warn"]

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

#: Columns that people copy from; their values stay on one line.
_UNBROKEN = frozenset({"id", "webhook-id"})
_WIDE = 10_000


def warn(message: str) -> None:
    """Print a warning on stderr."""
    err.print(f"[yellow]warning:[/] {_escape(message)}")


def error(message: str, fix: str | None = None) -> None:
    """Print an error on stderr, and how to fix it."""
    err.print(f"[bold red]error:[/] {_escape(message)}")
    if fix:
        err.print(f"To fix it: {fix}", markup=False)


def print_json(value: Any) -> None:
    """Print one indented JSON document on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_jsonable) + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Print a table on stdout, or ``empty`` if it has no rows. Without a terminal, each row is one line."""
    lines = [[_escape(cell) for cell in row] for row in rows]
    if not lines:
        out.print(empty)
        return
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(column, overflow="fold", no_wrap=column in _UNBROKEN)
    for line in lines:
        grid.add_row(*line)
    (out if out.is_terminal else Console(width=_WIDE, highlight=False)).print(grid)


def progress(label: str, unit: str) -> Progress:
    """Return a progress display on stderr, which is shown only on a terminal."""
    return Progress(
        SpinnerColumn(),
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def open_input(name: str) -> IO[bytes]:
    """Open the file called ``name``, or standard input for ``-``.

    Raises:
        BadInput: the file doesn't exist, is a folder, or may not be read.
    """
    if name == "-":
        return sys.stdin.buffer
    try:
        return Path(name).open("rb")
    except OSError as problem:
        raise BadInput(
            f"{name}: {problem.strerror or problem}.", fix="Check the name, or give - for standard input."
        ) from None


def read_secret(what: str) -> str:
    """Return a secret that somebody types unseen, or the first line of standard input."""
    return (getpass(f"{what}: ") if sys.stdin.isatty() else sys.stdin.readline()).strip()


def _jsonable(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return str(value)


def _escape(text: str) -> str:
    return text.replace("[", r"\[")
