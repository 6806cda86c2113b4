"""Settings that users change for themselves."""

from __future__ import annotations

from zoneinfo import available_timezones

from sqlalchemy import update

from services.common.errors import BadInput
from services.notifier.desk.actions.context import ActionContext
from services.notifier.tables import users

__all__ = ["change_time_zone", "time_zones"]


def time_zones() -> list[str]:
    """Return the names of all time zones."""
    return sorted(available_timezones())


def change_time_zone(context: ActionContext, name: str) -> None:
    """Show the viewer all times in another zone."""
    if name not in available_timezones():
        raise BadInput(f"{name!r} is not a known time zone.", fix="Choose a name such as Europe/Stockholm.")
    context.connection.execute(update(users).where(users.c.id == context.viewer.user_id).values(time_zone=name))
    context.audit("user.time_zone", context.viewer.user_id, detail=name)
