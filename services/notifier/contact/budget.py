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
    """The first moment at or after ``moment`` at which one more message keeps the budget; None for a budget of 0."""
    if max_per_week < 1:
        return None
    recent = sent_within_week(sent, moment)
    if len(recent) < max_per_week:
        return moment
    return recent[len(recent) - max_per_week] + WEEK
