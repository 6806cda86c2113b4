"""Connect the desk's editing of clients with the book: one format, one set of checks and messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from firstword.book import dump_book
from firstword.book.entry import WatchedEntities, read_entry
from firstword.book.identity import slug
from firstword.book.people import Defaults
from firstword.book.write import write_entry
from schemas.clients import Book, Client, ClientChanged
from services.common.errors import BadInput
from services.notifier.client_book.port import BookFrame, EntityIndex, EntryProblem, ReadEntry
from services.notifier.trades.catalog import Trades

__all__ = ["DeskBook"]


class DeskBook:
    """Implements the desk's port ``ClientBook`` with the readers and writers of the book's file."""

    def __init__(self, trades: Trades) -> None:
        """Read entries that may name these trades."""
        self._trades = trades

    def read(self, entry: Mapping[str, Any], frame: BookFrame) -> ReadEntry:
        """Return the client that ``entry`` describes, and its problems."""
        client, problems = read_entry(entry, Defaults(frame.firm, frame.managers, self._trades))
        return ReadEntry(client, tuple(EntryProblem(p.severity, p.field, p.message, p.fix) for p in problems))

    def entry(self, client: Client) -> Mapping[str, Any]:
        """Return a client's entry."""
        return write_entry(client, self._trades.of(client.trade))

    def entities(self, watches: Iterable[Mapping[str, Any]]) -> EntityIndex:
        """Return the index of ``watches``."""
        return WatchedEntities(watches)

    def new_id(self, name: str) -> str:
        """Return the id of a new client of this name."""
        return slug(name)

    def write(self, entries: Sequence[ClientChanged]) -> str:
        """Return these clients as YAML.

        Raises:
            BadInput: there are none.
        """
        if not entries:
            raise BadInput("There are no clients to export.", fix="Add one, or change the filter.")
        managers = {entry.manager.id: entry.manager for entry in entries}
        book = Book(
            firm=entries[-1].firm, managers=tuple(managers.values()), clients=tuple(entry.client for entry in entries)
        )
        return dump_book(book, self._trades)
