"""When to poll a feed next, and how the feed is: pure decisions that come with their reasons. No feed is ever given up.

A feed that has something new every hour is asked more often than one that has it every week. What the server asks for
(Retry-After, max-age, ttl) is kept, within bounds that hold against a server's mistake.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from schemas.feeds import FeedHealth, FeedStatus

__all__ = ["NextPoll", "Outcome", "OutcomeKind", "PollSettings", "Rhythm", "judge_health", "next_poll", "with_news"]

#: fetched: a feed came · not_modified: the server says that nothing changed · broken: what came is no feed ·
#: unreachable: nothing usable came · gone: the server says that it's gone for good.
OutcomeKind = Literal["fetched", "not_modified", "broken", "unreachable", "gone"]

_STATUS_OF_FAILURE: dict[OutcomeKind, FeedStatus] = {
    "broken": "broken",
    "unreachable": "unreachable",
    "gone": "gone",
}


@dataclass(frozen=True, slots=True)
class PollSettings:
    """Bounds of the schedule, all in seconds.

    ``unknown_seconds`` is for feeds whose rhythm isn't known yet. ``silent_after_seconds`` is the shortest quiet that
    is called silence once a feed was watched for ``know_after_seconds``, which shows its weekends; before, it is three
    times that. A feed with too few items for a rhythm is silent after ``silent_unknown_seconds``.
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
    """How often a feed has something new.

    ``moments`` are the newest moments at which it had, ascending, none closer together than polls are;
    ``longest_gap_seconds`` is the longest quiet that ended while it was watched. ``ttl_seconds`` and
    ``max_age_seconds`` are what feed and server last asked for.
    """

    watched_since: datetime
    moments: tuple[datetime, ...] = ()
    longest_gap_seconds: float = 0.0
    ttl_seconds: int | None = None
    max_age_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one poll ended. ``reason`` and ``fix`` are for people and given unless all is well."""

    kind: OutcomeKind
    reason: str | None = None
    fix: str | None = None
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class NextPoll:
    """When, and why then."""

    at: datetime
    reason: str


#: So many moments make the rhythm; more would only remember older habits.
MAX_MOMENTS = 24
#: Half of the mean gap: on average, something new waits a quarter of a gap to be seen.
_SHARE_OF_GAP = 0.5
#: The longer the present quiet, the slower: after a night of eight hours, 24 minutes.
_SHARE_OF_QUIET = 0.05
#: Quiet this many times longer than the longest before is silence.
_SILENCE_FACTOR = 3
#: Spread over feeds, so that what was added together is not polled together for ever.
_JITTER = 0.1
_DOUBLINGS = 16


def with_news(rhythm: Rhythm, moments: Sequence[datetime], now: datetime, settings: PollSettings) -> Rhythm:
    """``rhythm`` after something new came, dated ``moments``; dates in the future count as ``now``."""
    dated = sorted({*rhythm.moments, *(min(moment, now) for moment in moments)})
    merged: list[datetime] = []
    for moment in dated:
        if not merged or (moment - merged[-1]).total_seconds() >= settings.min_seconds:
            merged.append(moment)
    longest = rhythm.longest_gap_seconds
    if rhythm.moments and merged[-1] > rhythm.moments[-1]:
        ended = min(moment for moment in merged if moment > rhythm.moments[-1])
        longest = max(longest, (ended - rhythm.moments[-1]).total_seconds())
    return replace(rhythm, moments=tuple(merged[-MAX_MOMENTS:]), longest_gap_seconds=longest)


def next_poll(
    feed_id: str, rhythm: Rhythm, outcome: Outcome, failures_in_a_row: int, now: datetime, settings: PollSettings
) -> NextPoll:
    """When to ask again after ``outcome``, which is counted in ``failures_in_a_row`` if it is a failure."""
    if outcome.kind in _STATUS_OF_FAILURE:
        seconds, reason = _after_failure(outcome, failures_in_a_row, settings)
    else:
        seconds, reason = _after_success(rhythm, now, settings)
    seconds *= 1 + _JITTER * _spread(feed_id, failures_in_a_row)
    if outcome.retry_after_seconds is not None:
        asked = min(outcome.retry_after_seconds, settings.max_retry_after_seconds)
        if asked > seconds:
            seconds, reason = asked, "the server asks to wait that long (Retry-After)"
    return NextPoll(now + timedelta(seconds=round(seconds)), reason)


def _after_failure(outcome: Outcome, failures: int, settings: PollSettings) -> tuple[float, str]:
    if outcome.kind == "gone":
        return settings.gone_seconds, "the server says that it is gone for good; asked once a day all the same"
    doubled = settings.retry_seconds * 2.0 ** min(max(failures - 1, 0), _DOUBLINGS)
    return min(doubled, settings.max_seconds), f"attempt {failures} failed; the wait doubles each time"


def _after_success(rhythm: Rhythm, now: datetime, settings: PollSettings) -> tuple[float, str]:
    mean = _mean_gap(rhythm.moments)
    if mean is None:
        wanted, reason = settings.unknown_seconds, "its rhythm is not known yet"
    else:
        quiet = (now - rhythm.moments[-1]).total_seconds()
        wanted = max(mean * _SHARE_OF_GAP, quiet * _SHARE_OF_QUIET)
        reason = f"it has something new every {_span(mean)}"
    wanted = min(max(wanted, settings.min_seconds), settings.max_seconds)
    for asked, who in ((rhythm.ttl_seconds, "the feed (ttl)"), (rhythm.max_age_seconds, "the server (max-age)")):
        bounded = min(asked or 0, settings.max_seconds)
        if bounded > wanted:
            wanted, reason = bounded, f"{who} asks not to be asked sooner"
    return wanted, reason


def judge_health(
    previous: FeedHealth, outcome: Outcome, rhythm: Rhythm, now: datetime, settings: PollSettings, *, had_news: bool
) -> FeedHealth:
    """How the feed is after ``outcome``, and when it is asked next. ``rhythm`` includes the news of this poll."""
    failed = outcome.kind in _STATUS_OF_FAILURE
    failures = previous.failures_in_a_row + 1 if failed else 0
    status, reason, fix = (
        _failing(previous, outcome, failures, settings) if failed else _answering(rhythm, now, settings)
    )
    return FeedHealth(
        feed_id=previous.feed_id,
        status=status,
        reason=reason,
        mend=fix,
        failures_in_a_row=failures,
        last_ok_at=previous.last_ok_at if failed else now,
        last_new_at=now if had_news else previous.last_new_at,
        next_poll_at=next_poll(previous.feed_id, rhythm, outcome, failures, now, settings).at,
    )


Judged = tuple[FeedStatus, str | None, str | None]


def _failing(previous: FeedHealth, outcome: Outcome, failures: int, settings: PollSettings) -> Judged:
    # One lost connection of a feed that answers well is no news for anybody; it is tried again in two minutes.
    passing = outcome.kind == "unreachable" and previous.status in ("ok", "silent")
    if passing and failures < settings.failures_before_unreachable:
        return previous.status, outcome.reason, outcome.fix
    return _STATUS_OF_FAILURE[outcome.kind], outcome.reason, outcome.fix


def _answering(rhythm: Rhythm, now: datetime, settings: PollSettings) -> Judged:
    if not rhythm.moments or (now - rhythm.moments[-1]).total_seconds() <= _silence_seconds(rhythm, now, settings):
        return "ok", None, None
    mean = _mean_gap(rhythm.moments)
    usual = f"; before, it had something every {_span(mean)}" if mean is not None else ""
    return (
        "silent",
        f"It answers, but had nothing new since {rhythm.moments[-1]:%d %b %Y, %H:%M} UTC{usual}.",
        "Look at its site: it may have moved its feed to another address.",
    )


def _silence_seconds(rhythm: Rhythm, now: datetime, settings: PollSettings) -> float:
    mean = _mean_gap(rhythm.moments)
    if mean is None:
        return settings.silent_unknown_seconds
    watched = (now - min(rhythm.watched_since, rhythm.moments[0])).total_seconds()
    floor = settings.silent_after_seconds * (1 if watched >= settings.know_after_seconds else 3)
    gaps = [(later - sooner).total_seconds() for sooner, later in pairwise(rhythm.moments)]
    return max(floor, _SILENCE_FACTOR * max(rhythm.longest_gap_seconds, *gaps, mean))


def _mean_gap(moments: Sequence[datetime]) -> float | None:
    """Seconds between two moments on average; None for fewer than three, which are no rhythm."""
    if len(moments) < 3:
        return None
    return (moments[-1] - moments[0]).total_seconds() / (len(moments) - 1)


def _spread(feed_id: str, turn: int) -> float:
    """A number in [0, 1) that is the same whenever the same is asked."""
    digest = hashlib.blake2b(f"{feed_id}/{turn}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32


def _span(seconds: float) -> str:
    """For people: ``5 minutes``, ``3 hours``, ``2 days``."""
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= 1.5 * length:
            return f"{round(seconds / length)} {unit}s"
    return "minute"
