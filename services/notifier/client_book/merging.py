"""Make one client of entries that are one and the same. Nothing that protects the client is lost. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from schemas.clients import Client, ContactPolicy, Watch
from services.notifier.client_book.fields import FIELDS, value_of, with_values

__all__ = ["merged_client"]

#: Fields that a merge leaves as the kept entry has them.
_KEPT = frozenset({"name", "manager_id", "trade"})
_WATCHES = ("assets", "interests")
#: Lists that take in what the other entry has beside.
_UNITED = frozenset({"views", "history", "contact.restricted", "contact.blackouts"})


def merged_client(kept: Client, other: Client) -> Client:
    """Return ``kept`` with what only ``other`` states.

    Where both state something else, the kept entry counts. Do-not-contact, information only, blackouts, names without
    advice and an upset mood count if either has them. Holdings of ``other`` come without their weights if the kept
    entry has some: those were shares of another list.
    """
    empty = Client(id=kept.id, name="", manager_id="", trade=kept.trade, contact=ContactPolicy())
    values: dict[str, Any] = {}
    for field in FIELDS:
        if field in _KEPT:
            continue
        mine, theirs = value_of(kept, field), value_of(other, field)
        if field in _WATCHES:
            values[field] = _watches(mine, theirs)
        elif field in _UNITED:
            values[field] = (*mine, *(entry for entry in theirs if entry not in mine))
        elif mine == value_of(empty, field):
            values[field] = theirs
    return with_values(kept, {field: value for field, value in values.items() if value != value_of(kept, field)})


def _watches(mine: tuple[Watch, ...], theirs: Iterable[Watch]) -> tuple[Watch, ...]:
    weighted = any(watch.weight is not None for watch in mine)
    known = {(watch.entity_id, watch.kind) for watch in mine} | {(watch.name.casefold(), watch.kind) for watch in mine}
    added = [
        watch.model_copy(update={"weight": None}) if weighted else watch
        for watch in theirs
        if (watch.entity_id, watch.kind) not in known and (watch.name.casefold(), watch.kind) not in known
    ]
    return (*mine, *added)
