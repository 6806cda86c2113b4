"""Decides when to poll a feed next. Pure; every decision comes with its reason.

A feed that publishes every hour is polled more often than one that publishes every week. The wishes of the server
(Retry-After, max-age) and of the feed (ttl, hours and days to skip) are respected, within bounds that protect against a
mistake of theirs. No failure stops a feed, except that its server says for days that it is gone for good.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Literal

__all__ = [
    "NextPoll",
    "PollOutcome",
    "PollOutcomeKind",
    "PollSettings",
    "Rhythm",
    "describe_span",
    "mean_gap",
    "next_poll",
    "usual_delay",
    "with_delays",
    "with_news",
]

#: fetched: a feed · not_modified: the server says that nothing changed · broken: a document that is not a feed ·
#: unreachable: no usable response · gone: the server says that the feed is gone for good.
PollOutcomeKind = Literal["fetched", "not_modified", "broken", "unreachable", "gone"]


@dataclass(frozen=True, slots=True)
class PollSettings:
    """Bounds of the schedule, in seconds.

    ``unknown_seconds`` applies to feeds whose rhythm is not known yet. ``silent_after_seconds`` is the shortest quiet
    period that counts as silence after a feed was watched for ``know_after_seconds``, which includes a weekend; before
    that, it is three times as long. A feed with too few items for a rhythm is silent after ``silent_unknown_seconds``.
    """

    min_seconds: float = 120
    max_seconds: float = 6 * 3600
    unknown_seconds: float = 900
    retry_seconds: float = 120
    gone_seconds: float = 24 * 3600
    max_retry_after_seconds: float = 7 * 24 * 3600
    silent_after_seconds: float = 24 * 3600
    know_after_seconds: float = 7 * 24 * 3600
    silent_unknown_seconds: float = 90 * 24 * 3600
    failures_before_unreachable: int = 2


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A feed's publishing habits.

    ``moments`` are the latest times at which it published, ascending, at least one polling interval apart;
    ``longest_gap_seconds`` is the longest quiet period that ended while it was watched. ``ttl_seconds`` and
    ``max_age_seconds`` are the latest wishes of feed and server; in ``skip_hours`` (0–23, UTC) and on ``skip_days`` (0
    is Monday) the feed asks not to be polled (RSS 2.0, skipHours and skipDays). ``delays`` are the seconds from the
    publication of the latest items to the poll that brought them.
    """

    watched_since: datetime
    moments: tuple[datetime, ...] = ()
    longest_gap_seconds: float = 0.0
    ttl_seconds: int | None = None
    max_age_seconds: int | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    delays: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """The outcome of one poll. ``reason`` and ``fix`` are for people, and given for every failure."""

    kind: PollOutcomeKind
    reason: str | None = None
    fix: str | None = None
    retry_after_seconds: float | None = None

    @property
    def failed(self) -> bool:
        """Return True if the poll did not return a feed."""
        return self.kind in ("broken", "unreachable", "gone")


@dataclass(frozen=True, slots=True)
class NextPoll:
    """The time of the next poll, and the reason for it."""

    at: datetime
    reason: str


#: Moments that make up the rhythm; more would only preserve old habits.
MAX_MOMENTS = 24
#: Delays that are kept, and that must be known to say what is usual.
MAX_DELAYS, LEAST_DELAYS = 25, 3
#: Polling at half the mean gap lets an item wait a quarter of a gap on average.
_SHARE_OF_GAP = 0.5
#: The longer the current quiet period, the slower the polls: every 24 minutes after a night of eight hours.
_SHARE_OF_QUIET = 0.05
#: Spreads feeds, so that those added together are not polled together forever.
_JITTER = 0.1
_MAX_DOUBLINGS = 16
#: A feed that skips a longer time than a long weekend is mistaken.
_MOST_HOURS_SKIPPED = 4 * 24


def with_news(rhythm: Rhythm, moments: Sequence[datetime], now: datetime, settings: PollSettings) -> Rhythm:
    """Return ``rhythm`` with the ``moments`` of new items added; dates in the future count as ``now``.

    A clock that was years ahead leaves no trace: later moments are dropped, and no gap is longer than what counts as
    silence of an unknown feed.
    """
    known = [moment for moment in rhythm.moments if moment <= now]
    dated = sorted({*known, *(min(moment, now) for moment in moments)})
    merged: list[datetime] = []
    for moment in dated:
        if not merged or (moment - merged[-1]).total_seconds() >= settings.min_seconds:
            merged.append(moment)
    longest = rhythm.longest_gap_seconds
    if known and merged[-1] > known[-1]:
        ended = min(moment for moment in merged if moment > known[-1])
        longest = max(longest, min((ended - known[-1]).total_seconds(), settings.silent_unknown_seconds))
    return replace(rhythm, moments=tuple(merged[-MAX_MOMENTS:]), longest_gap_seconds=longest)


def with_delays(rhythm: Rhythm, delays: Sequence[float]) -> Rhythm:
    """Return ``rhythm`` with the ``delays`` of new items added, in seconds."""
    return (
        replace(rhythm, delays=(*rhythm.delays, *(round(delay) for delay in delays))[-MAX_DELAYS:])
        if delays
        else rhythm
    )


def usual_delay(rhythm: Rhythm) -> float | None:
    """Return the seconds after which half of the feed's latest items were seen; None if too few are known."""
    return median(rhythm.delays) if len(rhythm.delays) >= LEAST_DELAYS else None


def next_poll(
    feed_id: str, rhythm: Rhythm, outcome: PollOutcome, failures_in_a_row: int, now: datetime, settings: PollSettings
) -> NextPoll:
    """Decide when to poll again after ``outcome``. If it is a failure, ``failures_in_a_row`` includes it."""
    if outcome.failed:
        seconds, reason = _after_failure(outcome, failures_in_a_row, settings)
    else:
        seconds, reason = _after_success(rhythm, now, settings)
    seconds *= 1 + _JITTER * _spread(feed_id, failures_in_a_row)
    if outcome.retry_after_seconds is not None:
        asked = min(outcome.retry_after_seconds, settings.max_retry_after_seconds)
        if asked > seconds:
            seconds, reason = asked, "the server asks for this wait (Retry-After)"
    at = now + timedelta(seconds=round(seconds))
    allowed = _first_allowed(at, rhythm)
    if allowed > at:
        at, reason = allowed, "the feed asks not to be polled earlier (skipHours, skipDays)"
    return NextPoll(at, reason)


def _first_allowed(at: datetime, rhythm: Rhythm) -> datetime:
    """Return the first time from ``at`` on at which the feed may be polled; ``at`` if there is none within days."""
    moment = at
    for _ in range(_MOST_HOURS_SKIPPED):
        if moment.hour not in rhythm.skip_hours and moment.weekday() not in rhythm.skip_days:
            return moment
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return at


def mean_gap(moments: Sequence[datetime]) -> float | None:
    """Return the mean seconds between two moments; None for fewer than three moments, which are not a rhythm."""
    if len(moments) < 3:
        return None
    return (moments[-1] - moments[0]).total_seconds() / (len(moments) - 1)


def describe_span(seconds: float) -> str:
    """Return a rounded time span for people: ``5 minutes``, ``3 hours``, ``2 days``."""
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= 1.5 * length:
            return f"{round(seconds / length)} {unit}s"
    return "minute"


def _after_failure(outcome: PollOutcome, failures: int, settings: PollSettings) -> tuple[float, str]:
    if outcome.kind == "gone":
        return settings.gone_seconds, "the server says that the feed is gone for good; that is checked once a day"
    doubled = settings.retry_seconds * 2.0 ** min(max(failures - 1, 0), _MAX_DOUBLINGS)
    return min(doubled, settings.max_seconds), f"attempt {failures} failed; the wait doubles with each failure"


def _after_success(rhythm: Rhythm, now: datetime, settings: PollSettings) -> tuple[float, str]:
    mean = mean_gap(rhythm.moments)
    if mean is None:
        wanted, reason = settings.unknown_seconds, "the feed's rhythm is not known yet"
    else:
        quiet = (now - rhythm.moments[-1]).total_seconds()
        wanted = max(mean * _SHARE_OF_GAP, quiet * _SHARE_OF_QUIET)
        reason = f"the feed has a new item every {describe_span(mean)}"
    wanted = min(max(wanted, settings.min_seconds), settings.max_seconds)
    for asked, who in ((rhythm.ttl_seconds, "the feed (ttl)"), (rhythm.max_age_seconds, "the server (max-age)")):
        bounded = min(asked or 0, settings.max_seconds)
        if bounded > wanted:
            wanted, reason = bounded, f"{who} asks not to be polled sooner"
    return wanted, reason


def _spread(feed_id: str, turn: int) -> float:
    """Return a number in [0, 1) that is always the same for the same arguments."""
    digest = hashlib.blake2b(f"{feed_id}/{turn}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32
