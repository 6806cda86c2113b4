"""The limit on dead letters: a sliding hour that starts with the letters stored before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from firstword.runtimes.dead_letter_limit import DeadLetterLimit, TooManyDeadLetters, window_start

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_one_letter_too_many_within_an_hour_is_refused() -> None:
    limit = DeadLetterLimit(3)
    for number in range(3):
        limit.add(NOW + number * MINUTE, "annotate, items/3: no good")
    with pytest.raises(TooManyDeadLetters, match=r"More than 3 events .* the last: annotate, items/4: no good"):
        limit.add(NOW + 59 * MINUTE, "annotate, items/4: no good")


def test_letters_older_than_an_hour_do_not_count() -> None:
    limit = DeadLetterLimit(1)
    limit.add(NOW, "first")
    limit.add(NOW + 61 * MINUTE, "second")


def test_letters_stored_before_the_start_count() -> None:
    limit = DeadLetterLimit(2)
    limit.restore([NOW - 5 * MINUTE, NOW - 50 * MINUTE])
    with pytest.raises(TooManyDeadLetters):
        limit.add(NOW, "third")
    limit.add(NOW + 11 * MINUTE, "the oldest has left the window")


def test_stored_letters_alone_stop_nobody() -> None:
    DeadLetterLimit(1).restore([NOW, NOW, NOW])


def test_the_error_says_how_to_go_on() -> None:
    with pytest.raises(TooManyDeadLetters, match=r"firstword dlq list.*firstword dlq drop --all"):
        DeadLetterLimit(0).add(NOW, "any")


def test_the_window_is_an_hour() -> None:
    assert window_start(NOW) == NOW - 60 * MINUTE
