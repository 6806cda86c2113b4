"""Throttle repeated log messages: Kafka's clients repeat theirs a hundred times a second while a broker is away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

__all__ = ["LogThrottle"]

#: The number of different messages to remember; some messages are never the same twice.
REMEMBERED = 500


class LogThrottle(logging.Filter):
    """Drops a message that was logged within the last ``seconds``; the next one logged says how many were dropped.

    Only for the loggers ``names`` and those below them. ``now`` is a monotonic clock, in seconds.
    """

    def __init__(self, names: Sequence[str], seconds: float = 10.0, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._names = frozenset(names)
        self._seconds = seconds
        self._now = now
        self._logged: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return true to log the record. Messages are compared without their arguments, which differ by node."""
        if record.name.partition(".")[0] not in self._names:
            return True
        key, now = (record.name, str(record.msg)), self._now()
        logged_at, dropped = self._logged.get(key, (now - self._seconds, 0))
        if now - logged_at < self._seconds:
            self._logged[key] = (logged_at, dropped + 1)
            return False
        if dropped:
            record.msg = f"{record.msg} (repeated {dropped} times since)"
        if len(self._logged) >= REMEMBERED:
            self._logged.clear()
        self._logged[key] = (now, 0)
        return True
