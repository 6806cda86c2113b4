"""Times in which a client is not written to at all (leave, mourning), or not on a certain matter (a deal). Pure.

Days are the client's own: a blackout until 31 March ends when 1 April begins where the client is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.clients import Blackout, Client

__all__ = ["barring", "end_of", "is_on", "matters_of", "silent_about", "upcoming"]


def is_on(blackout: Blackout, zone: ZoneInfo, moment: datetime) -> bool:
    """Whether ``blackout`` runs at ``moment``."""
    day = moment.astimezone(zone).date()
    return (blackout.since is None or blackout.since <= day) and day <= blackout.until


def end_of(blackout: Blackout, zone: ZoneInfo) -> datetime:
    """The first moment (UTC) after it."""
    return _midnight(blackout.until + timedelta(days=1), zone)


def upcoming(client: Client, zone: ZoneInfo, moment: datetime) -> tuple[Blackout, ...]:
    """The blackouts that run at ``moment`` or begin later, the first to begin first."""
    open_ended = date.min
    later = (one for one in client.contact.blackouts if end_of(one, zone) > moment)
    return tuple(sorted(later, key=lambda one: (one.since or open_ended, one.until)))


def barring(client: Client, zone: ZoneInfo, moment: datetime) -> Blackout | None:
    """What keeps every message from the client at ``moment``; of several, the one that ends last."""
    running = [one for one in client.contact.blackouts if not one.about and is_on(one, zone, moment)]
    return max(running, key=lambda one: one.until, default=None)


def silent_about(client: Client, zone: ZoneInfo, moment: datetime, matters: Sequence[str]) -> Blackout | None:
    """What keeps us from speaking of any of ``matters`` (names and entity ids) to the client at ``moment``."""
    wanted = {matter.casefold() for matter in matters}
    running = [
        one
        for one in client.contact.blackouts
        if one.about and is_on(one, zone, moment) and any(name.casefold() in wanted for name in one.about)
    ]
    return max(running, key=lambda one: one.until, default=None)


def matters_of(client: Client, about: Iterable[str]) -> tuple[str, ...]:
    """By which names a blackout may speak of things with these names and entity ids, as the client's book has them."""
    known = dict.fromkeys(about)
    for watch in client.watches:
        if watch.entity_id in known or watch.name in known:
            known |= dict.fromkeys((watch.name, *watch.aliases, *watch.tickers))
    return tuple(known)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(UTC)
