"""Clients' entries: read, add, edit, archive and restore them, and their history."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from services.notifier import queries
from services.notifier.client_book.file_values import file_differences, filed_client
from services.notifier.client_book.history import changes_of, removal
from services.notifier.client_book.store import book_frame
from services.notifier.desk.actions import client_edits, interest_previews
from services.notifier.desk.api.caller import Caller, Listing
from services.notifier.desk.api.client_models import (
    Archiving,
    BookEntry,
    ChangedField,
    ClientEntry,
    EntryEdit,
    FileDifferences,
    FileField,
    HistoryItem,
    MatchedStory,
    PreviewedInterest,
    PreviewOfInterest,
    SavedEntry,
)
from services.notifier.desk.api.models import ListPage, Recorded, list_page
from services.notifier.desk.errors import NotFound

__all__ = ["router"]

router = APIRouter()


@router.post("/clients", status_code=201)
def add_client(context: Caller, entry: BookEntry) -> SavedEntry:
    """Add a client. Without an id, they get one made of their name."""
    with context.acting() as action:
        return _saved(client_edits.add_client(action, _written(entry)))


@router.get("/clients/{client_id}/entry")
def get_client_entry(context: Caller, client_id: str) -> ClientEntry:
    """Return a client's entry with its version, and what is worth checking in it."""
    with context.acting() as action:
        current = action.client(client_id)
        entry = action.book.entry(current.client)
        warnings = action.book.read(entry, book_frame(action.connection)).problems
    context.audit_read("client.read", client_id, client_id)
    return ClientEntry(
        version=current.revision, client=current.client, entry=BookEntry.model_validate(entry), warnings=warnings
    )


@router.put("/clients/{client_id}/entry")
def save_client_entry(context: Caller, client_id: str, edit: EntryEdit) -> SavedEntry:
    """Replace a client's entry. Fields that others changed since that version stay, if the edit leaves them alone."""
    with context.acting() as action:
        return _saved(client_edits.save_client(action, client_id, edit.version, _written(edit.entry)))


@router.get("/clients/{client_id}/file-differences")
def list_file_differences(context: Caller, client_id: str) -> FileDifferences:
    """List where the client book's file differs from what was changed at the desk: ``before`` is the desk's value."""
    with context.acting() as action:
        current = action.client(client_id)
        found = filed_client(action.connection, client_id)
    context.audit_read("client.read", client_id, client_id)
    changes = () if found is None else file_differences(current.client, found[0])
    return FileDifferences(
        client_id=client_id,
        version=current.revision,
        imported_at=None if found is None else found[1],
        differences=[ChangedField(**change._asdict()) for change in changes],
    )


@router.post("/clients/{client_id}/file-value")
def take_file_value(context: Caller, client_id: str, wanted: FileField) -> SavedEntry:
    """Give a field back to the client book's file, with the value that this has."""
    with context.acting() as action:
        return _saved(client_edits.take_file_value(action, client_id, wanted.version, wanted.field))


@router.post("/clients/interests/preview")
def preview_interest(context: Caller, asked: PreviewedInterest) -> PreviewOfInterest:
    """Return the stories of the last 30 days that an interest would have matched. Nothing is saved."""
    with context.acting() as action:
        watch = interest_previews.read_interest(
            action, asked.interest.model_dump(mode="json", exclude_none=True), asked.trade
        )
    found = interest_previews.preview_interest(context.dependencies.interest_previews, watch, context.now)
    stories = [MatchedStory(title=s.title, publisher=s.publisher, url=s.url, at=s.at, by=s.by) for s in found.stories]
    return PreviewOfInterest(
        total=found.total, searched=found.searched, since=found.since, unlimited=found.unlimited, stories=stories
    )


@router.post("/clients/{client_id}/archive")
def archive_client(context: Caller, client_id: str, archiving: Archiving) -> Recorded:
    """Archive a client: nothing is matched, drafted or sent for them, until they are restored."""
    with context.acting() as action:
        client_edits.archive_client(action, client_id, archiving.reason)
    return Recorded(client_id=client_id)


@router.post("/clients/{client_id}/restore")
def restore_client(context: Caller, client_id: str) -> SavedEntry:
    """Restore an archived client with the entry that they had."""
    with context.acting() as action:
        entry = client_edits.restore_client(action, client_id)
    return SavedEntry(client_id=client_id, version=entry.revision, fields=())


@router.get("/clients/{client_id}/history")
def get_client_history(context: Caller, listing: Listing, client_id: str) -> ListPage[HistoryItem]:
    """List the changes of a client's entry, newest first: who changed what, and when."""
    with context.reading() as connection:
        known = queries.client(connection, context.scope, client_id)
        if known is None and removal(connection, context.scope, client_id) is None:
            raise NotFound("There is no such client.")
        page = changes_of(connection, context.scope, client_id, number=listing.place, size=listing.size)
    context.audit_read("client.history", client_id, client_id)
    items = [
        HistoryItem(
            version=entry.revision,
            at=entry.at,
            who=entry.who,
            action=entry.action,
            comment=entry.comment,
            import_id=entry.import_id,
            changes=[ChangedField(**change._asdict()) for change in entry.changes],
        )
        for entry in page.items
    ]
    return list_page(page, items)


def _written(entry: BookEntry) -> dict[str, Any]:
    return entry.model_dump(mode="json", exclude_none=True, by_alias=True)


def _saved(saved: client_edits.Saved) -> SavedEntry:
    return SavedEntry(client_id=saved.entry.client.id, version=saved.entry.revision, fields=saved.fields)
