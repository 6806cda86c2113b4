"""The weekly budget: at most n messages to a client in any seven days. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, get_args

__all__ = ["LEFT_OUT", "WEEK", "LeftOut", "next_free", "sent_within_week"]

WEEK = timedelta(days=7)
#: Why news is left out of the messages and listed as also noticed: the weekly messages are used up, more valuable news
#: took the place of its draft, there is nothing to advise and it is not large, or the playbooks leave out such news.
LeftOut = Literal["weekly_budget", "outranked", "no_opinion", "not_for_client"]
LEFT_OUT: tuple[LeftOut, ...] = get_args(LeftOut)


def sent_within_week(sent: Sequence[datetime], moment: datetime) -> tuple[datetime, ...]:
    """Return the messages of the seven days before ``moment``, oldest first."""
    return tuple(sorted(at for at in sent if moment - WEEK < at <= moment))


def next_free(sent: Sequence[datetime], max_per_week: int, moment: datetime) -> datetime | None:
    """Return the first moment from ``moment`` on when one more message keeps the budget; None for a budget of 0.

    ``sent`` may include approved messages that are sent later. No week that includes them is overfilled either.
    """
    if max_per_week < 1:
        return None
    for candidate in sorted({moment, *(at + WEEK for at in sent if at + WEEK > moment)}):
        if _has_room(sent, max_per_week, candidate):
            return candidate
    raise AssertionError("a week after the last message there is room")


def _has_room(sent: Sequence[datetime], limit: int, moment: datetime) -> bool:
    """Return whether each week that includes ``moment`` has room for a message then."""
    week_ends = (moment, *(at for at in sent if moment <= at < moment + WEEK))
    return all(len(sent_within_week(sent, end)) < limit for end in week_ends)
