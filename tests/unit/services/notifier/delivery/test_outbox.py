from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.common.queue.backoff import JITTER, RETRY_SECONDS
from services.notifier.delivery.channels.base import Outcome
from services.notifier.delivery.outbox import retry_at

NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)
LATER = Outcome("retry", "busy")


@given(st.text(min_size=1), st.integers(min_value=1, max_value=len(RETRY_SECONDS) - 1))
def test_each_wait_is_the_scheduled_one_give_or_take_the_jitter(delivery_id: str, attempt: int) -> None:
    again = retry_at(delivery_id, attempt, LATER, NOW)
    assert again is not None
    waited = (again - NOW).total_seconds()
    assert RETRY_SECONDS[attempt] <= waited <= RETRY_SECONDS[attempt] * (1 + JITTER)
    assert again == retry_at(delivery_id, attempt, LATER, NOW)


def test_the_last_attempt_is_the_last() -> None:
    assert retry_at("d", len(RETRY_SECONDS), LATER, NOW) is None


def test_what_the_other_side_asks_for_is_kept() -> None:
    asked = Outcome("retry", "busy", retry_after_seconds=900)
    assert retry_at("d", 1, asked, NOW) == NOW + timedelta(seconds=900)


def test_only_retries_are_retried() -> None:
    assert all(retry_at("d", 1, Outcome(kind, ""), NOW) is None for kind in ("delivered", "rejected", "unknown"))
