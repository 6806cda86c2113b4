"""The clock as a port: only the edges ask for the time, and tests turn it by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

__all__ = ["Clock", "SetClock", "SystemClock"]


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present moment, timezone-aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)


class SetClock:
    """A clock that stands still until it is set or moved: for replays, the sample newswire, and tests."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """The moment that it was last set to."""
        return self._now

    def set(self, now: datetime) -> None:
        """Let it be ``now``."""
        self._now = now

    def advance(self, **by: float) -> None:
        """Move it by a span, given as for :class:`datetime.timedelta`."""
        self._now += timedelta(**by)
