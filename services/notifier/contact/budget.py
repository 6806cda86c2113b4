"""How often a client may be written to: at most n messages in any seven days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

__all__ = ["WEEK", "free_from", "sent_within_week"]

WEEK = timedelta(days=7)


def sent_within_week(sent: Sequence[datetime], moment: datetime) -> tuple[datetime, ...]:
    """The messages of the seven days before ``moment``, oldest first."""
    return tuple(sorted(at for at in sent if moment - WEEK < at <= moment))


def free_from(sent: Sequence[datetime], max_per_week: int, moment: datetime) -> datetime | None:
    """The first moment at or after ``moment`` at which one more message keeps the budget; None for a budget of 0.

    ``sent`` may hold messages that are approved and leave only later: then no week that holds them is overfilled.
    """
    if max_per_week < 1:
        return None
    for candidate in sorted({moment, *(at + WEEK for at in sent if at + WEEK > moment)}):
        if _has_room(sent, max_per_week, candidate):
            return candidate
    raise AssertionError("a week after the last message there is room")


def _has_room(sent: Sequence[datetime], limit: int, moment: datetime) -> bool:
    """Whether every week that would hold a message at ``moment`` has room for it: those end within the week after."""
    ends = (moment, *(at for at in sent if moment <= at < moment + WEEK))
    return all(len(sent_within_week(sent, end)) < limit for end in ends)
