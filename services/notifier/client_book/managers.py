"""The account managers who are known to the installation, with or without clients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, or_, select

from schemas.clients import Manager
from services.common.db import upsert
from services.notifier.client_book.tables import managers
from services.notifier.tables import clients

__all__ = ["known_managers", "record_managers"]


def record_managers(connection: Connection, found: Iterable[Manager], at: datetime, *, sample: bool) -> None:
    """Keep account managers as the client book, or a client's entry, has them at this time; newer ones stay."""
    wanted = {manager.id: manager for manager in found}
    newer = select(managers.c.id).where(managers.c.id.in_(wanted), managers.c.changed_at > at)
    skipped = set(connection.execute(newer).scalars())
    rows = [
        {
            "id": manager.id,
            "payload": manager.model_dump(mode="json", exclude_none=True),
            "sample": sample,
            "changed_at": at,
        }
        for manager in wanted.values()
        if manager.id not in skipped
    ]
    if rows:
        upsert(connection, managers, rows, ["id"])


def known_managers(connection: Connection) -> Mapping[str, Manager]:
    """Return the account managers by id; those of the sample only while they have clients."""
    with_clients = select(clients.c.manager_id).where(clients.c.removed.is_(False))
    query = select(managers.c.payload).where(or_(managers.c.sample.is_(False), managers.c.id.in_(with_clients)))
    found = map(Manager.model_validate, connection.execute(query.order_by(managers.c.id)).scalars())
    return {manager.id: manager for manager in found}
