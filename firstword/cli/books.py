"""Reading a client book for a command: every problem is shown, with file, line, field and fix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from firstword.book import Problem, load_book
from firstword.cli.console import err
from schemas.clients import Book
from services.common.errors import BadInput

__all__ = ["problem_line", "read_book", "require_book", "show_problems"]


def read_book(path: Path) -> tuple[Book | None, tuple[Problem, ...]]:
    """The book in the file, and what is wrong with it.

    Raises:
        BadInput: when the file can't be read at all.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"{path}: {error.strerror}.", fix="Give the path of a book; examples/book.yaml is one."
        ) from None
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path}: not UTF-8 text (byte {error.start}: {error.reason}).", fix="Save the file as UTF-8."
        ) from None
    return load_book(text, str(path))


def require_book(path: Path) -> Book:
    """The book in the file; problems are shown on stderr.

    Raises:
        BadInput: when the book has errors.
    """
    book, problems = read_book(path)
    show_problems(problems)
    errors = sum(problem.severity == "error" for problem in problems)
    if book is None or errors:
        raise BadInput(
            f"{path}: {errors} error(s), see above.", fix="Fix them, then check with 'firstword clients check'."
        )
    return book


def problem_line(problem: Problem) -> str:
    """``book.yaml:12: error: clients[0].risk: …``, as editors and CI jump to it."""
    return (
        f"{problem.file}:{problem.line}: {problem.severity}: {problem.field}: {problem.message} {problem.fix or ''}"
    ).rstrip()


def show_problems(problems: Sequence[Problem]) -> None:
    """Every problem on stderr, a line each."""
    for problem in problems:
        colour = "red" if problem.severity == "error" else "yellow"
        err.print(problem_line(problem), style=colour, markup=False)
