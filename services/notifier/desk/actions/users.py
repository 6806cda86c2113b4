"""Settings that users change for themselves."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import Connection, select, update

from services.common.errors import BadInput
from services.notifier.client_book.managers import known_managers
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.auth import ensure_manager, manager_user_id
from services.notifier.tables import users

__all__ = ["change_time_zone", "change_ways_of_working", "colleagues", "ensure_colleague", "time_zones"]


def colleagues(connection: Connection) -> dict[str, str]:
    """Return the names of all users who may sign in, by id, and of account managers who have not signed in yet."""
    everybody = connection.execute(select(users.c.id, users.c.name, users.c.disabled_at)).all()
    names = {row.id: row.name for row in everybody if row.disabled_at is None}
    disabled = {row.id for row in everybody if row.disabled_at is not None}
    for manager in known_managers(connection).values():
        if (user_id := manager_user_id(manager.id)) not in disabled:
            names.setdefault(user_id, manager.name)
    return dict(sorted(names.items(), key=lambda item: (item[1], item[0])))


def ensure_colleague(connection: Connection, user_id: str, now: datetime) -> None:
    """Create the user of an account manager who has not signed in yet, so that something can be given to them."""
    if connection.execute(select(users.c.id).where(users.c.id == user_id)).first() is not None:
        return
    for manager in known_managers(connection).values():
        if manager_user_id(manager.id) == user_id:
            ensure_manager(connection, now, manager_id=manager.id, name=manager.name, time_zone=manager.time_zone)


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
