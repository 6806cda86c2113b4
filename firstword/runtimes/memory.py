"""Run the pipeline in memory, one event at a time: for replays, backtests and scenario tests. Stores nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from firstword.pipeline import Pipeline
from firstword.runtimes.stepping import Stepper
from firstword.runtimes.timers import Timers
from schemas.topics import topic_of
from services.common.processing import AnyEvent

__all__ = ["MemoryRuntime"]


class MemoryRuntime:
    """Runs the processors of a pipeline over the events that are pushed in and yields every resulting event.

    Like the event log, it drops an event whose id a stateful processor has published before: two entities in one item
    may lead to the same alert.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._states: dict[str, dict[str, Any]] = {processor.name: {} for processor in pipeline.processors}
        self._published_ids: set[str] = set()
        self._steppers = [
            Stepper(processor, self._states[processor.name].get, Timers()) for processor in pipeline.processors
        ]

    def push(self, event: AnyEvent) -> Iterator[AnyEvent]:
        """Process ``event`` and everything it leads to; yield each resulting event before its own results.

        Raises:
            KnownBadEvent: a processor refused an event. The events before it were processed, the rest were not.
        """
        waiting = deque([event])
        while waiting:
            current = waiting.popleft()
            topic = topic_of(current).name
            for stepper in self._steppers:
                if topic in stepper.processor.references:
                    stepper.processor.update_reference(current)
                elif topic in stepper.processor.inputs:
                    yield from self._forward(stepper, stepper.step(current), waiting)

    def finish(self, now: datetime) -> Iterator[AnyEvent]:
        """Let time pass until ``now`` without further events; yield the resulting events."""
        for stepper in self._steppers:
            waiting: deque[AnyEvent] = deque()
            yield from self._forward(stepper, stepper.fire(now), waiting)
            for event in waiting:
                yield from self.push(event)

    def _forward(self, stepper: Stepper, out: Iterator[AnyEvent], waiting: deque[AnyEvent]) -> Iterator[AnyEvent]:
        for event in out:
            if stepper.processor.stateful:
                if event.id in self._published_ids:
                    continue
                self._published_ids.add(event.id)
            waiting.append(event)
            yield event
        self._states[stepper.processor.name].update(stepper.touched)
        stepper.touched.clear()
