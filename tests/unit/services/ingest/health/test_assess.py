from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from schemas.feeds import FeedHealth, FeedStatus
from services.ingest.health.assess import assess_health
from services.ingest.health.http_status import outcome_of_status
from services.ingest.schedule.pacing import PollOutcome, PollOutcomeKind, PollSettings, Rhythm

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
SETTINGS = PollSettings()
FETCHED = PollOutcome("fetched")
DOWN = PollOutcome("unreachable", "news.example refuses the connection.", "Check the address.")


def every(minutes: float, count: int = 10, last: datetime = NOW) -> Rhythm:
    moments = tuple(last - timedelta(minutes=minutes * back) for back in reversed(range(count)))
    return Rhythm(watched_since=moments[0], moments=moments)


def health(status: FeedStatus = "ok", failures: int = 0) -> FeedHealth:
    return FeedHealth(feed_id="feed_a", status=status, failures_in_a_row=failures, last_ok_at=NOW)


def assessed(
    previous: FeedHealth, outcome: PollOutcome, rhythm: Rhythm, now: datetime = NOW, had_news: bool = False
) -> FeedHealth:
    return assess_health(previous, outcome, rhythm, now, SETTINGS, had_news=had_news)


def test_one_lost_connection_changes_no_status_but_two_do() -> None:
    once = assessed(health("ok"), DOWN, every(60))
    assert (once.status, once.failures_in_a_row, once.reason) == ("ok", 1, DOWN.reason)
    twice = assessed(once, DOWN, every(60))
    assert (twice.status, twice.failures_in_a_row, twice.mend) == ("unreachable", 2, DOWN.fix)
    assert assessed(health("waiting"), DOWN, Rhythm(NOW)).status == "unreachable"
    back = assessed(twice, FETCHED, every(60))
    assert (back.status, back.failures_in_a_row, back.reason, back.last_ok_at) == ("ok", 0, None, NOW)


@pytest.mark.parametrize(("kind", "status"), [("broken", "broken"), ("gone", "gone")])
def test_a_broken_or_gone_feed_is_reported_at_once(kind: PollOutcomeKind, status: FeedStatus) -> None:
    after = assessed(health("ok"), PollOutcome(kind, "why", "fix"), every(60))
    assert (after.status, after.reason, after.mend) == (status, "why", "fix")


def test_silence_is_measured_by_the_feeds_own_habits() -> None:
    hourly = every(60, count=24)
    assert assessed(health(), FETCHED, hourly, NOW + timedelta(days=2)).status == "ok", (
        "its weekends are unknown so far"
    )
    old = replace(hourly, watched_since=NOW - timedelta(days=30))
    silent = assessed(health(), PollOutcome("not_modified"), old, NOW + timedelta(hours=25))
    assert silent.status == "silent"
    assert silent.reason is not None
    assert "since 04 Mar 2026, 12:00 UTC" in silent.reason
    assert silent.mend is not None
    weekends = replace(old, longest_gap_seconds=60 * 3600.0)
    assert assessed(health(), FETCHED, weekends, NOW + timedelta(hours=61)).status == "ok"
    assert assessed(health(), FETCHED, every(7 * 24 * 60), NOW + timedelta(days=14)).status == "ok"


def test_a_feed_of_one_item_is_silent_after_three_months() -> None:
    single = every(60, count=1)
    assert assessed(health(), FETCHED, single, NOW + timedelta(days=89)).status == "ok"
    old = assessed(health(), FETCHED, single, NOW + timedelta(days=91))
    assert (old.status, old.reason) == (
        "silent",
        "The feed answers, but has had no new item since 04 Mar 2026, 12:00 UTC.",
    )
    assert assessed(health(), FETCHED, Rhythm(NOW), NOW + timedelta(days=91)).status == "ok", (
        "an empty feed never had news"
    )


@pytest.mark.parametrize("status", [400, 401, 404, 410, 418, 429, 500, 599])
def test_every_http_status_has_a_reason_and_a_fix(status: int) -> None:
    outcome = outcome_of_status(status, 60.0)
    assert outcome.kind == ("gone" if status == 410 else "unreachable")
    assert outcome.reason is not None
    assert outcome.reason.endswith(f"(HTTP status {status}).")
    assert outcome.fix
    assert outcome.retry_after_seconds == 60.0
