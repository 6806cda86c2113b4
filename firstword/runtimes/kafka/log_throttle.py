"""Keeps Kafka's clients from filling the log: while a broker is away they say the same a hundred times a second."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

__all__ = ["LogThrottle"]

#: So many different texts are remembered, for some are never the same twice.
REMEMBERED = 500


class LogThrottle(logging.Filter):
    """Drops a record of the loggers below ``names`` that says what was said within ``seconds``; the next tells how many
    were. ``now`` is any clock that only goes forward, in seconds.
    """

    def __init__(self, names: Sequence[str], seconds: float = 10.0, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._names = frozenset(names)
        self._seconds = seconds
        self._now = now
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is written. By the text before its values are put in: those differ by node and attempt."""
        if record.name.partition(".")[0] not in self._names:
            return True
        key, now = (record.name, str(record.msg)), self._now()
        at, dropped = self._said.get(key, (now - self._seconds, 0))
        if now - at < self._seconds:
            self._said[key] = (at, dropped + 1)
            return False
        if dropped:
            record.msg = f"{record.msg} (said {dropped} times more in between)"
        if len(self._said) >= REMEMBERED:
            self._said.clear()
        self._said[key] = (now, 0)
        return True
