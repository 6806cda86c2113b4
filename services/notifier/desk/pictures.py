"""The geometry of the desk's pictures: where marks, bars and ticks stand. Pure; templates draw it as SVG.

Each picture also has its figures as a table, for everybody who doesn't see it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.event_views import EventView, EvidenceRecordView
from services.notifier.desk import labels

__all__ = ["Bar", "Bars", "Mark", "Share", "Tick", "Timeline", "bars", "event_timeline", "shares"]

#: The width of a picture in its own units, and the margin at each side of it.
WIDTH, MARGIN = 720, 24
#: Marks that would stand closer together than this are stacked.
APART = 13
#: The steps between two ticks of a time axis.
STEPS = tuple(timedelta(hours=hours) for hours in (1, 3, 6, 12, 24, 48, 96, 168, 336, 720, 2160, 8760))
MOST_TICKS = 7
#: Half the height of a bar chart's units is for its values and labels.
BAR_HEIGHT, BAR_TOP, BAR_WIDTH = 120, 24, 360


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment in a timeline: its place, what happened (``kind``) and the row of the table that says it in words."""

    x: float
    y: float
    kind: str
    at: datetime
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A time on the axis."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Reports above the axis at ``axis``, and clients being told below it."""

    width: int
    height: float
    axis: float
    marks: Sequence[Mark]
    ticks: Sequence[Tick]


@dataclass(frozen=True, slots=True)
class Bar:
    """A column of a bar chart."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: int
    over: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """Columns from left to right. ``limit_y`` is the height of a limit that is drawn as a line."""

    width: int
    height: int
    base: int
    bars: Sequence[Bar]
    limit_y: float | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a client's portfolio or spend that something touches."""

    client_id: str
    client: str
    what: str
    percent: float


def event_timeline(view: EventView, zone: ZoneInfo) -> Timeline:
    """Return an event's reports, copies and denials, and when each client was told, in the order of time."""
    reports: list[tuple[EvidenceRecordView, str]] = [
        (item, "first" if item.is_first else item.position) for item in view.evidence
    ]
    reports += [(copy, "repeats") for item in view.evidence for copy in item.copies]
    moments = [
        (item.published_at or item.first_seen_at, kind, item.publisher, labels.POSITION[item.position])
        for item, kind in reports
    ]
    told = [(client.told_at, "told", client.client_name, "was told") for client in view.affected if client.told_at]
    times = [at for at, *_ in (*moments, *told)] or [view.first_seen_at]
    begin, end = min(times), max(times)
    if end - begin < timedelta(hours=1):
        begin, end = begin - timedelta(minutes=30), end + timedelta(minutes=30)

    def place(at: datetime) -> float:
        return round(MARGIN + (WIDTH - 2 * MARGIN) * ((at - begin) / (end - begin)), 1)

    above, below = _stacked(sorted(moments), place), _stacked(sorted(told), place)
    axis = 20 + APART * max((level for level, _ in above), default=0) + 10
    height = axis + 34 + APART * (max((level for level, _ in below), default=0) if told else 0) + (14 if told else 0)
    marks = [Mark(place(at), axis - 14 - APART * level, kind, at, who, what) for level, (at, kind, who, what) in above]
    marks += [Mark(place(at), axis + 34 + APART * level, kind, at, who, what) for level, (at, kind, who, what) in below]
    ticks = [Tick(place(at), _time(at)) for at in _ticks(begin, end, zone)]
    return Timeline(WIDTH, height, axis, sorted(marks, key=lambda mark: mark.at), ticks)


_Moment = tuple[datetime, str, str, str]


def _stacked(moments: Sequence[_Moment], place: Callable[[datetime], float]) -> list[tuple[int, _Moment]]:
    """Return each moment with its level: one that stands close to others of a level goes one level higher."""
    last: list[float] = []
    found = []
    for moment in moments:
        x = place(moment[0])
        level = next((number for number, taken in enumerate(last) if x - taken >= APART), len(last))
        last[level : level + 1] = [x]
        found.append((level, moment))
    return found


def _ticks(begin: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return at most seven round times between ``begin`` and ``end``, in the reader's zone."""
    step = next((step for step in STEPS if (end - begin) / step <= MOST_TICKS - 1), STEPS[-1])
    midnight = begin.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + step * -(-(begin - midnight) // step)
    return [at for number in range(MOST_TICKS + 1) if begin <= (at := first + number * step) <= end]


def _time(at: datetime) -> str:
    """Return the name of a round time: the day at midnight, else the time of day."""
    return f"{at.day} {at:%b}" if (at.hour, at.minute) == (0, 0) else f"{at:%H:%M}"


def bars(counts: Sequence[tuple[str, int]], limit: int | None = None) -> Bars:
    """Return a bar chart of counts by label. Columns above ``limit`` are marked."""
    most = max([1, limit or 0, *(count for _, count in counts)])
    usable = BAR_HEIGHT - BAR_TOP - 20
    slot = BAR_WIDTH / max(1, len(counts))
    base = BAR_HEIGHT - 20
    columns = [
        Bar(
            x=round(number * slot + slot * 0.14, 1),
            y=round(base - usable * count / most, 1),
            width=round(slot * 0.72, 1),
            height=round(usable * count / most, 1),
            label=label,
            value=count,
            over=limit is not None and count > limit,
        )
        for number, (label, count) in enumerate(counts)
    ]
    return Bars(BAR_WIDTH, BAR_HEIGHT, base, columns, None if limit is None else round(base - usable * limit / most, 1))


def shares(found: Sequence[Share]) -> list[Share]:
    """Return the shares, the largest first."""
    return sorted(found, key=lambda share: (-share.percent, share.client, share.what))
