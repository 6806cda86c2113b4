"""Read a client book for a command, and show every problem with its file, line, field and fix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from firstword.book import Problem, load_book
from firstword.cli.console import err
from firstword.firm_files import trades_in_force
from schemas.clients import Book
from services.common.errors import BadInput
from services.common.settings import read_settings

__all__ = ["format_problem", "read_book", "require_book", "show_problems"]


def read_book(path: Path, data: Path | None = None) -> tuple[Book | None, tuple[Problem, ...]]:
    """Return the book in the file (None if it has errors) and its problems. ``data`` is the data folder.

    Raises:
        BadInput: the file can't be read at all.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"{path}: {error.strerror}.", fix="Give the path of a client book, such as examples/book.yaml."
        ) from None
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path}: not UTF-8 text (byte {error.start}: {error.reason}).", fix="Save the file as UTF-8."
        ) from None
    return load_book(text, str(path), trades_in_force(read_settings(data=data)))


def require_book(path: Path, data: Path | None = None) -> Book:
    """Return the book in the file, and show its problems on stderr.

    Raises:
        BadInput: the book has errors.
    """
    book, problems = read_book(path, data)
    show_problems(problems)
    errors = sum(problem.severity == "error" for problem in problems)
    if book is None or errors:
        raise BadInput(
            f"{path}: the client book has {errors} error(s), see above.",
            fix="Correct them; 'firstword clients check' checks the book again.",
        )
    return book


def format_problem(problem: Problem) -> str:
    """Return a line such as ``book.yaml:12: error: clients[0].risk: …``, which editors and CI can jump to."""
    return (
        f"{problem.file}:{problem.line}: {problem.severity}: {problem.field}: {problem.message} {problem.fix or ''}"
    ).rstrip()


def show_problems(problems: Sequence[Problem]) -> None:
    """Print each problem as one line on stderr."""
    for problem in problems:
        color = "red" if problem.severity == "error" else "yellow"
        err.print(format_problem(problem), style=color, markup=False)
