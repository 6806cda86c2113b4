"""The pipeline in memory, one event after the other: for replays, backtests and scenario tests. Keeps nothing."""

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
    """Runs the processors of a pipeline over events that are pushed in, and hands out everything that follows.

    Like a log, it leaves out what a stateful processor says again under the same id: two entities in one item may lead
    to one and the same alert.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._states: dict[str, dict[str, Any]] = {processor.name: {} for processor in pipeline.processors}
        self._said: set[str] = set()
        self._steppers = [
            Stepper(processor, self._states[processor.name].get, Timers()) for processor in pipeline.processors
        ]

    def push(self, event: AnyEvent) -> Iterator[AnyEvent]:
        """Process ``event`` and all that follows from it; yield what follows, each before what it leads to.

        Raises:
            KnownBadEvent: a processor refused an event; what went before has its effect, nothing else has.
        """
        waiting = deque([event])
        while waiting:
            current = waiting.popleft()
            topic = topic_of(current).name
            for stepper in self._steppers:
                if topic in stepper.processor.references:
                    stepper.processor.refer(current)
                elif topic in stepper.processor.inputs:
                    yield from self._passed_on(stepper, stepper.step(current), waiting)

    def finish(self, now: datetime) -> Iterator[AnyEvent]:
        """Let time pass until ``now`` without further events; yield what follows."""
        for stepper in self._steppers:
            waiting: deque[AnyEvent] = deque()
            yield from self._passed_on(stepper, stepper.fire(now), waiting)
            for event in waiting:
                yield from self.push(event)

    def _passed_on(self, stepper: Stepper, out: Iterator[AnyEvent], waiting: deque[AnyEvent]) -> Iterator[AnyEvent]:
        for following in out:
            if stepper.processor.stateful:
                if following.id in self._said:
                    continue
                self._said.add(following.id)
            waiting.append(following)
            yield following
        self._states[stepper.processor.name].update(stepper.touched)
        stepper.touched.clear()
