"""Assesses a feed's health after each poll. Pure; every status other than ok comes with its reason and a fix."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from schemas.feeds import FeedHealth, FeedStatus
from services.ingest.schedule.pacing import (
    PollOutcome,
    PollOutcomeKind,
    PollSettings,
    Rhythm,
    describe_span,
    mean_gap,
    next_poll,
)

__all__ = ["assess_health"]

_STATUS_AFTER: dict[PollOutcomeKind, FeedStatus] = {"broken": "broken", "unreachable": "unreachable", "gone": "gone"}
#: A quiet period this many times longer than the longest before is silence.
_SILENCE_FACTOR = 3

_Assessment = tuple[FeedStatus, str | None, str | None]


def assess_health(
    previous: FeedHealth, outcome: PollOutcome, rhythm: Rhythm, now: datetime, settings: PollSettings, *, had_news: bool
) -> FeedHealth:
    """Return the feed's health after ``outcome``, with the next poll. ``rhythm`` includes the news of this poll."""
    failures = previous.failures_in_a_row + 1 if outcome.failed else 0
    status, reason, fix = (
        _after_failure(previous, outcome, failures, settings)
        if outcome.failed
        else _after_success(rhythm, now, settings)
    )
    return FeedHealth(
        feed_id=previous.feed_id,
        status=status,
        reason=reason,
        mend=fix,
        failures_in_a_row=failures,
        last_ok_at=previous.last_ok_at if outcome.failed else now,
        last_new_at=now if had_news else previous.last_new_at,
        next_poll_at=next_poll(previous.feed_id, rhythm, outcome, failures, now, settings).at,
    )


def _after_failure(previous: FeedHealth, outcome: PollOutcome, failures: int, settings: PollSettings) -> _Assessment:
    # A single lost connection to a healthy feed concerns nobody; it is tried again in two minutes.
    passing = outcome.kind == "unreachable" and previous.status in ("ok", "silent")
    if passing and failures < settings.failures_before_unreachable:
        return previous.status, outcome.reason, outcome.fix
    return _STATUS_AFTER[outcome.kind], outcome.reason, outcome.fix


def _after_success(rhythm: Rhythm, now: datetime, settings: PollSettings) -> _Assessment:
    if not rhythm.moments or (now - rhythm.moments[-1]).total_seconds() <= _silence_seconds(rhythm, now, settings):
        return "ok", None, None
    mean = mean_gap(rhythm.moments)
    usual = f"; before that, it had one every {describe_span(mean)}" if mean is not None else ""
    return (
        "silent",
        f"The feed answers, but has had no new item since {rhythm.moments[-1]:%d %b %Y, %H:%M} UTC{usual}.",
        "Look at the site: the feed may have moved to another address.",
    )


def _silence_seconds(rhythm: Rhythm, now: datetime, settings: PollSettings) -> float:
    mean = mean_gap(rhythm.moments)
    if mean is None:
        return settings.silent_unknown_seconds
    watched = (now - min(rhythm.watched_since, rhythm.moments[0])).total_seconds()
    floor = settings.silent_after_seconds * (1 if watched >= settings.know_after_seconds else 3)
    gaps = [(later - sooner).total_seconds() for sooner, later in pairwise(rhythm.moments)]
    return max(floor, _SILENCE_FACTOR * max(rhythm.longest_gap_seconds, *gaps, mean))
