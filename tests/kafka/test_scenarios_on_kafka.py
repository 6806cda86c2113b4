"""The scenarios of tests/scenarios on a real Kafka: the pipeline gives the same outputs as in memory.

All scenarios run at the same time on one set of topics, through two workers. The clock jumps from event to event and
waits until everything is processed, because the order of an event and a timer is the only thing that differs on Kafka
(docs/adr/0005). All outputs (mentions, alerts, drafts, contact decisions, outcomes of rumors) are compared by id, byte
for byte.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from firstword.runtimes.kafka.records import PartitionId, outbound_record
from firstword.runtimes.kafka.watch import GroupWatch
from schemas.alerts import AlertRaised
from schemas.topics import TOPICS, decode, encode
from services.common.processing import AnyEvent
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.processor import DraftWriter
from tests.kafka.lab import TIMEOUT_SECONDS, Lab, Worker, run
from tests.kafka.marked_scenarios import MarkedScenario, combined, in_memory, load_marked_scenarios
from tests.kafka.scenario_worker import SERVICE, FileClock

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

PROCESSORS = (Annotate, Judge, DraftWriter)
READ = tuple(topic for processor in PROCESSORS for topic in processor.inputs)
WRITTEN = tuple(topic for processor in PROCESSORS for topic in processor.outputs)
#: By this time after the last step, every timer has fired.
AFTERWARDS = timedelta(days=14)
TICK_SECONDS = 0.1
STATEFUL = tuple(processor.name for processor in PROCESSORS if processor.stateful)
REFERENCES = sorted({topic for processor in PROCESSORS for topic in processor.references})


class Play:
    """Plays events to workers and sets their clock."""

    def __init__(self, lab: Lab, clock: FileClock, watch: GroupWatch, workers: Sequence[Worker]) -> None:
        self._lab = lab
        self._clock = clock
        self._watch = watch
        self._workers = workers

    async def settle(self) -> None:
        """Wait until the workers have nothing to do: no record waits, no timer is due, and all references are read."""
        before = None
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while before != (before := await self._ends(READ)):  # what timers wrote has to be processed, too
                await self._lab.wait_until_idle(self._watch, READ)
                await self._quiet()

    async def _quiet(self) -> None:
        """Wait until each worker has looked at its timers from now on, found none due, and read all references."""
        now, ends = self._clock.now().isoformat(), await self._ends(REFERENCES)
        looked = {(worker.pid, name): self._report(worker)["quiet"].get(name, 0) for worker in self._workers
                  for name in STATEFUL}  # fmt: skip
        for worker in self._workers:
            while True:
                report = self._report(worker)
                is_quiet = all(
                    report["at"].get(name) == now and report["quiet"][name] >= looked[worker.pid, name] + 2
                    for name in STATEFUL
                )
                if is_quiet and all(report["read"].get(f"{topic} {n}", 0) >= end for (topic, n), end in ends.items()):
                    break
                assert worker.alive, worker.log
                await asyncio.sleep(TICK_SECONDS / 4)

    async def _ends(self, topics: Iterable[str]) -> dict[PartitionId, int]:
        return await self._watch.ends([(topic, n) for topic in topics for n in range(TOPICS[topic].partitions)])

    def _report(self, worker: Worker) -> dict[str, dict[str, Any]]:
        path = self._clock.report(worker.pid)
        return orjson.loads(path.read_bytes()) if path.exists() else {"quiet": {}, "at": {}, "read": {}}

    async def at(self, moment: datetime, events: Sequence[AnyEvent]) -> None:
        """Set the clock, let timers fire, then send ``events`` and wait for the outputs."""
        self._clock.set(moment)
        await self.settle()
        if events:
            await self._lab.send_now(map(outbound_record, events))
            await self.settle()


def by_time(scenarios: Sequence[MarkedScenario], more: Iterable[datetime]) -> list[tuple[datetime, list[AnyEvent]]]:
    """Return the events by time, at most one per scenario at once; ``more`` are times without events."""
    grouped: dict[tuple[datetime, int], list[AnyEvent]] = {(at, 0): [] for at in more}
    for scenario in scenarios:
        nth: Counter[datetime] = Counter()
        for at, came in scenario.steps:
            events = grouped.setdefault((at, nth[at]), [])
            nth[at] += 1
            if came is not None:
                events.append(came)
    return [(at, events) for (at, _), events in sorted(grouped.items(), key=lambda entry: entry[0])]


async def play(
    lab: Lab,
    clock: FileClock,
    workers: Sequence[Worker],
    scenarios: Sequence[MarkedScenario],
    moments: Iterable[datetime],
) -> None:
    watch = GroupWatch(lab.settings, lab.settings.group(SERVICE))
    await watch.start()
    try:
        rounds = Play(lab, clock, watch, workers)
        for moment, events in by_time(scenarios, moments):
            await rounds.at(moment, events)
    finally:
        await watch.stop()


def outputs_on_kafka(lab: Lab) -> dict[str, bytes]:
    """Return all outputs by id. A repeat after a crash must be identical."""
    said: dict[str, bytes] = {}
    for topic in WRITTEN:
        for record in lab.read(topic):
            payload = record.payload or b""
            made = decode(topic, payload)
            assert said.setdefault(made.id, payload) == payload
    return said


def test_scenarios_give_the_same_outputs_as_in_memory(lab: Lab, tmp_path: Path) -> None:
    scenarios = load_marked_scenarios()
    end = max(at for scenario in scenarios for at, _ in scenario.steps) + AFTERWARDS
    playbooks = Playbooks.shipped()
    wanted = [made for scenario in scenarios for made in in_memory(scenario, end, playbooks)]
    verdicts = Counter(made.data.alert.verdict for made in wanted if isinstance(made.data, AlertRaised))
    assert set(verdicts) == {"tell", "information", "warn", "hold", "correct", "ignore"}

    clock = FileClock(tmp_path / "clock")
    clock.set(scenarios[0].steps[0][0])
    lab.create_changelogs(combined(scenarios[:1]).processors)
    lab.send_events({came.id: came for scenario in scenarios for came in scenario.setting}.values())
    settings = {
        "SCENARIO_CLOCK": str(tmp_path / "clock"),
        "FIRSTWORD_KAFKA_TICK_SECONDS": str(TICK_SECONDS),
        "FIRSTWORD_KAFKA_COMMIT_INTERVAL_SECONDS": "0.1",
    }
    workers = [lab.worker("tests.kafka.scenario_worker", **settings) for _ in range(2)]
    for worker in workers:
        worker.ready()
    run(play(lab, clock, workers, scenarios, {end, *(made.time for made in wanted)}))

    said = outputs_on_kafka(lab)
    assert {name: decoded(raw) for name, raw in said.items()} == {made.id: decoded(encode(made)) for made in wanted}
    assert said == {made.id: encode(made) for made in wanted}
    assert not any(lab.read(f"{topic}.dlq") for topic in READ)
    print(f"{len(scenarios)} scenarios, {len(said)} events, {dict(verdicts)}")


def decoded(raw: bytes) -> object:
    """Return plain data, so that differences are shown field by field."""
    return orjson.loads(raw)
