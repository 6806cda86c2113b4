"""Words for the plan of sending: the same on the inbox, the draft, the outbox and in the API."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.notifier.desk.labels import moment
from services.notifier.sending_plan import Refused, Sending

__all__ = ["TOO_LATE", "approve_button", "cannot_arrive", "leaves", "leaves_in_list", "plan_kind"]

TOO_LATE = "Cannot arrive in time: call, send now with a reason, or drop."
_TOO_LATE_AND_HELD = "Cannot arrive in time: call or drop. A blackout forbids sending it now."
_REFUSED: dict[Refused, str] = {
    "do_not_contact": "Cannot be sent: the client must not be contacted.",
    "no_contact_budget": "Cannot be sent: the client book allows no messages.",
    "no_open_hours": "Cannot be sent: the client book leaves no time for messages.",
    "not_in_book": "Cannot be sent: the client is no longer in the client book.",
}


def leaves(plan: Sending, zone: ZoneInfo, now: datetime, undo: timedelta) -> str:
    """Say when a message leaves, in the reader's ``zone``; with the client's time where it differs."""
    if plan.refused is not None:
        return _REFUSED[plan.refused]
    if not plan.in_time:
        return TOO_LATE if plan.may_override else _TOO_LATE_AND_HELD
    if _at_once(plan, now, undo):
        return "Leaves at once"
    return f"Leaves {_moment(plan, zone, now)}"


def leaves_in_list(plan: Sending, zone: ZoneInfo, now: datetime, undo: timedelta) -> str:
    """Say when a message leaves, in a list that says once what to do about those that :func:`cannot_arrive`."""
    if not cannot_arrive(plan):
        return leaves(plan, zone, now, undo)
    return "Cannot arrive in time" if plan.may_override else "Cannot arrive in time, blackout"


def cannot_arrive(plan: Sending) -> bool:
    """Return whether a message may be sent, but not before its deadline."""
    return plan.refused is None and not plan.in_time


def approve_button(plan: Sending, zone: ZoneInfo, now: datetime, undo: timedelta, channel: str | None) -> str:
    """Return the text of the button that approves a message: it says what it does."""
    by = f" by {channel}" if channel else ""
    if _at_once(plan, now, undo):
        return f"Approve and send{by}"
    return f"Approve; leaves{by} {_moment(plan, zone, now)}"


def plan_kind(plan: Sending) -> str:
    """Return ``late``, ``later`` or ``now``, for the color of the plan."""
    return "late" if not plan.possible else "now" if plan.at_once else "later"


def _at_once(plan: Sending, now: datetime, undo: timedelta) -> bool:
    return plan.at_once or plan.leaves_at <= now + undo


def _moment(plan: Sending, zone: ZoneInfo, now: datetime) -> str:
    here, there = plan.leaves_at.astimezone(zone), plan.leaves_at.astimezone(plan.zone)
    shown = moment(plan.leaves_at, zone, now)
    if here.utcoffset() == there.utcoffset():
        return shown
    day = "" if here.date() == there.date() else f"{there:%a} "
    return f"{shown} ({day}{there:%H:%M} their time)"
