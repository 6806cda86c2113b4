"""Times in which a client is not contacted at all (leave, mourning), or not about a certain topic (a deal). Pure.

Days are the client's own: a blackout until 31 March ends when 1 April begins in the client's time zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.clients import Blackout, Client

__all__ = ["blackout_end", "blackout_names", "general_blackout", "is_active", "topic_blackout", "upcoming_blackouts"]


def is_active(blackout: Blackout, zone: ZoneInfo, moment: datetime) -> bool:
    """Return whether ``blackout`` is in force at ``moment``."""
    day = moment.astimezone(zone).date()
    return (blackout.since is None or blackout.since <= day) and day <= blackout.until


def blackout_end(blackout: Blackout, zone: ZoneInfo) -> datetime:
    """Return the first moment (UTC) after ``blackout``."""
    return _midnight(blackout.until + timedelta(days=1), zone)


def upcoming_blackouts(client: Client, zone: ZoneInfo, moment: datetime) -> tuple[Blackout, ...]:
    """Return the blackouts that are in force at ``moment`` or begin later, in the order in which they begin."""
    not_over = (blackout for blackout in client.contact.blackouts if blackout_end(blackout, zone) > moment)
    return tuple(sorted(not_over, key=lambda blackout: (blackout.since or date.min, blackout.until)))


def general_blackout(client: Client, zone: ZoneInfo, moment: datetime) -> Blackout | None:
    """Return the blackout that forbids any message to the client at ``moment``; of several, the one that ends last."""
    active = [
        blackout for blackout in client.contact.blackouts if not blackout.about and is_active(blackout, zone, moment)
    ]
    return max(active, key=lambda blackout: blackout.until, default=None)


def topic_blackout(client: Client, zone: ZoneInfo, moment: datetime, names: Sequence[str]) -> Blackout | None:
    """Return the blackout that forbids messages about any of ``names`` (or entity ids) to the client at ``moment``."""
    wanted = {name.casefold() for name in names}
    active = [
        blackout
        for blackout in client.contact.blackouts
        if is_active(blackout, zone, moment) and any(name.casefold() in wanted for name in blackout.about)
    ]
    return max(active, key=lambda blackout: blackout.until, default=None)


def blackout_names(client: Client, about: Iterable[str]) -> tuple[str, ...]:
    """Return all names under which a blackout may list things with these names and entity ids.

    Those are the names, aliases and tickers of the client's watches.
    """
    names = dict.fromkeys(about)
    for watch in client.watches:
        if watch.entity_id in names or watch.name in names:
            names |= dict.fromkeys((watch.name, *watch.aliases, *watch.tickers))
    return tuple(names)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(UTC)
