"""Tells whether polling moves on, so that readiness notices a stall. Pure: times come from a monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PollProgress"]


@dataclass(slots=True)
class PollProgress:
    """The progress of a polling loop. Before it starts and after it stops, nothing is expected of it.

    For ``stall_seconds`` the list of feeds may be unreadable, and polls may run without one that ends. A poll that
    failed because of an error in Firstword is no progress: the feed is still due.
    """

    stall_seconds: float
    _looked_at: float | None = None
    _moved_at: float = 0.0
    _polls: int = 0
    _failing: bool = False

    def start(self, now: float) -> None:
        """Expect progress from now on."""
        self._looked_at = self._moved_at = now

    def stop(self) -> None:
        """Expect nothing any more."""
        self._looked_at = None

    def looked(self, now: float, *, idle: bool) -> None:
        """Note that due feeds were looked for; ``idle``: none is polled or waits after an error."""
        self._looked_at = now
        if idle:
            self._failing = False

    def poll_began(self, now: float) -> None:
        """Note that a poll began."""
        if self._polls == 0 and not self._failing:
            self._moved_at = now
        self._polls += 1

    def poll_ended(self, now: float, *, failed: bool) -> None:
        """Note that a poll ended, ``failed`` because of an error in Firstword."""
        self._polls -= 1
        self._failing = failed
        if not failed:
            self._moved_at = now

    def problem(self, now: float) -> str | None:
        """Return what stalls, or None."""
        if self._looked_at is None:
            return None
        if (blind := now - self._looked_at) > self.stall_seconds:
            return f"ingest: the list of feeds could not be read for {blind:.0f} s"
        if (self._polls or self._failing) and (still := now - self._moved_at) > self.stall_seconds:
            return f"ingest: feeds are due, and no poll of one has ended for {still:.0f} s"
        return None
