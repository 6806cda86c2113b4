"""The audit log: who read or changed what, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, insert, or_, select

from services.notifier.paging import Page, Place, page_of
from services.notifier.tables import audit_log, clients, users

__all__ = ["EXPORTED", "AuditFilter", "actions", "entries", "export", "record", "shown_clients"]

#: The columns of an export. ``seal`` is the number of the seal over the entry (:mod:`services.notifier.audit_seals`).
EXPORTED = ("id", "at", "user_id", "action", "subject", "client_id", "detail", "seal")
#: How the detail of an entry begins that names the clients of a list, and how many it names at most.
_SHOWN = "clients: "
MOST_NAMED = 500


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """The entries to list; a field that is None does not restrict them.

    ``action`` is a prefix: ``draft``, or the whole of ``draft.sent``. ``client`` also finds lists in which that client
    was shown. ``until`` is exclusive.
    """

    user: str | None = None
    action: str | None = None
    subject: str | None = None
    client: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the SQL conditions."""
        columns = audit_log.c
        wanted = (
            (self.user, columns.user_id == self.user),
            (self.action, columns.action.startswith(self.action or "", autoescape=True)),
            (self.subject, columns.subject == self.subject),
            (self.client, _concerns(self.client or "")),
            (self.since, columns.at >= self.since if self.since is not None else None),
            (self.until, columns.at < self.until if self.until is not None else None),
        )
        return [condition for value, condition in wanted if value is not None and condition is not None]


def _concerns(client_id: str) -> ColumnElement[bool]:
    detail = audit_log.c.detail
    named = (detail + ",").contains(f" {client_id},", autoescape=True)
    return or_(audit_log.c.client_id == client_id, and_(detail.startswith(_SHOWN), named))


def shown_clients(client_ids: Iterable[str | None]) -> str | None:
    """Return the detail of an entry on a list: the ids of the clients in it, or their number if they are very many."""
    ids = sorted({client_id for client_id in client_ids if client_id})
    if len(ids) > MOST_NAMED:
        return f"{len(ids):,} clients"
    return _SHOWN + ", ".join(ids) if ids else None


def record(
    connection: Connection,
    now: datetime,
    user_id: str,
    action: str,
    subject: str,
    client_id: str | None = None,
    detail: str | None = None,
) -> None:
    """Add an entry in the caller's transaction."""
    connection.execute(
        insert(audit_log).values(
            at=now, user_id=user_id, action=action, subject=subject, client_id=client_id, detail=detail
        )
    )


def entries(connection: Connection, wanted: AuditFilter, *, number: Place, size: int) -> Page[RowMapping]:
    """Return a page of the matching entries, newest first, with the names of users and clients."""
    conditions = wanted.conditions()
    query = (
        select(audit_log, users.c.name.label("user_name"), clients.c.name.label("client_name"))
        .select_from(
            audit_log.outerjoin(users, users.c.id == audit_log.c.user_id).outerjoin(
                clients, clients.c.id == audit_log.c.client_id
            )
        )
        .where(*conditions)
        .order_by(audit_log.c.at.desc(), audit_log.c.id.desc())
    )
    count = select(audit_log.c.id).where(*conditions)
    return page_of(connection, query, number, size, count=count)


def export(connection: Connection, wanted: AuditFilter) -> Iterator[tuple[object, ...]]:
    """Yield the matching entries, oldest first, with the columns of :data:`EXPORTED`; not all are read at once."""
    query = select(*(audit_log.c[name] for name in EXPORTED)).where(*wanted.conditions()).order_by(audit_log.c.id)
    for row in connection.execute(query, execution_options={"yield_per": 1_000}):
        yield tuple(row)


def actions(connection: Connection) -> Sequence[str]:
    """Return the names of all actions in the log."""
    query = select(audit_log.c.action).distinct().order_by(audit_log.c.action)
    return connection.execute(query).scalars().all()
