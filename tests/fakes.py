"""Fakes shared by tests: a clock, a publisher and a delivery channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.common.clock import ManualClock as FakeClock
from services.common.processing import AnyEvent
from services.notifier.delivery.channels.base import Outcome, Outgoing

__all__ = ["CollectingPublisher", "FakeClock", "ScriptedChannel"]


class CollectingPublisher:
    """Collects events in a list, each id once, independent of the caller's transaction."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self._ids: set[str] = set()

    def publish(self, connection: Any, events: Sequence[AnyEvent]) -> int:
        fresh = [event for event in events if event.id not in self._ids]
        self._ids.update(event.id for event in fresh)
        self.events.extend(fresh)
        return len(fresh)


class ScriptedChannel:
    """A channel that returns the given outcomes in order, repeating the last one, and collects the messages."""

    def __init__(self, *outcomes: Outcome | Exception, name: str = "email") -> None:
        self.name = name
        self._outcomes = list(outcomes) or [Outcome("delivered", "ok")]
        self.sent: list[Outgoing] = []

    async def send(self, message: Outgoing) -> Outcome:
        self.sent.append(message)
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome
