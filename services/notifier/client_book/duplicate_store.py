"""Keep what clients share, and find those in scope who may be one and the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, tuple_

from schemas.clients import Client, ClientChanged
from services.common.db import upsert
from services.notifier.client_book.duplicates import (
    Candidate,
    DuplicateGroup,
    KeyKind,
    duplicate_groups,
    duplicate_keys_of,
)
from services.notifier.client_book.tables import distinct_clients, duplicate_keys
from services.notifier.scope import EVERYTHING, Scope
from services.notifier.tables import clients

__all__ = [
    "drop_duplicate_keys",
    "duplicates",
    "duplicates_of",
    "keep_distinct",
    "rebuild_duplicate_keys",
    "record_duplicate_keys",
]

#: What more clients than these share is a place, such as the firm's own address, and says of nobody that they are one.
MOST_SHARING = 20
_PAIR = tuple_(duplicate_keys.c.kind, duplicate_keys.c.value)


def record_duplicate_keys(connection: Connection, client: Client) -> None:
    """Write what another entry of the same client is likely to have too."""
    drop_duplicate_keys(connection, client.id)
    rows = [{"client_id": client.id, "kind": kind, "value": value} for kind, value in duplicate_keys_of(client).items()]
    if rows:
        connection.execute(insert(duplicate_keys), rows)


def drop_duplicate_keys(connection: Connection, client_id: str) -> None:
    """Delete them: a client who is no longer served is nobody's duplicate."""
    connection.execute(delete(duplicate_keys).where(duplicate_keys.c.client_id == client_id))


def rebuild_duplicate_keys(connection: Connection) -> None:
    """Write them for all clients, if there are none yet: for databases that were filled without them."""
    if connection.execute(select(duplicate_keys.c.client_id).limit(1)).first() is not None:
        return
    query = select(clients.c.payload).where(clients.c.removed.is_(False))
    for payload in connection.execute(query).scalars().all():
        record_duplicate_keys(connection, ClientChanged.model_validate(payload).client)


def duplicates(connection: Connection, scope: Scope) -> tuple[DuplicateGroup, ...]:
    """Return the groups of clients in scope who may be one and the same."""
    shared = select(duplicate_keys.c.kind, duplicate_keys.c.value)
    if scope != EVERYTHING:
        shared = shared.join(clients, clients.c.id == duplicate_keys.c.client_id).where(scope.condition())
    shared = shared.group_by(duplicate_keys.c.kind, duplicate_keys.c.value).having(
        func.count().between(2, MOST_SHARING)
    )
    return duplicate_groups(_candidates(connection, scope, shared), _distinct(connection))


def duplicates_of(connection: Connection, scope: Scope, client_id: str) -> Mapping[str, str]:
    """Return the names of clients in scope who may be the same as this one, by id."""
    own = select(duplicate_keys.c.kind, duplicate_keys.c.value).where(duplicate_keys.c.client_id == client_id)
    others = duplicate_keys.alias()
    sharing = (
        select(func.count())
        .select_from(others.join(clients, clients.c.id == others.c.client_id))
        .where(scope.condition(), others.c.kind == duplicate_keys.c.kind, others.c.value == duplicate_keys.c.value)
        .correlate(duplicate_keys)
        .scalar_subquery()
    )
    own = own.where(sharing <= MOST_SHARING)
    candidates = _candidates(connection, scope, own)
    names = {candidate.id: candidate.name for candidate in candidates}
    groups = duplicate_groups(candidates, _distinct(connection))
    return {
        other: names[other] for group in groups if client_id in group.ids for other in group.ids if other != client_id
    }


def keep_distinct(connection: Connection, client_ids: Collection[str], user_id: str, now: datetime) -> None:
    """Record that these clients are different ones, each from every other."""
    rows = [
        {"one_id": lesser, "other_id": greater, "by": user_id, "at": now}
        for lesser, greater in combinations(sorted(set(client_ids)), 2)
    ]
    upsert(connection, distinct_clients, rows, ("one_id", "other_id"), update=())


def _candidates(connection: Connection, scope: Scope, shared: Select[Any]) -> Sequence[Candidate]:
    """Return the clients in scope who have one of the values, with those of them that they have."""
    query = (
        select(clients.c.id, clients.c.name, clients.c.organisation, duplicate_keys.c.kind, duplicate_keys.c.value)
        .join(clients, clients.c.id == duplicate_keys.c.client_id)
        .where(_PAIR.in_(shared.correlate(None)), clients.c.removed.is_(False), scope.condition())
    )
    keys: defaultdict[tuple[str, str, str], dict[KeyKind, str]] = defaultdict(dict)
    for row in connection.execute(query):
        keys[row.id, row.name, row.organisation or ""][row.kind] = row.value
    return [Candidate(*who, having) for who, having in keys.items()]


def _distinct(connection: Connection) -> frozenset[tuple[str, str]]:
    rows = connection.execute(select(distinct_clients.c.one_id, distinct_clients.c.other_id))
    return frozenset((row.one_id, row.other_id) for row in rows)
