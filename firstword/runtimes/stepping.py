"""Apply one processor to events and timers. Shared by all runtimes.

Time is taken from the events. Before an event of time *t* is processed, every timer due at or before *t* fires, with
its due time as ``now``. The results therefore depend on the order of events alone, not on the machine's clock, and a
repeat after a crash gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from firstword.runtimes.timers import Timers
from schemas.topics import topic_of
from services.common.processing import AnyEvent, AnyProcessor

__all__ = ["Stepper"]


class Stepper:
    """Applies one processor to events and collects the changed states.

    ``fetch`` returns the stored state of a key, or None. ``touched`` holds the states that changed since the owner last
    cleared it. Not thread-safe.
    """

    def __init__(self, processor: AnyProcessor, fetch: Callable[[str], Any | None], timers: Timers) -> None:
        self.processor = processor
        self.timers = timers
        self.touched: dict[str, Any] = {}
        self._fetch = fetch

    def step(self, event: AnyEvent) -> Iterator[AnyEvent]:
        """Fire the timers due before an input event, then process it; yield the resulting events.

        Raises:
            KnownBadEvent: the processor refuses the event, which changes no state then.
        """
        yield from self.fire(event.time)
        yield from self.apply(event)[1]

    def fire(self, until: datetime) -> Iterator[AnyEvent]:
        """Tick every key that is due by ``until``, earliest first; yield the resulting events."""
        while fired := self.fire_next(until):
            yield from fired[1]

    def apply(self, event: AnyEvent) -> tuple[str, list[AnyEvent]]:
        """Process one input event without firing timers; return its key and the resulting events.

        Raises:
            KnownBadEvent: the processor refuses the event; no state has changed.
        """
        key = self.processor.key(event) if self.processor.stateful else ""
        before = self._state(key)
        after, out = self.processor.process(before, event, event.time)
        self._keep(key, before, after)
        return key, self._checked(out)

    def fire_next(self, until: datetime) -> tuple[str, list[AnyEvent]] | None:
        """Tick the earliest key due by ``until``; return it and the resulting events, or None if no key is due."""
        due = self.timers.pop(until)
        if due is None:
            return None
        due_at, key = due
        before = self._state(key)
        after, out = self.processor.tick(before, due_at)
        next_due = self.processor.next_tick(after)
        if next_due is not None and next_due <= due_at:
            raise RuntimeError(
                f"{self.processor.name}: the tick of {key!r} at {due_at} sets the next one to {next_due}"
            )
        self._keep(key, before, after)
        self.timers.set(key, next_due)
        return key, self._checked(out)

    def _state(self, key: str) -> Any:
        if not self.processor.stateful:
            return None
        if key in self.touched:
            return self.touched[key]
        stored = self._fetch(key)
        return self.processor.initial(key) if stored is None else stored

    def _keep(self, key: str, before: Any, after: Any) -> None:
        if not self.processor.stateful or after is before:
            return
        self.touched[key] = after
        self.timers.set(key, self.processor.next_tick(after))

    def _checked(self, out: Iterable[AnyEvent]) -> list[AnyEvent]:
        checked = list(out)
        for event in checked:
            if topic_of(event).name not in self.processor.outputs:
                raise RuntimeError(
                    f"{self.processor.name} may not write {event.type}; it declares {self.processor.outputs}"
                )
        return checked
