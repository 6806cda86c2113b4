"""When to call ``tick``: the keys of one processor that wait for a moment, earliest first."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime

__all__ = ["Timers"]


class Timers:
    """A queue of (moment, key) in which each key has at most one moment; ties go by key, so that order is certain."""

    def __init__(self, waiting: Iterable[tuple[datetime, str]] = ()) -> None:
        self._due = {key: moment for moment, key in waiting}
        self._heap = [(moment, key) for key, moment in self._due.items()]
        heapq.heapify(self._heap)

    def set(self, key: str, moment: datetime | None) -> None:
        """From now on ``key`` waits for ``moment``, or for nothing."""
        if self._due.get(key) == moment:
            return
        if moment is None:
            del self._due[key]
            return
        self._due[key] = moment
        heapq.heappush(self._heap, (moment, key))

    def pop(self, until: datetime) -> tuple[datetime, str] | None:
        """Take out the earliest key whose moment is not after ``until``; None when there is none."""
        while self._heap and self._heap[0][0] <= until:
            moment, key = heapq.heappop(self._heap)
            if self._due.get(key) == moment:
                del self._due[key]
                return moment, key
        return None

    def earliest(self) -> datetime | None:
        """The next moment that anybody waits for."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None
