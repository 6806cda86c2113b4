"""The audit log: who read or changed what, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, select

from services.notifier.paging import Page, Place, page_of
from services.notifier.tables import audit_log, clients, users

__all__ = ["AuditFilter", "actions", "entries", "record"]


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """The entries to list; a field that is None does not restrict them.

    ``action`` is a prefix: ``draft``, or the whole of ``draft.sent``. ``until`` is exclusive.
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
            (self.client, columns.client_id == self.client),
            (self.since, columns.at >= self.since if self.since is not None else None),
            (self.until, columns.at < self.until if self.until is not None else None),
        )
        return [condition for value, condition in wanted if value is not None and condition is not None]


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


def actions(connection: Connection) -> Sequence[str]:
    """Return the names of all actions in the log."""
    query = select(audit_log.c.action).distinct().order_by(audit_log.c.action)
    return connection.execute(query).scalars().all()
