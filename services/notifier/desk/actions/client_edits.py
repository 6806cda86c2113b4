"""Add, edit, archive and restore clients. No edit is lost: edits are merged field by field, or the conflict shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any, Literal

from schemas.base import content_id, event
from schemas.clients import Client, ClientChanged, ClientRemoved, Note, Watch
from services.common.db import exclusive
from services.common.processing import AnyEvent
from services.notifier.client_book.fields import (
    LABELS,
    FieldChange,
    changed_fields,
    describe_changes,
    id_is_valid,
    stated_fields,
    value_of,
    with_values,
)
from services.notifier.client_book.file_values import file_differences, filed_client, with_file_value
from services.notifier.client_book.history import (
    ChangeAction,
    client_at,
    record_changes,
    record_removal,
    removal,
)
from services.notifier.client_book.port import BookFrame, EntityIndex, EntryProblem, InvalidEntry
from services.notifier.client_book.store import book_frame, id_is_taken, id_of_own, stored_watches
from services.notifier.desk.actions.context import ActionContext, one_line
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.scope import EVERYTHING
from services.notifier.sinks import ClientSink

__all__ = [
    "EditConflict",
    "Saved",
    "add_client",
    "archive_client",
    "free_id",
    "marked",
    "publish_client",
    "publish_clients",
    "remove_client",
    "restore_client",
    "save_client",
    "take_file_value",
]


class EditConflict(Conflict):
    """Somebody else changed the same fields since the editor read them. ``changes`` are theirs."""

    def __init__(self, changes: tuple[FieldChange, ...], current: ClientChanged) -> None:
        listed = ", ".join(dict.fromkeys(LABELS[change.field] for change in changes))
        super().__init__(
            f"{current.client.name} was changed in the meantime: {listed or 'too much to compare'}.",
            fix="Compare the values, then save again.",
        )
        self.changes, self.current = changes, current


@dataclass(frozen=True, slots=True)
class Saved:
    """A client's new entry, and the fields that changed."""

    entry: ClientChanged
    fields: tuple[str, ...]


def add_client(context: ActionContext, entry: Mapping[str, Any]) -> Saved:
    """Add a client. Without an id, they get one made of their name.

    Raises:
        InvalidEntry: the entry has errors, such as an id that is taken.
    """
    exclusive(context.connection, "book")
    frame = book_frame(context.connection)
    client = _read(context, _assigned(context, entry, None), frame, None)
    if entry.get("id"):
        if not id_is_valid(client.id):
            fix = "Use letters, digits, dots and hyphens, at most 80."
            raise InvalidEntry([EntryProblem("error", "id", f"{client.id!r} can't be an id.", fix)])
        if context.viewer.scope == EVERYTHING and id_is_taken(context.connection, client.id):
            raise InvalidEntry(
                [EntryProblem("error", "id", f"The id {client.id!r} is taken.", "Choose another, or leave it out.")]
            )
    else:
        client = client.model_copy(update={"id": context.book.new_id(client.name)})
    client_id = free_id(context, client.id, client.manager_id)
    client = client.model_copy(update={"id": client_id, "desk_fields": stated_fields(client)})
    changed = ClientChanged(client=client, firm=frame.firm, manager=frame.managers[client.manager_id])
    publish_client(context, None, changed, "added")
    context.audit("client.added", client.id, client.id)
    return Saved(changed, stated_fields(client))


def save_client(context: ActionContext, client_id: str, version: int, entry: Mapping[str, Any]) -> Saved:
    """Save an edited entry that was read in ``version``. Fields that others changed since then stay as they made them.

    Raises:
        InvalidEntry: the entry has errors.
        EditConflict: others changed a field that this edit changes too, or it can't be told.
    """
    exclusive(context.connection, "book")
    current = context.client(client_id)
    frame = book_frame(context.connection)
    wanted = _read(context, _assigned(context, entry, current), frame, current.client)
    base = current.client
    if version != current.revision:
        former = client_at(context.connection, client_id, version)
        if former is None:
            raise EditConflict(describe_changes(wanted, current.client), current)
        base = former
    mine = changed_fields(base, wanted)
    theirs = [field for field in changed_fields(base, current.client) if field in mine]
    if any(value_of(wanted, field) != value_of(current.client, field) for field in theirs):
        changes = describe_changes(base, current.client)
        raise EditConflict(tuple(change for change in changes if change.field in theirs), current)
    client = with_values(current.client, {field: value_of(wanted, field) for field in mine})
    fields = changed_fields(current.client, client)
    if not fields:
        return Saved(current, ())
    changed = current.model_copy(
        update={
            "client": marked(client, fields, context),
            "firm": frame.firm,
            "manager": frame.managers[client.manager_id],
            "revision": current.revision + 1,
        }
    )
    publish_client(context, current, changed, "edited")
    context.audit("client.edited", client_id, client_id, ", ".join(LABELS[field] for field in fields))
    return Saved(changed, fields)


def take_file_value(context: ActionContext, client_id: str, version: int, field: str) -> Saved:
    """Give a field that was changed at the desk back to the client book's file, with the value that this has.

    Raises:
        Conflict: the client was changed since the difference was shown, or there is none any more.
        InvalidEntry: only the owner assigns the client to others.
    """
    exclusive(context.connection, "book")
    current = context.client(client_id)
    found = filed_client(context.connection, client_id)
    differences = () if found is None else file_differences(current.client, found[0])
    if found is None or field not in {change.field for change in differences}:
        raise Conflict("The file and the desk agree here by now.", fix="Nothing was changed. Reload the page.")
    if version != current.revision:
        raise Conflict(f"{current.client.name} was changed in the meantime.", fix="Compare the values again.")
    client = with_file_value(current.client, found[0], field)
    frame = book_frame(context.connection)
    if field == "manager_id":
        _assigned(context, {"manager": client.manager_id}, current)
        if client.manager_id not in frame.managers:
            raise Conflict(f"There is no account manager {client.manager_id!r} any more.", fix="Edit the client.")
    manager = frame.managers.get(client.manager_id, current.manager)
    update = {"client": client, "firm": frame.firm, "manager": manager, "revision": current.revision + 1}
    changed = current.model_copy(update=update)
    publish_client(context, current, changed, "edited")
    context.audit("client.file_value_taken", client_id, client_id, LABELS[field])
    return Saved(changed, (field,))


def archive_client(context: ActionContext, client_id: str, reason: str = "") -> None:
    """Archive a client: nothing is matched, drafted or sent for them, until they are restored."""
    exclusive(context.connection, "book")
    current = context.client(client_id)
    comment = one_line(reason) or None
    remove_client(context, current, "archived", comment=comment)
    context.audit("client.archived", client_id, client_id, comment)


def restore_client(context: ActionContext, client_id: str) -> ClientChanged:
    """Serve an archived or removed client again, with the entry that they had.

    Raises:
        NotFound: there is no such client.
    """
    exclusive(context.connection, "book")
    last = removal(context.connection, context.viewer.scope, client_id)
    if last is None:
        raise NotFound("There is no such client.")
    restored = last.model_copy(update={"revision": last.revision + 1})
    publish_client(context, last, restored, "restored")
    context.audit("client.restored", client_id, client_id)
    return restored


def publish_client(
    context: ActionContext, before: ClientChanged | None, after: ClientChanged, action: ChangeAction
) -> None:
    """Publish a client's entry, and record who changed what.

    Raises:
        Conflict: the book has changed since it was read.
    """
    publish_clients(context, [(before, after)], action)


def publish_clients(
    context: ActionContext,
    changed: Sequence[tuple[ClientChanged | None, ClientChanged]],
    action: ChangeAction,
    *,
    import_id: str | None = None,
    comment: str | None = None,
) -> None:
    """Publish several entries, given before and after, and record who changed what.

    Raises:
        Conflict: the book has changed since it was read.
    """
    _publish(context, [(after.client.id, after.revision, after) for _, after in changed])
    record_changes(
        context.connection, changed, context.now, action,
        user_id=context.viewer.user_id, comment=comment, import_id=import_id,
    )  # fmt: skip


def remove_client(
    context: ActionContext,
    current: ClientChanged,
    action: Literal["archived", "undone"],
    *,
    comment: str | None = None,
    import_id: str | None = None,
) -> None:
    """Publish that a client is no longer served, and record it."""
    removed = ClientRemoved(
        client_id=current.client.id,
        revision=current.revision + 1,
        archived=True if action == "archived" else None,
    )
    _publish(context, [(current.client.id, removed.revision, removed)])
    record_removal(
        context.connection, current, context.now, action,
        user_id=context.viewer.user_id, comment=comment, import_id=import_id,
    )  # fmt: skip


def _publish(context: ActionContext, changes: Sequence[tuple[str, int, ClientChanged | ClientRemoved]]) -> None:
    """Publish changes, and show them on the pages at once. Ids are those of any change of the book: collisions show."""
    events: list[AnyEvent] = [
        event(
            data,
            key=client_id,
            id=content_id("evt", "client", client_id, revision),
            source="firstword/desk",
            time=context.now,
        )
        for client_id, revision, data in changes
    ]
    if context.publisher.publish(context.connection, events) != len(events):
        raise Conflict("The client book has just changed.", fix="Go back, reload the page and save again.")
    sink = ClientSink()
    for changed in events:
        sink.apply(context.connection, changed)


def _assigned(context: ActionContext, entry: Mapping[str, Any], current: ClientChanged | None) -> Mapping[str, Any]:
    """Return ``entry`` with its account manager: they add clients of their own, and assign none to others."""
    if context.viewer.may("clients.assign"):
        wanted = entry.get("manager")
        if wanted is not None and not context.viewer.scope.includes(str(wanted)):
            fix = "Choose somebody of your team, or ask the owner."
            raise InvalidEntry([EntryProblem("error", "manager", "This account manager is not in your team.", fix)])
        return entry
    own = context.viewer.manager_id if current is None else current.client.manager_id
    if entry.get("manager") not in (None, own):
        problem = EntryProblem("error", "manager", "Only the owner assigns clients to others.", "Ask the owner.")
        raise InvalidEntry([problem])
    return {**entry, "manager": own}


def _read(context: ActionContext, entry: Mapping[str, Any], frame: BookFrame, known: Client | None) -> Client:
    """Return the client that ``entry`` describes; what is as ``known`` keeps its ids and its sources."""
    found = context.book.read(entry, frame)
    if found.client is None:
        raise InvalidEntry(found.problems)
    client = found.client
    if known is not None:
        client = client.model_copy(
            update={
                "id": known.id,
                "views": _with_sources(client.views, known.views),
                "history": _with_sources(client.history, known.history),
                "assets": _with_known_ids(client.assets, known.watches),
                "interests": _with_known_ids(client.interests, known.watches),
            }
        )
    else:
        client = client.model_copy(
            update={"views": _with_sources(client.views, ()), "history": _with_sources(client.history, ())}
        )
    if all(watch.entity_id for watch in client.watches):
        return client
    return _entities(context).identified(client)


def _entities(context: ActionContext) -> EntityIndex:
    return context.book.entities(stored_watches(context.connection))


def _with_sources(notes: tuple[Note, ...], known: tuple[Note, ...]) -> tuple[Note, ...]:
    sources = {(note.text, note.question): note.source for note in known}
    return tuple(note.model_copy(update={"source": sources.get((note.text, note.question), "desk")}) for note in notes)


def _with_known_ids(watches: tuple[Watch, ...], known: tuple[Watch, ...]) -> tuple[Watch, ...]:
    """Return ``watches`` with the ids of those of the same names and terms; another company gets another id."""
    ids = {_identity(watch): watch.entity_id for watch in known}
    return tuple(
        watch if watch.entity_id else watch.model_copy(update={"entity_id": ids.get(_identity(watch), "")})
        for watch in watches
    )


def _identity(watch: Watch) -> tuple[object, ...]:
    return (
        watch.name.casefold(), watch.isin, watch.tickers, watch.context, watch.exclude, watch.topic, watch.query,
    )  # fmt: skip


def marked(client: Client, fields: tuple[str, ...], context: ActionContext) -> Client:
    """Return ``client`` with the note that these fields belong to the desk from now on."""
    marks: dict[str, Any] = {
        "desk_fields": tuple(field for field in LABELS if field in fields or field in (client.desk_fields or ())),
        "set_at_desk": tuple(name for name in client.set_at_desk or () if name not in fields) or None,
    }
    if "mood" in fields:
        marks["mood_decided_at"] = context.now
    return client.model_copy(update=marks)


def free_id(context: ActionContext, wanted: str, manager_id: str, used: Collection[str] = ()) -> str:
    """Return the id of a new client: ``wanted``, or with a number if a client has it or ``used`` does.

    Whoever doesn't see all clients gets one that doesn't depend on the others.
    """
    if context.viewer.scope != EVERYTHING:
        wanted = id_of_own(wanted, manager_id)
    names = chain((wanted,), (f"{wanted}-{number}" for number in count(2)))
    return next(name for name in names if name not in used and not id_is_taken(context.connection, name))
