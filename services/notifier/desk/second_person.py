"""The second person of an approval: which drafts wait for them, and who approved first."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from services.notifier import queries
from services.notifier.desk.auth import Viewer
from services.notifier.gate.findings import Approval
from services.notifier.gate.policy import GatePolicy
from services.notifier.queries import DraftLine
from services.notifier.scope import EVERYTHING, Scope
from services.notifier.tables import drafts, users
from services.notifier.triage.marks import is_given_to

__all__ = ["first_approval", "scope_for_second", "to_second", "user_name", "visible_draft"]


def first_approval(connection: Connection, line: DraftLine) -> Approval | None:
    """Return the first person's approval of a draft that waits for a second; None if it doesn't wait."""
    if line.state != "second":
        return None
    approval: Approval | None = connection.execute(select(drafts.c.approval).where(drafts.c.id == line.id)).scalar()
    return approval


def user_name(connection: Connection, user_id: str) -> str:
    """Return a user's name; their id if they are gone."""
    return connection.execute(select(users.c.name).where(users.c.id == user_id)).scalar() or user_id


def visible_draft(connection: Connection, viewer: Viewer, gate: GatePolicy, draft_id: str) -> DraftLine | None:
    """Return a draft that the viewer may see.

    It is for one of their clients, a colleague gave it to them, or it waits for them as the second person.
    """
    line = queries.draft(connection, viewer.scope, draft_id)
    if line is None and is_given_to(connection, viewer.user_id, draft_id):
        return queries.draft(connection, EVERYTHING, draft_id)
    if line is None and gate.names(viewer.user_id, viewer.role):
        line = queries.draft(connection, EVERYTHING, draft_id)
        if line is not None and line.state != "second":
            return None
    return line


def scope_for_second(viewer: Viewer, gate: GatePolicy) -> Scope:
    """Return the scope in which drafts that wait for a second person are visible to the viewer."""
    return EVERYTHING if gate.names(viewer.user_id, viewer.role) else viewer.scope


def to_second(connection: Connection, viewer: Viewer, gate: GatePolicy) -> Sequence[DraftLine]:
    """Return the drafts that wait for the viewer as the second person, by deadline."""
    lines = queries.waiting_for_second(connection, scope_for_second(viewer, gate))
    first_by = ((line, first_approval(connection, line)) for line in lines)
    return [
        line
        for line, first in first_by
        if first is not None and gate.may_second(viewer.user_id, viewer.role, first["by"])
    ]
