"""All scenarios at once on one set of topics, kept apart: each has names of its own, and processors of its own.

A scenario's clients, things and items get its mark before their ids. :class:`Apart` holds one of the real processors
for each scenario and asks the one whose mark an event bears, so the books don't mix.
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

__all__ = ["Scene", "apart", "in_memory", "load_scenes"]

#: What a processor's class says of it.
DECLARED = ("name", "version", "inputs", "references", "outputs", "stateful")


@dataclass(frozen=True)
class Scene:
    """A scenario under its mark: what comes before it, and when what comes in (None: only time passes)."""

    mark: str
    name: str
    setting: tuple[AnyEvent, ...]
    steps: tuple[tuple[datetime, AnyEvent | None], ...]


#: One item tells of two things of one client, each a key of its own: which of the two comes first to the client isn't
#: given on Kafka, and their message is put together from the one or from the other.
OF_TWO_KEYS = frozenset({"each holding has its own price move"})


def load_scenes() -> list[Scene]:
    """All scenarios in their order, but those in which the order of two keys shows."""
    told = [scenario for scenario in load_scenarios() if scenario.name not in OF_TWO_KEYS]
    return [_scene(f"s{number}", scenario) for number, scenario in enumerate(told)]


def pipeline(playbooks: Playbooks) -> Pipeline:
    """What ``bootstrap.build_pipeline`` makes; but it reads the playbooks each time, and we need many."""
    return Pipeline((Annotate(), Judge(), DraftWriter(playbooks)))


def in_memory(scene: Scene, end: datetime, playbooks: Playbooks) -> list[AnyEvent]:
    """All that the pipeline says to a scene until ``end``, run by itself, without :class:`Apart`."""
    runtime = MemoryRuntime(pipeline(playbooks))
    said = [made for came in scene.setting for made in runtime.push(came)]
    for at, came in scene.steps:
        said.extend(runtime.finish(at))
        if came is not None:
            said.extend(runtime.push(came))
    said.extend(runtime.finish(end))
    return said


def apart(scenes: Sequence[Scene]) -> Pipeline:
    """The pipeline's processors, each one for every scene at once."""
    playbooks = Playbooks.shipped()
    inside = [(scene.mark, pipeline(playbooks).processors) for scene in scenes]
    names = [mark for mark, _ in inside]
    alike = zip(*(processors for _, processors in inside), strict=True)
    return Pipeline(tuple(_apart(dict(zip(names, each, strict=True))) for each in alike))


class Apart(Processor[Any]):
    """One processor for each mark, which doesn't hear of the others' events."""

    inside: dict[str, AnyProcessor]

    def refer(self, event: AnyEvent) -> None:
        if isinstance(event.data, SourceGraded):
            for each in self.inside.values():
                each.refer(event)
        else:
            self._of(event.data.entity_id if isinstance(event.data, RumorResolved) else event.subject).refer(event)

    def key(self, event: AnyEvent) -> str:
        return self._of(event.subject).key(event)

    def initial(self, key: str) -> Any:
        return key, self._of(key).initial(key)

    def process(self, state: Any, event: AnyEvent, now: datetime) -> tuple[Any, Sequence[AnyEvent]]:
        if state is None:  # without state
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
        return self.inside[marked.partition(".")[0]]


def _apart(inside: dict[str, AnyProcessor]) -> AnyProcessor:
    first = next(iter(inside.values()))
    declared = {
        name: getattr(first, name) for name in ("name", "version", "inputs", "references", "outputs", "stateful")
    }
    return cast("AnyProcessor", type("Apart", (Apart,), {**declared, "inside": inside})())


def _scene(mark: str, scenario: Scenario) -> Scene:
    steps = tuple((step.at, None if step.event is None else _marked(mark, step.event)) for step in scenario.steps)
    return Scene(mark, scenario.name, tuple(_marked(mark, came) for came in scenario.setting), steps)


def _marked(mark: str, came: AnyEvent) -> AnyEvent:
    data: Payload = came.data
    if isinstance(data, SourceGraded):
        return came
    key = f"{mark}.{came.subject}"
    if isinstance(data, ItemIngested):
        data = data.model_copy(update={"item": data.item.model_copy(update={"id": key})})
    elif isinstance(data, ClientChanged):
        watches = {name: _marked_watches(mark, getattr(data.client, name)) for name in ("assets", "interests")}
        data = data.model_copy(update={"client": data.client.model_copy(update={"id": key, **watches})})
    elif isinstance(data, ClientRemoved):
        data = data.model_copy(update={"client_id": key})
    else:
        raise TypeError(f"scenarios have no {came.type}")
    return cast("AnyEvent", event(data, key=key, id=f"{mark}.{came.id}", source=came.source, time=came.time))


def _marked_watches(mark: str, watches: Sequence[Watch]) -> tuple[Watch, ...]:
    return tuple(watch.model_copy(update={"entity_id": f"{mark}.{watch.entity_id}"}) for watch in watches)
