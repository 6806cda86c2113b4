"""Quiet hours and working days in the client's own time zone, correct across clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.clients import Client, ContactPolicy

__all__ = ["client_zone", "is_open", "next_open"]

#: Every working day comes round within seven days, plus one for what is left of today.
HORIZON_DAYS = 8


def client_zone(client: Client) -> ZoneInfo | None:
    """Return the client's time zone, or None if the book names one that does not exist."""
    try:
        return ZoneInfo(client.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def is_open(policy: ContactPolicy, zone: ZoneInfo, moment: datetime) -> bool:
    """Return whether a client with ``policy`` may be contacted at ``moment``."""
    local = moment.astimezone(zone)
    return local.weekday() in policy.working_days and not _quiet(policy, local.time())


def next_open(policy: ContactPolicy, zone: ZoneInfo, moment: datetime) -> datetime | None:
    """Return the first moment (UTC) from ``moment`` on at which the client may be contacted; None if there is none."""
    if is_open(policy, zone, moment):
        return moment.astimezone(UTC)
    today = moment.astimezone(zone).date()
    openings = [time(0, 0)] if policy.quiet_until is None else [time(0, 0), policy.quiet_until]
    for offset in range(HORIZON_DAYS + 1):
        day = today + timedelta(days=offset)
        # An hour that the clock skips or repeats is tried both ways. Only a moment that is really open counts.
        candidates = sorted(
            datetime.combine(day, opening, zone).replace(fold=fold).astimezone(UTC)
            for opening in openings
            for fold in (0, 1)
        )
        for candidate in candidates:
            if candidate > moment and is_open(policy, zone, candidate):
                return candidate
    return None


def _quiet(policy: ContactPolicy, at: time) -> bool:
    """Return whether ``at`` is in quiet hours. They may span midnight; equal or missing ends mean there are none."""
    begin, end = policy.quiet_from, policy.quiet_until
    if begin is None or end is None or begin == end:
        return False
    return begin <= at < end if begin < end else at >= begin or at < end
