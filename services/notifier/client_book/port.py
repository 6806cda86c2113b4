"""The port through which the desk reads and writes entries of the client book. The format belongs to the book."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from schemas.clients import Client, ClientChanged, Firm, Manager, Watch
from services.common.errors import FirstwordError

__all__ = [
    "BookFrame",
    "ClientBook",
    "EntityIndex",
    "EntryProblem",
    "InterestPreview",
    "InterestPreviews",
    "InvalidEntry",
    "PreviewedStory",
    "ReadEntry",
]


@dataclass(frozen=True, slots=True)
class EntryProblem:
    """A problem of an entry. ``field`` is its place in the entry, such as ``assets[0].isin``."""

    severity: Literal["error", "warning"]
    field: str
    message: str
    fix: str

    def __str__(self) -> str:
        return " ".join(part for part in (self.message, self.fix) if part)


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """An entry that was read: the client, or None if there are errors, and all problems."""

    client: Client | None
    problems: tuple[EntryProblem, ...]


class InvalidEntry(FirstwordError):
    """An entry has errors. ``problems`` lists them, and the warnings, by field."""

    def __init__(self, problems: Sequence[EntryProblem]) -> None:
        errors = [problem for problem in problems if problem.severity == "error"]
        listed = " ".join(f"{problem.field}: {problem.message}" for problem in errors)
        super().__init__(f"This entry can't be saved. {listed}", fix=" ".join(problem.fix for problem in errors))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class BookFrame:
    """The firm and its account managers (by id), within which an entry is read."""

    firm: Firm
    managers: Mapping[str, Manager]


class EntityIndex(Protocol):
    """The watched entities of all clients, so that a name means the same one for everybody."""

    def identified(self, client: Client) -> Client:
        """Return ``client`` with the ids of the entities that they watch."""
        ...


@dataclass(frozen=True, slots=True)
class PreviewedStory:
    """A story that an interest would have matched, and the words ``by`` which it did."""

    title: str
    publisher: str
    url: str | None
    at: datetime
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InterestPreview:
    """The stories that an interest would have matched: their number, and the newest.

    ``searched`` items, back to ``since``, were searched. ``unlimited``: without a scope, only major ones would count.
    """

    total: int
    stories: tuple[PreviewedStory, ...]
    searched: int
    since: datetime
    unlimited: bool


class InterestPreviews(Protocol):
    """Tries interests on stored news. The desk doesn't know how news is matched."""

    def preview(self, watch: Watch, now: datetime) -> InterestPreview:
        """Return the stories of the last 30 days that ``watch`` would have matched."""
        ...


class ClientBook(Protocol):
    """Reads and writes entries in the book's notation, with the same checks and messages as its file."""

    def read(self, entry: Mapping[str, Any], frame: BookFrame) -> ReadEntry:
        """Return the client that ``entry`` describes, in the words of the file, without entity ids."""
        ...

    def entry(self, client: Client) -> Mapping[str, Any]:
        """Return a client's entry, with the defaults, as :meth:`read` takes it."""
        ...

    def entities(self, watches: Iterable[Mapping[str, Any]]) -> EntityIndex:
        """Return the index of these watches, which are given as they are stored."""
        ...

    def new_id(self, name: str) -> str:
        """Return the id that a new client of this name gets."""
        ...

    def write(self, entries: Sequence[ClientChanged]) -> str:
        """Return these clients as a file of the book."""
        ...
