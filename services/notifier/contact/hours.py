"""Quiet hours and working days in the client's own time zone, right across changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.clients import Client, ContactPolicy

__all__ = ["client_zone", "is_open", "next_open"]

#: The working days of a week come round within seven days; one more for the present day's remainder.
HORIZON_DAYS = 8


def client_zone(client: Client) -> ZoneInfo | None:
    """The client's time zone, or None where the book names one that doesn't exist."""
    try:
        return ZoneInfo(client.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def is_open(policy: ContactPolicy, zone: ZoneInfo, moment: datetime) -> bool:
    """Whether a client with ``policy`` may be written to at ``moment``."""
    local = moment.astimezone(zone)
    return local.weekday() in policy.working_days and not _quiet(policy, local.time())


def next_open(policy: ContactPolicy, zone: ZoneInfo, moment: datetime) -> datetime | None:
    """The first moment at or after ``moment`` (UTC) at which the client may be written to; None if there is none."""
    if is_open(policy, zone, moment):
        return moment.astimezone(UTC)
    today = moment.astimezone(zone).date()
    openings = [time(0, 0)] if policy.quiet_until is None else [time(0, 0), policy.quiet_until]
    for offset in range(HORIZON_DAYS + 1):
        day = today + timedelta(days=offset)
        # An hour that the clock skips or repeats is tried both ways; only what really is open counts.
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
    """Whether ``at`` lies in quiet hours; they may run over midnight. Equal ends, or a missing one, mean none."""
    begin, end = policy.quiet_from, policy.quiet_until
    if begin is None or end is None or begin == end:
        return False
    return begin <= at < end if begin < end else at >= begin or at < end
