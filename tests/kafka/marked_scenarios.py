"""Run all scenarios at once on one set of topics, each with its own ids and processors.

A scenario's clients, entities and items get its mark before their ids. :class:`ByScenario` has one real processor per
scenario and passes each event to the one with the event's mark, so the books don't mix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from firstword.pipeline import Pipeline
from firstword.runtimes.memory import MemoryRuntime
from schemas.base import Payload, event
from schemas.clients import ClientChanged, ClientRemoved, Watch
from schemas.items import ItemIngested
from schemas.mentions import RumorResolved, SourceGraded
from services.common.processing import AnyEvent, AnyProcessor, Processor
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.processor import DraftWriter
from tests.scenarios.loader import Scenario, load_scenarios

__all__ = ["MarkedScenario", "combined", "in_memory", "load_marked_scenarios"]

#: The attributes that a processor's class declares.
DECLARED = ("name", "version", "inputs", "references", "outputs", "stateful")


@dataclass(frozen=True)
class MarkedScenario:
    """A scenario with its mark: the setting, and the events by time (None: only time passes)."""

    mark: str
    name: str
    setting: tuple[AnyEvent, ...]
    steps: tuple[tuple[datetime, AnyEvent | None], ...]


#: One item is about two entities of one client, which are two keys. On Kafka their order is undefined, and the
#: combined message depends on it.
DEPENDS_ON_ORDER = frozenset({"each holding has its own price move"})


def load_marked_scenarios() -> list[MarkedScenario]:
    """Return all scenarios except those that depend on the order of two keys."""
    selected = [scenario for scenario in load_scenarios() if scenario.name not in DEPENDS_ON_ORDER]
    return [_scene(f"s{number}", scenario) for number, scenario in enumerate(selected)]


def pipeline(playbooks: Playbooks) -> Pipeline:
    """Build the product's pipeline without reading the playbooks each time."""
    return Pipeline((Annotate(), Judge(), DraftWriter(playbooks)))


def in_memory(scenario: MarkedScenario, end: datetime, playbooks: Playbooks) -> list[AnyEvent]:
    """Return the outputs of a scenario until ``end``, run alone, without :class:`ByScenario`."""
    runtime = MemoryRuntime(pipeline(playbooks))
    outputs = [output for given in scenario.setting for output in runtime.push(given)]
    for at, given in scenario.steps:
        outputs.extend(runtime.finish(at))
        if given is not None:
            outputs.extend(runtime.push(given))
    outputs.extend(runtime.finish(end))
    return outputs


def combined(scenarios: Sequence[MarkedScenario]) -> Pipeline:
    """Return the pipeline with processors that handle all scenarios at once."""
    playbooks = Playbooks.shipped()
    marks = [scenario.mark for scenario in scenarios]
    pipelines = [pipeline(playbooks).processors for _ in scenarios]
    return Pipeline(tuple(_by_scenario(dict(zip(marks, same, strict=True))) for same in zip(*pipelines, strict=True)))


class ByScenario(Processor[Any]):
    """One processor per mark, which gets only the events with its mark."""

    by_mark: dict[str, AnyProcessor]

    def update_reference(self, event: AnyEvent) -> None:
        if isinstance(event.data, SourceGraded):
            for processor in self.by_mark.values():
                processor.update_reference(event)
        else:
            self._of(event.data.entity_id if isinstance(event.data, RumorResolved) else event.subject).update_reference(
                event
            )

    def key(self, event: AnyEvent) -> str:
        return self._of(event.subject).key(event)

    def initial(self, key: str) -> Any:
        return key, self._of(key).initial(key)

    def process(self, state: Any, event: AnyEvent, now: datetime) -> tuple[Any, Sequence[AnyEvent]]:
        if state is None:  # stateless
            return self._of(event.subject).process(None, event, now)
        return self._stepped(state, lambda own, before: own.process(before, event, now))

    def next_tick(self, state: Any) -> datetime | None:
        key, own = state
        return self._of(key).next_tick(own)

    def tick(self, state: Any, now: datetime) -> tuple[Any, Sequence[AnyEvent]]:
        return self._stepped(state, lambda own, before: own.tick(before, now))

    def dump(self, state: Any) -> bytes:
        key, own = state
        return str(key).encode() + b"\n" + self._of(key).dump(own)

    def load(self, raw: bytes) -> Any:
        key, _, own = raw.partition(b"\n")
        return key.decode(), self._of(key.decode()).load(own)

    def _stepped(
        self, state: Any, step: Callable[[AnyProcessor, Any], tuple[Any, Sequence[AnyEvent]]]
    ) -> tuple[Any, Sequence[AnyEvent]]:
        key, before = state
        after, out = step(self._of(key), before)
        return (state if after is before else (key, after)), out

    def _of(self, marked: str) -> AnyProcessor:
        return self.by_mark[marked.partition(".")[0]]


def _by_scenario(by_mark: dict[str, AnyProcessor]) -> AnyProcessor:
    first = next(iter(by_mark.values()))
    declared = {name: getattr(first, name) for name in DECLARED}
    return cast("AnyProcessor", type("ByScenario", (ByScenario,), {**declared, "by_mark": by_mark})())


def _scene(mark: str, scenario: Scenario) -> MarkedScenario:
    steps = tuple((step.at, None if step.event is None else _marked(mark, step.event)) for step in scenario.steps)
    return MarkedScenario(mark, scenario.name, tuple(_marked(mark, given) for given in scenario.setting), steps)


def _marked(mark: str, given: AnyEvent) -> AnyEvent:
    data: Payload = given.data
    if isinstance(data, SourceGraded):
        return given
    key = f"{mark}.{given.subject}"
    if isinstance(data, ItemIngested):
        data = data.model_copy(update={"item": data.item.model_copy(update={"id": key})})
    elif isinstance(data, ClientChanged):
        watches = {name: _marked_watches(mark, getattr(data.client, name)) for name in ("assets", "interests")}
        data = data.model_copy(update={"client": data.client.model_copy(update={"id": key, **watches})})
    elif isinstance(data, ClientRemoved):
        data = data.model_copy(update={"client_id": key})
    else:
        raise TypeError(f"scenarios have no {given.type}")
    return cast("AnyEvent", event(data, key=key, id=f"{mark}.{given.id}", source=given.source, time=given.time))


def _marked_watches(mark: str, watches: Sequence[Watch]) -> tuple[Watch, ...]:
    return tuple(watch.model_copy(update={"entity_id": f"{mark}.{watch.entity_id}"}) for watch in watches)
