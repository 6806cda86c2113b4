"""Clients who may be one and the same: list them, merge their entries, or say that they are different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from schemas.base import Model, Whole
from services.notifier.client_book.duplicates import KeyKind
from services.notifier.desk.actions import duplicates
from services.notifier.desk.api.caller import Caller
from services.notifier.desk.api.client_models import SavedEntry

__all__ = ["router"]

router = APIRouter()

VersionNumber = Annotated[int, Field(ge=0, lt=2**31), Whole]


class PossibleDuplicate(Model):
    """An entry that may be the same client as another, with its version."""

    client_id: str
    version: int
    name: str
    organisation: str | None
    manager_id: str
    email: str | None
    phone: str | None


class PossibleDuplicates(Model):
    """Entries that may be one and the same client, and what they share."""

    shared: tuple[KeyKind, ...]
    clients: Sequence[PossibleDuplicate]


class DuplicateList(Model):
    """The first groups of entries that may be one client each; ``total`` counts all groups."""

    total: int
    items: Sequence[PossibleDuplicates]


class Merge(Model):
    """The entries to merge, the kept one among them, each with the version in which it was read."""

    versions: Mapping[str, VersionNumber] = Field(min_length=2, max_length=duplicates.MOST_AT_ONCE)


class DifferentClients(Model):
    """Clients who are different ones, each from every other."""

    client_ids: tuple[Annotated[str, Field(max_length=80)], ...] = Field(
        min_length=2, max_length=duplicates.MOST_AT_ONCE
    )


class ToldApart(Model):
    """The clients who are not listed as duplicates of each other any more."""

    client_ids: tuple[str, ...]


@router.get("/clients/duplicates")
def list_duplicates(context: Caller) -> DuplicateList:
    """List clients who may be one and the same, by address, phone number or name."""
    with context.reading() as connection:
        groups, total = duplicates.list_duplicates(connection, context.scope)
    context.audit_read(
        "clients.duplicates", "clients", shown=(entry.client.id for group in groups for entry in group.entries)
    )
    items = [
        PossibleDuplicates(
            shared=group.shared,
            clients=[
                PossibleDuplicate(
                    client_id=entry.client.id,
                    version=entry.revision,
                    name=entry.client.name,
                    organisation=entry.client.organisation,
                    manager_id=entry.client.manager_id,
                    email=entry.client.contact.email,
                    phone=entry.client.contact.phone,
                )
                for entry in group.entries
            ],
        )
        for group in groups
    ]
    return DuplicateList(total=total, items=items)


@router.post("/clients/duplicates/different")
def tell_apart(context: Caller, different: DifferentClients) -> ToldApart:
    """Record that these clients are different ones, so that they are not listed as duplicates any more."""
    with context.acting() as action:
        duplicates.tell_apart(action, different.client_ids)
    return ToldApart(client_ids=different.client_ids)


@router.post("/clients/{client_id}/merge")
def merge_clients(context: Caller, client_id: str, merge: Merge) -> SavedEntry:
    """Take into this entry what the others have beside, and archive those."""
    with context.acting() as action:
        saved = duplicates.merge_clients(action, client_id, merge.versions)
    return SavedEntry(client_id=client_id, version=saved.entry.revision, fields=saved.fields)
