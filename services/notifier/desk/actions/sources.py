"""The grades of sources, as the owner sets them at the desk: with a reason, in the audit log, and with undo."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from schemas.mentions import SourceGrade, SourceLetter
from services.common.errors import BadInput
from services.notifier import audit
from services.notifier.desk.actions.context import one_line
from services.notifier.desk.auth import Viewer
from services.notifier.desk.dependencies import DeskDependencies, SourceActions
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.tables import source_changes, users

__all__ = ["SourceChange", "list_changes", "may_grade", "set_grade", "undo_grade"]

LISTED = 10
GROUND_LIMIT = 500


@dataclass(frozen=True, slots=True)
class SourceChange:
    """A grade that was set at the desk. ``in_force``: it is the grade that is set now, so it can be undone."""

    id: str
    domain: str
    at: datetime
    user_id: str
    user_name: str | None
    before: SourceGrade
    after: SourceGrade
    undone_at: datetime | None
    in_force: bool


def may_grade(viewer: Viewer, dependencies: DeskDependencies) -> bool:
    """Return whether the viewer may set grades: they serve everybody, so only the owner may."""
    return viewer.may("sources.write") and dependencies.source_actions is not None


def set_grade(
    viewer: Viewer,
    dependencies: DeskDependencies,
    domain: str,
    letter: SourceLetter,
    ground: str,
    *,
    publisher: str = "",
) -> SourceChange:
    """Set the grade of a source, and return the change.

    Raises:
        NotFound: the viewer may not.
        BadInput: the domain is none, or the reason is missing.
    """
    actions = _actions(viewer, dependencies)
    ground, publisher = one_line(ground)[:GROUND_LIMIT], one_line(publisher)
    if not ground:
        raise BadInput("The reason is missing.", fix="Say in one sentence why the source deserves this grade.")
    before = actions.current(domain)
    after = actions.grade(domain, letter, ground, publisher or None)
    if before.domain != after.domain:
        before = before.model_copy(update={"domain": after.domain})
    now = dependencies.clock.now()
    row = {
        "id": f"src_{secrets.token_hex(8)}",
        "domain": after.domain,
        "at": now,
        "user_id": viewer.user_id,
        "before": before.model_dump(mode="json"),
        "after": after.model_dump(mode="json"),
    }
    with dependencies.engine.begin() as connection:
        connection.execute(insert(source_changes).values(row))
        detail = f"{before.granted} to {after.grade}: {ground}"
        audit.record(connection, now, viewer.user_id, "source.graded", after.domain, detail=detail)
        return _read(connection, actions, str(row["id"]))


def undo_grade(viewer: Viewer, dependencies: DeskDependencies, change_id: str) -> SourceChange:
    """Put back the grade that a source had before a change, and return the change.

    Raises:
        NotFound: the viewer may not, or there is no such change.
        Conflict: the grade was set again since, or it is undone already.
    """
    actions = _actions(viewer, dependencies)
    with dependencies.engine.connect() as connection:
        change = _read(connection, actions, change_id)
    if change.undone_at is not None or not change.in_force:
        raise Conflict("This grade is not the one that is set now.", fix="Set the one that you want instead.")
    actions.put_back(change.before)
    now = dependencies.clock.now()
    with dependencies.engine.begin() as connection:
        connection.execute(update(source_changes).where(source_changes.c.id == change_id).values(undone_at=now))
        detail = f"{change.after.grade} to {change.before.granted}"
        audit.record(connection, now, viewer.user_id, "source.grade_undone", change.domain, detail=detail)
        return _read(connection, actions, change_id)


def list_changes(connection: Connection, viewer: Viewer, dependencies: DeskDependencies) -> Sequence[SourceChange]:
    """Return the latest changes, newest first; none to those who may not set grades."""
    actions = dependencies.source_actions
    if actions is None or not may_grade(viewer, dependencies):
        return ()
    query = _SELECT.order_by(source_changes.c.at.desc(), source_changes.c.id).limit(LISTED)
    return [_change(row, actions) for row in connection.execute(query).mappings()]


_SELECT = select(source_changes, users.c.name.label("user_name")).select_from(
    source_changes.outerjoin(users, users.c.id == source_changes.c.user_id)
)


def _read(connection: Connection, actions: SourceActions, change_id: str) -> SourceChange:
    row = connection.execute(_SELECT.where(source_changes.c.id == change_id)).mappings().first()
    if row is None:
        raise NotFound("There is no such change.")
    return _change(row, actions)


def _change(row: RowMapping, actions: SourceActions) -> SourceChange:
    after = SourceGrade.model_validate(row["after"])
    current = actions.current(row["domain"])
    in_force = (current.domain, current.set_at, current.granted) == (after.domain, after.set_at, after.grade)
    return SourceChange(
        id=row["id"],
        domain=row["domain"],
        at=row["at"],
        user_id=row["user_id"],
        user_name=row["user_name"],
        before=SourceGrade.model_validate(row["before"]),
        after=after,
        undone_at=row["undone_at"],
        in_force=in_force and row["undone_at"] is None,
    )


def _actions(viewer: Viewer, dependencies: DeskDependencies) -> SourceActions:
    actions = dependencies.source_actions
    if actions is None or not may_grade(viewer, dependencies):
        raise NotFound("There is no such page.")
    return actions
