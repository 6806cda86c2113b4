"""Settings that users change for themselves."""

from __future__ import annotations

from zoneinfo import available_timezones

from sqlalchemy import Connection, select, update

from services.common.errors import BadInput
from services.notifier.desk.actions.context import ActionContext
from services.notifier.tables import users

__all__ = ["change_time_zone", "change_ways_of_working", "colleagues", "time_zones"]


def colleagues(connection: Connection) -> dict[str, str]:
    """Return the names of all users who may sign in, by id."""
    query = select(users.c.id, users.c.name).where(users.c.disabled_at.is_(None)).order_by(users.c.name, users.c.id)
    return {row.id: row.name for row in connection.execute(query)}


def time_zones() -> list[str]:
    """Return the names of all time zones."""
    return sorted(available_timezones())


def change_time_zone(context: ActionContext, name: str) -> None:
    """Show the viewer all times in another zone."""
    if name not in available_timezones():
        raise BadInput(f"{name!r} is not a known time zone.", fix="Choose a name such as Europe/Stockholm.")
    context.connection.execute(update(users).where(users.c.id == context.viewer.user_id).values(time_zone=name))
    context.audit("user.time_zone", context.viewer.user_id, detail=name)


def change_ways_of_working(context: ActionContext, *, open_next: bool, shortcuts: bool) -> None:
    """Choose whether the next draft opens after a decision, and whether single keys do something."""
    chosen = {"open_next": open_next, "shortcuts": shortcuts}
    context.connection.execute(update(users).where(users.c.id == context.viewer.user_id).values(chosen))
    detail = ", ".join(f"{name} {'on' if value else 'off'}" for name, value in chosen.items())
    context.audit("user.ways_of_working", context.viewer.user_id, detail=detail)
