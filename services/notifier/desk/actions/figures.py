"""Figures about messages: how many each client gets in a week, and how long a client waits for the first word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from schemas.event_views import EventView
from services.notifier import queries
from services.notifier.desk.pictures import Share, shares
from services.notifier.event_views.tables import event_stories
from services.notifier.scope import Scope
from services.notifier.tables import clients, drafts, interactions

__all__ = [
    "WEEKS",
    "FirstWord",
    "WeeklyMessages",
    "client_weeks",
    "first_words",
    "touched_shares",
    "week_name",
    "week_starts",
    "weekly_messages",
]

WEEKS = 12
#: The limits of the groups of waiting times, in hours, and their names.
WAITS: tuple[tuple[float, str], ...] = (
    (1, "< 1 h"), (4, "1–4 h"), (12, "4–12 h"), (24, "12–24 h"), (72, "1–3 d"), (float("inf"), "> 3 d"),
)  # fmt: skip
_SENT = interactions.join(clients, clients.c.id == interactions.c.client_id)


@dataclass(frozen=True, slots=True)
class WeeklyMessages:
    """A client's messages in each of the last weeks, the oldest first; a week begins on Monday."""

    client_id: str
    client: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """The number of messages in all of these weeks."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class FirstWord:
    """The time from the first report that Firstword saw to the first message about it that reached a client.

    ``groups`` count messages by that time; ``median_hours`` is None without any.
    """

    groups: tuple[tuple[str, int], ...]
    median_hours: float | None
    count: int


def week_starts(now: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the beginnings of the last weeks in a time zone, the oldest first; the last one is this week's."""
    monday = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    monday -= timedelta(days=monday.weekday())
    return [monday - timedelta(weeks=number) for number in reversed(range(WEEKS))]


def weekly_messages(
    connection: Connection, scope: Scope, starts: Sequence[datetime], *, client_id: str | None = None
) -> list[WeeklyMessages]:
    """Return the messages of each client that got any since the first of ``starts``, most messages first."""
    query = (
        select(interactions.c.client_id, clients.c.name, interactions.c.at, interactions.c.draft_id)
        .select_from(_SENT)
        .where(interactions.c.draft_id.is_not(None), interactions.c.channel != "reply", scope.condition())
        .where(interactions.c.at >= starts[0])
    )
    if client_id is not None:
        query = query.where(interactions.c.client_id == client_id)
    names: dict[str, str] = {}
    seen: dict[tuple[str, str], datetime] = {}
    for row in connection.execute(query.order_by(interactions.c.at)):
        names[row.client_id] = row.name
        seen.setdefault((row.client_id, row.draft_id), row.at)  # by several channels: one message
    counts: Counter[tuple[str, int]] = Counter()
    for (client, _), at in seen.items():
        counts[client, sum(start <= at for start in starts) - 1] += 1
    found = [
        WeeklyMessages(client, name, tuple(counts[client, week] for week in range(len(starts))))
        for client, name in names.items()
    ]
    return sorted(found, key=lambda line: (-line.total, line.client, line.client_id))


def client_weeks(
    connection: Connection, scope: Scope, client_id: str, now: datetime, zone: ZoneInfo
) -> list[tuple[str, int]]:
    """Return the number of messages to one client in each of the last weeks, by the week's Monday."""
    starts = week_starts(now, zone)
    found = weekly_messages(connection, scope, starts, client_id=client_id)
    counts = found[0].counts if found else (0,) * len(starts)
    return list(zip(map(week_name, starts), counts, strict=True))


def week_name(start: datetime) -> str:
    """Return the name of a week in a picture."""
    return f"{start.day} {start:%b}"


def first_words(connection: Connection, scope: Scope, since: datetime) -> FirstWord:
    """Return how long clients waited for the first message about each event, of those that were told since then."""
    first_seen = func.min(event_stories.c.first_at)
    query = (
        select(interactions.c.client_id, event_stories.c.event_id, func.min(interactions.c.at).label("told"),
               first_seen.label("seen"))
        .select_from(
            _SENT.join(drafts, drafts.c.id == interactions.c.draft_id).join(
                event_stories, event_stories.c.story_id == drafts.c.story_id
            )
        )
        .where(interactions.c.channel != "reply", scope.condition())
        .group_by(interactions.c.client_id, event_stories.c.event_id)
        .having(func.min(interactions.c.at) >= since)
    )  # fmt: skip
    hours = [max(0.0, (row.told - row.seen).total_seconds() / 3600) for row in connection.execute(query)]
    groups: Counter[str] = Counter(next(name for limit, name in WAITS if waited < limit) for waited in hours)
    counted = tuple((name, groups[name]) for _, name in WAITS)
    return FirstWord(counted, median(hours) if hours else None, len(hours))


def touched_shares(connection: Connection, scope: Scope, view: EventView) -> list[Share]:
    """Return the part of each client's portfolio or spend that an event touches, where the book states it."""
    found: dict[tuple[str, str], Share] = {}
    for affected in view.affected:
        entry = queries.client(connection, scope, affected.client_id)
        weights = {} if entry is None else {watch.entity_id: watch.weight for watch in entry.client.assets}
        for interest in affected.interests:
            weight = weights.get(interest.entity_id)
            if weight:
                share = Share(affected.client_id, affected.client_name, interest.entity_name, round(weight * 100, 1))
                found[affected.client_id, interest.entity_id] = share
    return shares(list(found.values()))
