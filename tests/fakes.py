"""Stand-ins that behave like the real thing in one respect, shared by tests: a clock turned by hand, and more."""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ["FakeClock"]


class FakeClock:
    """A clock that stands still until it is set or moved."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now

    def advance(self, **by: float) -> None:
        self._now += timedelta(**by)
