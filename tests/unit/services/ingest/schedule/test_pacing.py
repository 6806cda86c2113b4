from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.feeds import FeedHealth, FeedStatus
from services.ingest.schedule.pacing import (
    Outcome,
    OutcomeKind,
    PollSettings,
    Rhythm,
    judge_health,
    next_poll,
    with_news,
)

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
SETTINGS = PollSettings()
FETCHED = Outcome("fetched")
DOWN = Outcome("unreachable", "news.example refuses the connection.", "Check the address.")


def every(minutes: float, count: int = 10, last: datetime = NOW) -> Rhythm:
    moments = tuple(last - timedelta(minutes=minutes * back) for back in reversed(range(count)))
    return Rhythm(watched_since=moments[0], moments=moments)


def wait(rhythm: Rhythm, outcome: Outcome = FETCHED, failures: int = 0, now: datetime = NOW) -> float:
    return (next_poll("feed_a", rhythm, outcome, failures, now, SETTINGS).at - now).total_seconds()


def health(status: FeedStatus = "ok", failures: int = 0) -> FeedHealth:
    return FeedHealth(feed_id="feed_a", status=status, failures_in_a_row=failures, last_ok_at=NOW)


def judged(
    previous: FeedHealth, outcome: Outcome, rhythm: Rhythm, now: datetime = NOW, had_news: bool = False
) -> FeedHealth:
    return judge_health(previous, outcome, rhythm, now, SETTINGS, had_news=had_news)


def test_a_busy_feed_is_asked_often_and_a_slow_one_seldom() -> None:
    assert 120 <= wait(every(1)) <= 132
    assert 1800 <= wait(every(60)) <= 1980
    assert 21_600 <= wait(every(7 * 24 * 60)) <= 23_760
    assert 900 <= wait(Rhythm(NOW)) <= 990


def test_a_quiet_night_slows_a_busy_feed_down_a_little() -> None:
    assert 1400 <= wait(every(1), now=NOW + timedelta(hours=8)) <= 1600


def test_what_feed_and_server_ask_for_is_kept_within_bounds() -> None:
    assert wait(replace(every(1), ttl_seconds=3600)) >= 3600
    assert wait(replace(every(1), max_age_seconds=1800)) >= 1800
    assert wait(replace(every(1), max_age_seconds=31_536_000)) <= 23_760
    assert wait(every(1), replace(FETCHED, retry_after_seconds=5000.0)) == 5000
    assert wait(every(1), replace(DOWN, retry_after_seconds=1e9), 1) == 7 * 86_400
    assert wait(every(60), replace(FETCHED, retry_after_seconds=1.0)) >= 1800


def test_failures_double_the_wait_up_to_a_bound_and_gone_feeds_are_still_asked_daily() -> None:
    waits = [wait(every(60), DOWN, failures) for failures in range(1, 12)]
    assert 120 <= waits[0] <= 132
    assert all(later > sooner for sooner, later in pairwise(waits[:8]))
    assert waits[-1] <= 23_760
    assert 86_400 <= wait(every(60), Outcome("gone", "gone"), 1000) <= 95_040


@given(
    st.lists(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)), max_size=60),  # noqa: DTZ001
    st.sampled_from(["fetched", "not_modified", "broken", "unreachable", "gone"]),
    st.integers(0, 10_000),
    st.none() | st.floats(0, 1e12),
    st.none() | st.integers(0, 10**9),
)
def test_no_feed_is_ever_given_up_or_hammered(
    moments: list[datetime], kind: OutcomeKind, failures: int, retry_after: float | None, ttl: int | None
) -> None:
    rhythm = replace(Rhythm(watched_since=NOW), ttl_seconds=ttl)
    if moments:
        rhythm = with_news(rhythm, moments, NOW, SETTINGS)
        assert list(rhythm.moments) == sorted(rhythm.moments)
        assert rhythm.moments[-1] <= NOW
    outcome = Outcome(kind, "r", "m", retry_after)
    after = judged(health("ok", failures), outcome, rhythm)
    assert after == judged(health("ok", failures), outcome, rhythm)
    assert after.next_poll_at is not None
    assert SETTINGS.min_seconds <= (after.next_poll_at - NOW).total_seconds() <= SETTINGS.max_retry_after_seconds


def test_feeds_added_together_drift_apart() -> None:
    waits = {next_poll(f"feed_{number}", every(60), FETCHED, 0, NOW, SETTINGS).at for number in range(20)}
    assert len(waits) > 10


def test_one_lost_connection_is_no_news_but_two_are() -> None:
    once = judged(health("ok"), DOWN, every(60))
    assert (once.status, once.failures_in_a_row, once.reason) == ("ok", 1, DOWN.reason)
    twice = judged(once, DOWN, every(60))
    assert (twice.status, twice.failures_in_a_row, twice.mend) == ("unreachable", 2, DOWN.fix)
    assert judged(health("waiting"), DOWN, Rhythm(NOW)).status == "unreachable"
    back = judged(twice, FETCHED, every(60))
    assert (back.status, back.failures_in_a_row, back.reason, back.last_ok_at) == ("ok", 0, None, NOW)


@pytest.mark.parametrize(("kind", "status"), [("broken", "broken"), ("gone", "gone")])
def test_what_is_no_feed_and_what_is_gone_is_said_at_once(kind: OutcomeKind, status: FeedStatus) -> None:
    after = judged(health("ok"), Outcome(kind, "why", "fix"), every(60))
    assert (after.status, after.reason, after.mend) == (status, "why", "fix")


def test_a_feed_that_falls_silent_is_told_by_its_own_habits() -> None:
    hourly = every(60, count=24)
    assert judged(health(), FETCHED, hourly, NOW + timedelta(days=2)).status == "ok", "its weekends are not known yet"
    old = replace(hourly, watched_since=NOW - timedelta(days=30))
    silent = judged(health(), Outcome("not_modified"), old, NOW + timedelta(hours=25))
    assert silent.status == "silent"
    assert silent.reason is not None
    assert "since 04 Mar 2026, 12:00 UTC" in silent.reason
    assert silent.mend is not None
    weekends = replace(old, longest_gap_seconds=60 * 3600.0)
    assert judged(health(), FETCHED, weekends, NOW + timedelta(hours=61)).status == "ok"
    assert judged(health(), FETCHED, every(7 * 24 * 60), NOW + timedelta(days=14)).status == "ok"


def test_a_feed_of_one_item_is_silent_after_three_months() -> None:
    single = every(60, count=1)
    assert judged(health(), FETCHED, single, NOW + timedelta(days=89)).status == "ok"
    old = judged(health(), FETCHED, single, NOW + timedelta(days=91))
    assert (old.status, old.reason) == ("silent", "It answers, but had nothing new since 04 Mar 2026, 12:00 UTC.")
    assert judged(health(), FETCHED, Rhythm(NOW), NOW + timedelta(days=91)).status == "ok", (
        "an empty feed was never loud"
    )


def test_the_longest_gap_is_learnt_from_gaps_that_ended() -> None:
    rhythm = with_news(
        every(60), [NOW + timedelta(hours=10), NOW + timedelta(hours=11)], NOW + timedelta(hours=11), SETTINGS
    )
    assert rhythm.longest_gap_seconds == 10 * 3600
