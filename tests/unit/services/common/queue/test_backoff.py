from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.common.queue.backoff import STANDARD, Schedule

NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)


@given(st.text(min_size=1), st.integers(min_value=1, max_value=STANDARD.attempts - 1))
def test_each_wait_is_the_scheduled_one_plus_at_most_the_jitter(work_id: str, attempt: int) -> None:
    again = STANDARD.next_attempt(work_id, attempt, NOW)
    assert again is not None
    waited = (again - NOW).total_seconds()
    assert STANDARD.waits[attempt] <= waited <= STANDARD.waits[attempt] * (1 + STANDARD.jitter)
    assert again == STANDARD.next_attempt(work_id, attempt, NOW)


def test_the_last_attempt_is_the_last() -> None:
    assert STANDARD.next_attempt("d", STANDARD.attempts, NOW) is None


def test_the_other_side_gets_the_patience_that_it_asks_for() -> None:
    assert STANDARD.next_attempt("d", 1, NOW, 900) == NOW + timedelta(seconds=900)


def test_patience_is_limited() -> None:
    impatient = Schedule((0, 5, 5), longest_retry_after=60)
    assert impatient.next_attempt("d", 1, NOW, 900) == NOW + timedelta(seconds=60)


def test_an_endless_schedule_repeats_its_last_wait() -> None:
    endless = Schedule((0, 5, 300), endless=True)
    assert endless.next_attempt("d", 1_000, NOW) == NOW + timedelta(seconds=300)
