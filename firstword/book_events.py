"""Convert the client book to events and back: compare a book with the known clients, and rebuild it from events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from schemas.base import content_id, event
from schemas.clients import Book, Client, ClientChanged, ClientRemoved, Firm, Manager, Note
from services.common.processing import AnyEvent

__all__ = ["BookDiff", "build_book", "client_removed", "diff_book"]

SOURCE = "firstword/book"


@dataclass(frozen=True)
class BookDiff:
    """The result of importing a book: events, and client ids by kind of change.

    ``not_in_book`` are clients that are known but missing from the book.
    """

    events: tuple[AnyEvent, ...]
    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    not_in_book: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The number of clients by kind of change: ``8 added, 0 changed, 0 unchanged``."""
        return f"{len(self.added)} added, {len(self.changed)} changed, {len(self.unchanged)} unchanged"


def diff_book(book: Book, known: Mapping[str, AnyEvent], now: datetime) -> BookDiff:
    """Return the events that bring the ``known`` clients (the latest event of each) up to date with ``book``.

    Clients missing from the book stay unchanged, and so does what was recorded at the desk. An unchanged client
    gives no event, so importing the same book twice changes nothing.
    """
    managers = {manager.id: manager for manager in book.managers}
    events: list[AnyEvent] = []
    added, changed, unchanged = [], [], []
    for client in book.clients:
        before = known.get(client.id)
        after = ClientChanged(
            client=_with_desk_records(client, before), firm=book.firm, manager=managers[client.manager_id]
        )
        if before is not None and isinstance(before.data, ClientChanged):
            if before.data == after.model_copy(update={"revision": before.data.revision}):
                unchanged.append(client.id)
                continue
            changed.append(client.id)
        else:
            added.append(client.id)
        revision = _revision(before) + 1 if before is not None else 0
        events.append(_wrap(after.model_copy(update={"revision": revision}), client.id, revision, now))
    in_book = {client.id for client in book.clients}
    active = [client_id for client_id, last in known.items() if isinstance(last.data, ClientChanged)]
    return BookDiff(
        events=tuple(events),
        added=tuple(added),
        changed=tuple(changed),
        unchanged=tuple(unchanged),
        not_in_book=tuple(client_id for client_id in active if client_id not in in_book),
    )


def client_removed(client_id: str, known: AnyEvent, now: datetime) -> AnyEvent:
    """Return the event that ends the service for a client."""
    revision = _revision(known) + 1
    return _wrap(ClientRemoved(client_id=client_id, revision=revision), client_id, revision, now)


def build_book(known: Mapping[str, AnyEvent]) -> Book | None:
    """Build a book from the latest event of each client; return None if there are no clients."""
    clients: list[Client] = []
    managers: dict[str, Manager] = {}
    firm: Firm | None = None
    for last in known.values():
        if isinstance(last.data, ClientChanged):
            clients.append(last.data.client)
            managers[last.data.manager.id] = last.data.manager
            firm = last.data.firm
    if firm is None:
        return None
    return Book(firm=firm, managers=tuple(managers.values()), clients=tuple(clients))


def _with_desk_records(client: Client, before: AnyEvent | None) -> Client:
    """Return ``client`` as in the book, plus what was recorded at the desk: notes, mood, and what the book leaves out.

    A goal or a risk tolerance that the book states counts. A mood that was decided at the desk counts, because the
    decision has a date and the book's entry has none.
    """
    if before is None or not isinstance(before.data, ClientChanged):
        return client
    known = before.data.client
    kept: dict[str, object] = {}
    for name in ("views", "history"):
        stated: tuple[Note, ...] = getattr(client, name)
        there = {(note.question, note.text) for note in stated}
        own = [note for note in getattr(known, name) if note.source == "desk"]
        kept[name] = (*stated, *(note for note in own if (note.question, note.text) not in there))
    left_out = tuple(name for name in known.set_at_desk or () if not getattr(client, name))
    kept |= {name: getattr(known, name) for name in left_out}
    kept["set_at_desk"] = left_out or None
    if known.mood_decided_at is not None:
        kept |= {"mood": known.mood, "mood_decided_at": known.mood_decided_at}
    return client.model_copy(update=kept)


def _revision(known: AnyEvent) -> int:
    data = known.data
    return data.revision if isinstance(data, ClientChanged | ClientRemoved) else 0


def _wrap(data: ClientChanged | ClientRemoved, client_id: str, revision: int, now: datetime) -> AnyEvent:
    return event(data, key=client_id, id=content_id("evt", "client", client_id, revision), source=SOURCE, time=now)
