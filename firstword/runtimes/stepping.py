"""One processor being worked: which state an event meets, which timers are due before it. Shared by all runtimes.

Time is the events' own. Before an event of time *t* is processed, every timer due at or before *t* fires, with its
due moment as ``now``. So what comes out depends on the order of events alone, not on when a machine got round to it,
and a repeat after a crash gives the same bytes.
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
    """Applies one processor to events, holding the states that were touched.

    ``fetch`` gives the stored state of a key (None when there is none); ``touched`` collects what has changed since
    the owner last emptied it. Not thread-safe.
    """

    def __init__(self, processor: AnyProcessor, fetch: Callable[[str], Any | None], timers: Timers) -> None:
        self.processor = processor
        self.timers = timers
        self.touched: dict[str, Any] = {}
        self._fetch = fetch

    def step(self, event: AnyEvent) -> Iterator[AnyEvent]:
        """Process one input event, and before it what is due; yield what follows.

        Raises:
            KnownBadEvent: from the processor; no state has changed by the event then.
        """
        yield from self.fire(event.time)
        yield from self.apply(event)[1]

    def fire(self, until: datetime) -> Iterator[AnyEvent]:
        """Tick every key that is due by ``until``, earliest first; yield what follows."""
        while fired := self.fire_next(until):
            yield from fired[1]

    def apply(self, event: AnyEvent) -> tuple[str, list[AnyEvent]]:
        """Process one input event alone; return the key whose state it concerned, and what follows.

        Raises:
            KnownBadEvent: from the processor; no state has changed then.
        """
        key = self.processor.key(event) if self.processor.stateful else ""
        before = self._state(key)
        after, out = self.processor.process(before, event, event.time)
        self._keep(key, before, after)
        return key, self._checked(out)

    def fire_next(self, until: datetime) -> tuple[str, list[AnyEvent]] | None:
        """Tick the earliest key that is due by ``until``; return it and what follows, or None when none is due."""
        due = self.timers.pop(until)
        if due is None:
            return None
        moment, key = due
        before = self._state(key)
        after, out = self.processor.tick(before, moment)
        following = self.processor.next_tick(after)
        if following is not None and following <= moment:
            raise RuntimeError(f"{self.processor.name}: tick of {key!r} at {moment} asks for {following} again")
        self._keep(key, before, after)
        self.timers.set(key, following)
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
