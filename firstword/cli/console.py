"""How the command line speaks: results on stdout, everything else on stderr, colours only where a person reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from services.common.errors import BadInput

__all__ = ["err", "error", "open_input", "out", "print_json", "progress", "table", "warn"]

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

#: What people copy from a table stands on one line.
_WHOLE = frozenset({"id", "webhook-id"})
_WIDE = 10_000


def warn(message: str) -> None:
    """A warning on stderr; the work goes on."""
    err.print(f"[yellow]warning:[/] {_plain(message)}")


def error(message: str) -> None:
    """An error on stderr."""
    err.print(f"[bold red]error:[/] {_plain(message)}")


def print_json(value: Any) -> None:
    """One JSON document on stdout, indented, as scripts like it."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_jsonable) + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """A table on stdout, or ``empty`` where there is nothing to show. A program gets each row on one line."""
    lines = [[_plain(cell) for cell in row] for row in rows]
    if not lines:
        out.print(empty)
        return
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(column, overflow="fold", no_wrap=column in _WHOLE)
    for line in lines:
        grid.add_row(*line)
    (out if out.is_terminal else Console(width=_WIDE, highlight=False)).print(grid)


def progress(label: str, unit: str) -> Progress:
    """A progress display on stderr that shows only to a person at a terminal."""
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
    """The file called ``name``, or standard input for ``-``.

    Raises:
        BadInput: when it is not there, is a folder, or may not be read.
    """
    if name == "-":
        return sys.stdin.buffer
    try:
        return Path(name).open("rb")
    except OSError as problem:
        raise BadInput(
            f"{name}: {problem.strerror or problem}.", fix="Check the name, or give - for standard input."
        ) from None


def _jsonable(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return str(value)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
