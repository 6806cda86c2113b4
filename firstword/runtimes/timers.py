"""The timers of one processor: a queue of due times by key, earliest first."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime

__all__ = ["Timers"]


class Timers:
    """A queue of (due time, key) with at most one entry per key. Ties are ordered by key."""

    def __init__(self, waiting: Iterable[tuple[datetime, str]] = ()) -> None:
        self._due = {key: due_at for due_at, key in waiting}
        self._heap = [(due_at, key) for key, due_at in self._due.items()]
        heapq.heapify(self._heap)

    def set(self, key: str, due_at: datetime | None) -> None:
        """Set the due time of ``key``; None removes its timer."""
        if self._due.get(key) == due_at:
            return
        if due_at is None:
            del self._due[key]
            return
        self._due[key] = due_at
        heapq.heappush(self._heap, (due_at, key))

    def pop(self, until: datetime) -> tuple[datetime, str] | None:
        """Remove and return the earliest timer due by ``until``, or None if there is none."""
        while self._heap and self._heap[0][0] <= until:
            due_at, key = heapq.heappop(self._heap)
            if self._due.get(key) == due_at:
                del self._due[key]
                return due_at, key
        return None

    def earliest(self) -> datetime | None:
        """Return the earliest due time, or None if there are no timers."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None
