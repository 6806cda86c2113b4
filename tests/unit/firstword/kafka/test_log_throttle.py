"""Repeated messages of other libraries are throttled; our own never are."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from firstword.runtimes.kafka.log_throttle import REMEMBERED, LogThrottle


def record(name: str, text: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "x.py", 1, text, values, None)


def clock(*moments: float) -> Iterator[float]:
    yield from moments


def test_repeats_are_dropped_and_counted_in_the_next_message() -> None:
    throttle = LogThrottle(["aiokafka"], 10, clock(0, 1, 9.9, 10).__next__)
    records = [record("aiokafka.client", "no node %s", number) for number in range(4)]
    assert [throttle.filter(entry) for entry in records] == [True, False, False, True]
    assert records[-1].getMessage() == "no node 3 (repeated 2 times since)"


def test_other_messages_and_other_loggers_are_not_repeats() -> None:
    throttle = LogThrottle(["aiokafka"], 10, clock(0, 0, 0).__next__)
    assert throttle.filter(record("aiokafka", "one"))
    assert throttle.filter(record("aiokafka", "another"))
    assert throttle.filter(record("aiokafka.conn", "one"))


def test_messages_of_other_loggers_are_never_dropped() -> None:
    throttle = LogThrottle(["aiokafka"])
    assert all(throttle.filter(record("firstword.runtimes", "the same")) for _ in range(3))
    assert all(throttle.filter(record("aiokafkas", "the same")) for _ in range(3))


def test_messages_that_never_repeat_do_not_fill_the_memory() -> None:
    throttle = LogThrottle(["aiokafka"])
    assert all(throttle.filter(record("aiokafka", f"one of its kind {number}")) for number in range(3 * REMEMBERED))
    assert len(throttle._logged) <= REMEMBERED
