"""Clients who may be one and the same: list them, merge their entries, or say that they are different."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from schemas.clients import ClientChanged
from services.common.db import exclusive
from services.common.errors import BadInput
from services.notifier.client_book.duplicate_store import duplicates, keep_distinct
from services.notifier.client_book.duplicates import KeyKind
from services.notifier.client_book.fields import changed_fields
from services.notifier.client_book.merging import merged_client
from services.notifier.desk.actions.client_edits import Saved, marked, publish_clients, remove_client
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.errors import Conflict
from services.notifier.scope import Scope
from services.notifier.tables import clients

__all__ = ["MOST_AT_ONCE", "LikelyOne", "list_duplicates", "merge_clients", "tell_apart"]

#: Groups that are listed, and clients of a group.
LISTED, MOST_AT_ONCE = 50, 50


@dataclass(frozen=True, slots=True)
class LikelyOne:
    """Entries that may be one and the same client, oldest id first, and what they share."""

    entries: tuple[ClientChanged, ...]
    shared: tuple[KeyKind, ...]


def list_duplicates(connection: Connection, scope: Scope) -> tuple[Sequence[LikelyOne], int]:
    """Return the first groups of clients in scope who may be one and the same, and how many groups there are."""
    groups = duplicates(connection, scope)
    ids = [client_id for group in groups[:LISTED] for client_id in group.ids[:MOST_AT_ONCE]]
    rows = connection.execute(select(clients.c.id, clients.c.payload).where(clients.c.id.in_(ids), scope.condition()))
    entries = {row.id: ClientChanged.model_validate(row.payload) for row in rows}
    return [
        LikelyOne(tuple(entries[client_id] for client_id in group.ids[:MOST_AT_ONCE]), group.shared)
        for group in groups[:LISTED]
    ], len(groups)


def merge_clients(context: ActionContext, kept_id: str, versions: Mapping[str, int]) -> Saved:
    """Take into one entry what the others have beside, and archive those.

    ``versions`` has the version in which each entry was read, also that of the one that is kept.

    Raises:
        BadInput: there is no other entry, or the kept one's version is missing.
        Conflict: an entry was changed since it was read.
    """
    if kept_id not in versions or not 2 <= len(versions) <= MOST_AT_ONCE:
        raise BadInput("A merge takes at least two clients.", fix="Choose whom to keep, and who is the same.")
    exclusive(context.connection, "book")
    kept = context.client(kept_id)
    others = [context.client(client_id) for client_id in sorted(versions) if client_id != kept_id]
    for entry in (kept, *others):
        if entry.revision != versions[entry.client.id]:
            raise Conflict(f"{entry.client.name} was changed in the meantime.", fix="Compare the entries again.")
    client = kept.client
    for other in others:
        client = merged_client(client, other.client)
    fields = changed_fields(kept.client, client)
    saved = kept
    if fields:
        update = {"client": marked(client, fields, context), "revision": kept.revision + 1}
        saved = kept.model_copy(update=update)
        names = ", ".join(f"{other.client.name} ({other.client.id})" for other in others)
        publish_clients(context, [(kept, saved)], "merged", comment=f"With {names}")
    for other in others:
        comment = f"The same client as {kept.client.name} ({kept_id})"
        remove_client(context, other, "archived", comment=comment)
        context.audit("client.merged", other.client.id, other.client.id, f"into {kept_id}")
    context.audit("client.merged", kept_id, kept_id, f"with {', '.join(other.client.id for other in others)}")
    return Saved(saved, fields)


def tell_apart(context: ActionContext, client_ids: Collection[str]) -> None:
    """Record that these clients are different ones, so that they are not listed as duplicates any more.

    Raises:
        BadInput: there is no other client.
        NotFound: the viewer sees one of them not.
    """
    if not 2 <= len(set(client_ids)) <= MOST_AT_ONCE:
        raise BadInput("It takes two clients to be different.", fix="Name at least two.")
    for client_id in sorted(set(client_ids)):
        context.client(client_id)
        context.audit("client.told_apart", client_id, client_id)
    keep_distinct(context.connection, client_ids, context.viewer.user_id, context.now)
