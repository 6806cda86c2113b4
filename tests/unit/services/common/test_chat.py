"""An endpoint that fails is left alone for longer each time; one that has spent the day's limit, until midnight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.common.chat import EndpointPause

NOW = datetime(2026, 3, 2, 22, tzinfo=UTC)


def test_each_further_failure_doubles_the_pause_up_to_ten_minutes_until_an_answer_comes() -> None:
    pause = EndpointPause()
    assert not pause.active(NOW)
    waits = [pause.failed(NOW).total_seconds() for _ in range(8)]
    assert waits == [15, 30, 60, 120, 240, 480, 600, 600]
    assert pause.active(NOW + timedelta(seconds=599))
    assert not pause.active(NOW + timedelta(seconds=600))
    pause.answered()
    assert pause.failed(NOW) == timedelta(seconds=15)


def test_a_spent_limit_lasts_until_midnight() -> None:
    pause = EndpointPause()
    assert pause.spent(NOW) == timedelta(hours=2)
    assert pause.active(NOW + timedelta(minutes=119))
    assert not pause.active(NOW + timedelta(hours=2))
