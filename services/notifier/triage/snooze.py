"""The moments until which a draft can be put aside. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.common.errors import BadInput

__all__ = ["SNOOZES", "snooze_until"]

SNOOZES = {
    "hour": "For an hour",
    "hours": "For 3 hours",
    "tomorrow": "Until tomorrow, 9:00",
    "monday": "Until Monday, 9:00",
    "deadline": "Until 2 hours before the deadline",
}
MORNING, BEFORE_DEADLINE = time(9), timedelta(hours=2)


def snooze_until(choice: str, now: datetime, zone: ZoneInfo, deadline: datetime) -> datetime:
    """Return the moment of a preset or of a local time such as ``2026-03-06T14:30``; it is before ``deadline``.

    Raises:
        BadInput: there is no such moment, it is past, or the deadline comes first.
    """
    local = now.astimezone(zone)
    if choice in ("hour", "hours"):
        until = now + timedelta(hours=1 if choice == "hour" else 3)
    elif choice in ("tomorrow", "monday"):
        days = 1 if choice == "tomorrow" else 7 - local.weekday()
        until = datetime.combine(local.date() + timedelta(days=days), MORNING, zone)
    elif choice == "deadline":
        until = deadline - BEFORE_DEADLINE
    else:
        try:
            until = datetime.fromisoformat(choice).replace(tzinfo=zone)
        except ValueError as error:
            raise BadInput("Until when is not clear.", fix="Choose one of the times, or a date and time.") from error
    if until <= now:
        raise BadInput("That time is past.", fix="Choose a later one, or decide now.")
    if until >= deadline:
        raise BadInput("Its deadline comes first.", fix="Choose an earlier time, or decide now.")
    return until.astimezone(now.tzinfo)
