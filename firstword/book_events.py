"""Convert the client book to events and back: compare a book with the known clients, and rebuild it from events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from schemas.base import content_id, event
from schemas.clients import Book, Client, ClientChanged, ClientRemoved, Firm, Manager, Note
from services.common.processing import AnyEvent
from services.notifier.client_book.fields import FieldChange, describe_changes, value_of, with_values

__all__ = ["BookDiff", "KeptField", "build_book", "client_removed", "diff_book"]

SOURCE = "firstword/book"


@dataclass(frozen=True)
class KeptField:
    """A field that was changed at the desk and stays so, although the book says something else.

    ``difference`` has the value of the desk as ``before`` and that of the book as ``after``.
    """

    client_id: str
    difference: FieldChange


@dataclass(frozen=True)
class BookDiff:
    """The result of importing a book: events, and client ids by kind of change.

    ``not_in_book`` are clients that are known but missing from the book. ``archived`` are those in the book who were
    archived at the desk, and stay so. ``replaced`` are the changed entries, before and after; new ones have no before.
    ``differing`` are the clients of whom ``kept`` has a field, as the book has them.
    """

    events: tuple[AnyEvent, ...]
    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    not_in_book: tuple[str, ...]
    kept: tuple[KeptField, ...] = ()
    archived: tuple[str, ...] = ()
    replaced: tuple[tuple[ClientChanged | None, ClientChanged], ...] = ()
    differing: tuple[Client, ...] = ()

    @property
    def summary(self) -> str:
        """The number of clients by kind of change: ``8 added, 0 changed, 0 unchanged``."""
        return f"{len(self.added)} added, {len(self.changed)} changed, {len(self.unchanged)} unchanged"


def diff_book(book: Book, known: Mapping[str, AnyEvent], now: datetime, *, take_file: bool = False) -> BookDiff:
    """Return the events that bring the ``known`` clients (the latest event of each) up to date with ``book``.

    Clients missing from the book stay unchanged, and so does what was recorded or changed at the desk, unless
    ``take_file``. An unchanged client gives no event, so importing the same book twice changes nothing.
    """
    managers = {manager.id: manager for manager in book.managers}
    events: list[AnyEvent] = []
    added, changed, unchanged, archived = list[str](), list[str](), list[str](), list[str]()
    kept: list[KeptField] = []
    differing: list[Client] = []
    replaced: list[tuple[ClientChanged | None, ClientChanged]] = []
    for client in book.clients:
        before = known.get(client.id)
        last = before.data if before is not None else None
        if isinstance(last, ClientRemoved) and last.archived and not take_file:
            archived.append(client.id)
            continue
        entry = last if isinstance(last, ClientChanged) else None
        merged = client if entry is None else _with_desk_records(client, entry.client)
        if entry is not None and not take_file:
            if differences := _kept_fields(merged, entry.client):
                kept += differences
                differing.append(merged)
            merged = _with_desk_fields(merged, entry.client)
        manager = managers.get(merged.manager_id) or (entry.manager if entry else managers[client.manager_id])
        after = ClientChanged(client=merged, firm=book.firm, manager=manager)
        if entry is not None:
            if entry == after.model_copy(update={"revision": entry.revision}):
                unchanged.append(client.id)
                continue
            changed.append(client.id)
        else:
            added.append(client.id)
        revision = _revision(before) + 1 if before is not None else 0
        after = after.model_copy(update={"revision": revision})
        replaced.append((entry, after))
        events.append(_wrap(after, client.id, revision, now))
    in_book = {client.id for client in book.clients}
    active = [client_id for client_id, last in known.items() if isinstance(last.data, ClientChanged)]
    return BookDiff(
        events=tuple(events),
        added=tuple(added),
        changed=tuple(changed),
        unchanged=tuple(unchanged),
        not_in_book=tuple(client_id for client_id in active if client_id not in in_book),
        kept=tuple(kept),
        archived=tuple(archived),
        replaced=tuple(replaced),
        differing=tuple(differing),
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


def _with_desk_records(client: Client, known: Client) -> Client:
    """Return ``client`` as in the book, plus what was recorded at the desk: notes, mood, and what the book leaves out.

    A goal or a risk tolerance that the book states counts. A mood that was decided at the desk counts, because the
    decision has a date and the book's entry has none.
    """
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


def _with_desk_fields(client: Client, known: Client) -> Client:
    """Return ``client`` with the fields that were changed at the desk as they are there."""
    if not known.desk_fields:
        return client
    values = {field: value_of(known, field) for field in known.desk_fields}
    return with_values(client, values).model_copy(update={"desk_fields": known.desk_fields})


def _kept_fields(client: Client, known: Client) -> list[KeptField]:
    """Return where the book differs from what was changed at the desk."""
    return [
        KeptField(known.id, difference)
        for difference in describe_changes(known, client)
        if difference.field in (known.desk_fields or ()) and difference.before != difference.after
    ]


def _revision(known: AnyEvent) -> int:
    data = known.data
    return data.revision if isinstance(data, ClientChanged | ClientRemoved) else 0


def _wrap(data: ClientChanged | ClientRemoved, client_id: str, revision: int, now: datetime) -> AnyEvent:
    return event(data, key=client_id, id=content_id("evt", "client", client_id, revision), source=SOURCE, time=now)
