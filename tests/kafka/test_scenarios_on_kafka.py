"""The scenarios of tests/scenarios through the pipeline on a real Kafka: what it says is what it says in memory.

All of them go over one set of topics at the same time, through two workers. The clock goes from one moment at which
anything happens to the next and waits there until all is worked off, for how late something is relative to a timer is
the one thing that isn't the same on Kafka (docs/adr/0005). Compared is everything that the pipeline says (mentions,
alerts, drafts, decisions on contacts, outcomes of rumors), by id, byte for byte.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import pytest

from firstword.runtimes.kafka.records import outbound_record
from firstword.runtimes.kafka.watch import GroupWatch
from schemas.alerts import AlertRaised
from schemas.topics import decode, encode
from services.common.processing import AnyEvent
from services.notifier.drafting.playbooks import Playbooks
from tests.kafka.lab import Lab, run
from tests.kafka.marked_scenarios import Scene, apart, in_memory, load_scenes
from tests.kafka.scenario_worker import SERVICE, FileClock

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

READ = ("items", "mentions", "alerts", "drafts", "decisions", "interactions")
SAID = ("mentions", "outcomes", "alerts", "drafts", "tunings")
#: So long after the last step every timer has fired.
AFTERWARDS = timedelta(days=14)
TICK_SECONDS = 0.1
#: Within it a timer that is due by the clock has fired, and a change of reference data is known everywhere.
SETTLE_SECONDS = 0.6


class Play:
    """Plays events to workers by a clock that it holds."""

    def __init__(self, lab: Lab, clock: FileClock, watch: GroupWatch) -> None:
        self._lab = lab
        self._clock = clock
        self._watch = watch

    async def settle(self) -> None:
        """Wait until the workers have nothing to do."""
        await asyncio.sleep(SETTLE_SECONDS)
        await self._lab.until_idle(self._watch, READ)

    async def at(self, moment: datetime, events: Sequence[AnyEvent]) -> None:
        """Let it be ``moment``, have timers fire, then send ``events``, and wait for what follows."""
        self._clock.set(moment)
        await self.settle()
        if events:
            await self._lab.send_now(map(outbound_record, events))
            await self.settle()


def by_moment(scenes: Sequence[Scene], more: Iterable[datetime]) -> list[tuple[datetime, list[AnyEvent]]]:
    """What comes in at each moment, with one event of a scene at a time; ``more`` are moments with nothing."""
    found: dict[tuple[datetime, int], list[AnyEvent]] = {(at, 0): [] for at in more}
    for scene in scenes:
        nth: Counter[datetime] = Counter()
        for at, came in scene.steps:
            events = found.setdefault((at, nth[at]), [])
            nth[at] += 1
            if came is not None:
                events.append(came)
    return [(at, events) for (at, _), events in sorted(found.items(), key=lambda entry: entry[0])]


async def play(lab: Lab, clock: FileClock, scenes: Sequence[Scene], moments: Iterable[datetime]) -> None:
    watch = GroupWatch(lab.settings, lab.settings.group(SERVICE))
    await watch.start()
    try:
        rounds = Play(lab, clock, watch)
        for moment, events in by_moment(scenes, moments):
            await rounds.at(moment, events)
    finally:
        await watch.stop()


def said_on_kafka(lab: Lab) -> dict[str, bytes]:
    """By id, all that was said; a repeat after a crash must be the same."""
    said: dict[str, bytes] = {}
    for topic in SAID:
        for record in lab.read(topic):
            payload = record.payload or b""
            made = decode(topic, payload)
            assert said.setdefault(made.id, payload) == payload
    return said


def test_scenarios_come_out_as_in_memory(lab: Lab, tmp_path: Path) -> None:
    scenes = load_scenes()
    end = max(at for scene in scenes for at, _ in scene.steps) + AFTERWARDS
    playbooks = Playbooks.shipped()
    wanted = [made for scene in scenes for made in in_memory(scene, end, playbooks)]
    verdicts = Counter(made.data.alert.verdict for made in wanted if isinstance(made.data, AlertRaised))
    assert set(verdicts) == {"tell", "warn", "hold", "correct", "ignore"}

    clock = FileClock(tmp_path / "clock")
    clock.set(scenes[0].steps[0][0])
    lab.keep_states(apart(scenes[:1]).processors)
    lab.send_events({came.id: came for scene in scenes for came in scene.setting}.values())
    settings = {
        "SCENARIO_CLOCK": str(tmp_path / "clock"),
        "FIRSTWORD_KAFKA_TICK_SECONDS": str(TICK_SECONDS),
        "FIRSTWORD_KAFKA_COMMIT_INTERVAL_SECONDS": "0.1",
    }
    for worker in [lab.worker("tests.kafka.scenario_worker", **settings) for _ in range(2)]:
        worker.ready()
    run(play(lab, clock, scenes, {end, *(made.time for made in wanted)}))

    said = said_on_kafka(lab)
    assert {name: decoded(raw) for name, raw in said.items()} == {made.id: decoded(encode(made)) for made in wanted}
    assert said == {made.id: encode(made) for made in wanted}
    assert not any(lab.read(f"{topic}.dlq") for topic in READ)
    print(f"{len(scenes)} scenarios, {len(said)} events, {dict(verdicts)}")


def decoded(raw: bytes) -> object:
    """As plain data, so that a difference is told field by field."""
    return orjson.loads(raw)
