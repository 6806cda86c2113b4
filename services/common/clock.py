"""The clock as a port: only the outer layers ask for the time, and tests control it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

__all__ = ["Clock", "ManualClock", "SystemClock"]


class Clock(Protocol):
    """A source of the current time."""

    def now(self) -> datetime:
        """Return the current time, timezone-aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that only changes when it is set: for replays, the sample newswire and tests."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the time to which the clock was last set."""
        return self._now

    def set(self, now: datetime) -> None:
        """Set the clock to ``now``."""
        self._now = now

    def advance(self, **by: float) -> None:
        """Move the clock forward; the arguments are those of :class:`datetime.timedelta`."""
        self._now += timedelta(**by)
