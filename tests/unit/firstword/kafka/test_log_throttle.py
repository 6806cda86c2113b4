"""What is said a hundred times a second is written once in a while; what is said by us is always written."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from firstword.runtimes.kafka.log_throttle import REMEMBERED, LogThrottle


def record(name: str, text: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "x.py", 1, text, values, None)


def clock(*moments: float) -> Iterator[float]:
    yield from moments


def test_a_repeat_is_left_out_and_counted_later() -> None:
    lately = LogThrottle(["aiokafka"], 10, clock(0, 1, 9.9, 10).__next__)
    said = [record("aiokafka.client", "no node %s", number) for number in range(4)]
    assert [lately.filter(one) for one in said] == [True, False, False, True]
    assert said[-1].getMessage() == "no node 3 (said 2 times more in between)"


def test_other_texts_and_other_loggers_are_not_repeats() -> None:
    lately = LogThrottle(["aiokafka"], 10, clock(0, 0, 0).__next__)
    assert lately.filter(record("aiokafka", "one"))
    assert lately.filter(record("aiokafka", "another"))
    assert lately.filter(record("aiokafka.conn", "one"))


def test_ours_are_always_written() -> None:
    lately = LogThrottle(["aiokafka"])
    assert all(lately.filter(record("firstword.runtimes", "the same")) for _ in range(3))
    assert all(lately.filter(record("aiokafkas", "the same")) for _ in range(3))


def test_texts_that_never_repeat_fill_no_memory() -> None:
    lately = LogThrottle(["aiokafka"])
    assert all(lately.filter(record("aiokafka", f"one of its kind {number}")) for number in range(3 * REMEMBERED))
    assert len(lately._said) <= REMEMBERED
