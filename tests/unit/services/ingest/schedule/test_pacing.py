from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.schedule.pacing import (
    PollOutcome,
    PollOutcomeKind,
    PollSettings,
    Rhythm,
    next_poll,
    with_news,
)

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
SETTINGS = PollSettings()
FETCHED = PollOutcome("fetched")
DOWN = PollOutcome("unreachable", "news.example refuses the connection.", "Check the address.")


def every(minutes: float, count: int = 10, last: datetime = NOW) -> Rhythm:
    moments = tuple(last - timedelta(minutes=minutes * back) for back in reversed(range(count)))
    return Rhythm(watched_since=moments[0], moments=moments)


def wait(rhythm: Rhythm, outcome: PollOutcome = FETCHED, failures: int = 0, now: datetime = NOW) -> float:
    return (next_poll("feed_a", rhythm, outcome, failures, now, SETTINGS).at - now).total_seconds()


def test_a_busy_feed_is_polled_often_and_a_slow_one_seldom() -> None:
    assert 120 <= wait(every(1)) <= 132
    assert 1800 <= wait(every(60)) <= 1980
    assert 21_600 <= wait(every(7 * 24 * 60)) <= 23_760
    assert 900 <= wait(Rhythm(NOW)) <= 990


def test_a_quiet_night_slows_a_busy_feed_down_a_little() -> None:
    assert 1400 <= wait(every(1), now=NOW + timedelta(hours=8)) <= 1600


def test_the_wishes_of_feed_and_server_are_respected_within_bounds() -> None:
    assert wait(replace(every(1), ttl_seconds=3600)) >= 3600
    assert wait(replace(every(1), max_age_seconds=1800)) >= 1800
    assert wait(replace(every(1), max_age_seconds=31_536_000)) <= 23_760
    assert wait(every(1), replace(FETCHED, retry_after_seconds=5000.0)) == 5000
    assert wait(every(1), replace(DOWN, retry_after_seconds=1e9), 1) == 7 * 86_400
    assert wait(every(60), replace(FETCHED, retry_after_seconds=1.0)) >= 1800


def test_failures_double_the_wait_up_to_a_bound_and_gone_feeds_are_still_polled_daily() -> None:
    waits = [wait(every(60), DOWN, failures) for failures in range(1, 12)]
    assert 120 <= waits[0] <= 132
    assert all(later > sooner for sooner, later in pairwise(waits[:8]))
    assert waits[-1] <= 23_760
    assert 86_400 <= wait(every(60), PollOutcome("gone", "gone"), 1000) <= 95_040


@given(
    st.lists(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)), max_size=60),  # noqa: DTZ001
    st.sampled_from(["fetched", "not_modified", "broken", "unreachable", "gone"]),
    st.integers(0, 10_000),
    st.none() | st.floats(0, 1e12),
    st.none() | st.integers(0, 10**9),
)
def test_no_feed_is_ever_given_up_or_polled_too_often(
    moments: list[datetime], kind: PollOutcomeKind, failures: int, retry_after: float | None, ttl: int | None
) -> None:
    rhythm = replace(Rhythm(watched_since=NOW), ttl_seconds=ttl)
    if moments:
        rhythm = with_news(rhythm, moments, NOW, SETTINGS)
        assert list(rhythm.moments) == sorted(rhythm.moments)
        assert rhythm.moments[-1] <= NOW
    outcome = PollOutcome(kind, "r", "m", retry_after)
    after = next_poll("feed_a", rhythm, outcome, failures, NOW, SETTINGS)
    assert after == next_poll("feed_a", rhythm, outcome, failures, NOW, SETTINGS)
    assert after.reason
    assert SETTINGS.min_seconds <= (after.at - NOW).total_seconds() <= SETTINGS.max_retry_after_seconds


def test_feeds_added_together_drift_apart() -> None:
    waits = {next_poll(f"feed_{number}", every(60), FETCHED, 0, NOW, SETTINGS).at for number in range(20)}
    assert len(waits) > 10


def test_the_longest_gap_is_learned_from_gaps_that_ended() -> None:
    rhythm = with_news(
        every(60), [NOW + timedelta(hours=10), NOW + timedelta(hours=11)], NOW + timedelta(hours=11), SETTINGS
    )
    assert rhythm.longest_gap_seconds == 10 * 3600


def test_no_poll_falls_into_hours_or_days_that_the_feed_asks_to_skip() -> None:
    night = replace(Rhythm(NOW), skip_hours=frozenset(range(24)) - {9})
    at = next_poll("feed_a", night, FETCHED, 0, NOW, SETTINGS).at
    assert at.hour == 9
    assert timedelta() < at - NOW <= timedelta(days=1)
    weekend = replace(Rhythm(NOW), skip_days=frozenset({5, 6}))
    friday = NOW + timedelta(days=(4 - NOW.weekday()) % 7)
    late = friday.replace(hour=23, minute=55)
    assert next_poll("feed_a", weekend, FETCHED, 0, late, SETTINGS).at.weekday() == 0


def test_a_feed_that_skips_all_of_a_week_is_mistaken() -> None:
    rhythm = replace(Rhythm(NOW), skip_hours=frozenset(range(12)), skip_days=frozenset(range(7)))
    assert next_poll("feed_a", rhythm, FETCHED, 0, NOW, SETTINGS).at < NOW + timedelta(hours=1)
