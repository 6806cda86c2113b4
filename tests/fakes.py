"""Stand-ins that behave like the real thing in one respect, shared by tests: a clock turned by hand, and more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from firstword.kit.clock import SetClock as FakeClock
from firstword.kit.processing import AnyEvent

__all__ = ["CollectingPublisher", "FakeClock"]


class CollectingPublisher:
    """Keeps events in a list, each id once; knows nothing of the caller's transaction."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self._ids: set[str] = set()

    def publish(self, connection: Any, events: Sequence[AnyEvent]) -> int:
        fresh = [event for event in events if event.id not in self._ids]
        self._ids.update(event.id for event in fresh)
        self.events.extend(fresh)
        return len(fresh)
