"""Queries for the audit log: who read or changed what, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, func, select

from services.notifier.tables import audit_log, clients, users

__all__ = ["AuditFilter", "actions", "entries"]

_A = audit_log.c


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Conditions on entries; None means any.

    ``action`` is a prefix: ``draft`` or ``draft.sent``. ``since`` is inclusive, ``until`` exclusive.
    """

    user: str | None = None
    action: str | None = None
    subject: str | None = None
    client: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions for a query."""
        conditions: list[ColumnElement[bool]] = []
        if self.user is not None:
            conditions.append(_A.user_id == self.user)
        if self.action is not None:
            conditions.append(_A.action.startswith(self.action, autoescape=True))
        if self.subject is not None:
            conditions.append(_A.subject == self.subject)
        if self.client is not None:
            conditions.append(_A.client_id == self.client)
        if self.since is not None:
            conditions.append(_A.at >= self.since)
        if self.until is not None:
            conditions.append(_A.at < self.until)
        return conditions


def entries(
    connection: Connection, criteria: AuditFilter, *, limit: int, offset: int = 0
) -> tuple[Sequence[RowMapping], int]:
    """Return the newest matching entries with the names of users and clients, and the number of all matches."""
    conditions = criteria.conditions()
    query = (
        select(audit_log, users.c.name.label("user_name"), clients.c.name.label("client_name"))
        .select_from(
            audit_log.outerjoin(users, users.c.id == _A.user_id).outerjoin(clients, clients.c.id == _A.client_id)
        )
        .where(*conditions)
        .order_by(_A.at.desc(), _A.id.desc())
        .limit(limit)
        .offset(offset)
    )
    count = select(func.count()).select_from(audit_log).where(*conditions)
    return connection.execute(query).mappings().all(), connection.execute(count).scalar_one()


def actions(connection: Connection) -> Sequence[str]:
    """Return all actions in the log, sorted."""
    return connection.execute(select(_A.action).distinct().order_by(_A.action)).scalars().all()
