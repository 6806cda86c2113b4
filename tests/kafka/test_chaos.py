"""Two matchers through kills and a broker that is away: in the end they have said what an undisturbed run says.

The stories are well apart: a thing is in the news a second time only days later, for which of two items comes first
isn't given across partitions. Compared are all alerts by id, byte for byte; so none is lost, and none is said twice in
two ways.
"""

from __future__ import annotations

import random
import threading
import time
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bench.bench_matcher import EVENTS, HOSTS, OTHERS, book, names
from firstword.compose.common import build_pipeline
from firstword.runtimes.kafka.records import outbound_record
from firstword.runtimes.kafka.watch import GroupWatch
from firstword.runtimes.memory import MemoryRuntime
from schemas.alerts import Alert, AlertRaised
from schemas.base import content_id, event
from schemas.items import Item, ItemIngested, Source
from schemas.topics import decode, encode
from services.common.processing import AnyEvent
from tests.kafka.lab import Lab, Worker, run
from tests.kafka.matcher_worker import SERVICE
from tests.kafka.scenario_worker import FileClock
from tests.servers import Kafka, LocalKafka

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
END = BEGIN + timedelta(days=60)
ITEMS = 2_000
WATCHED = 200
RATE = 30.0
KILLS = 10
BROKER_AWAY_SECONDS = 15


def news() -> list[AnyEvent]:
    """Items half an hour apart, every fifth about something watched; each watched thing twice, three weeks between."""
    watched, dice = names(WATCHED), random.Random(3)  # noqa: S311 - made-up items, no secret
    return [_item(number, watched[number // 5 % WATCHED] if number % 5 == 0 else None, dice) for number in range(ITEMS)]


def _item(number: int, who: str | None, dice: random.Random) -> AnyEvent:
    n, at = dice.randrange(2, 90), BEGIN + timedelta(minutes=30 * number)
    head, text = dice.choice(EVENTS) if who else (dice.choice(OTHERS), "The city said so.")
    title = f"{who} {head.format(n=n)}" if who else head.format(n=number)
    item = Item(
        id=f"itm_{number}",
        title=title,
        summary=text.format(who=who, n=n),
        published_at=at,
        fetched_at=at,
        source=Source(host=dice.choice(HOSTS)),
        language="en",
    )
    made = content_id("evt", item.id)
    return event(ItemIngested(item=item), key=item.id, id=made, source="test", time=at)


def undisturbed(setting: Sequence[AnyEvent], items: Sequence[AnyEvent]) -> list[AnyEvent]:
    """The alerts of a run in memory."""
    runtime = MemoryRuntime(build_pipeline().up_to({"alerts"}))
    said = [made for came in (*setting, *items) for made in runtime.push(came)]
    said.extend(runtime.finish(END))
    return [made for made in said if isinstance(made.data, AlertRaised)]


def final(alerts: Sequence[AnyEvent]) -> dict[tuple[str, str], tuple[str, str]]:
    """By client and story, the last verdict and what it was about."""
    found: dict[tuple[str, str], Alert] = {}
    for made in alerts:
        assert isinstance(made.data, AlertRaised)
        alert = made.data.alert
        before = found.get((alert.client_id, alert.story_id))
        if before is None or (before.raised_at, before.revision) < (alert.raised_at, alert.revision):
            found[alert.client_id, alert.story_id] = alert
    return {key: (alert.verdict, alert.headline) for key, alert in found.items()}


class Disaster:
    """Keeps two workers running, and kills them; starts anew what has ended, as a container engine does."""

    def __init__(self, lab: Lab, settings: dict[str, str]) -> None:
        self._lab = lab
        self._settings = settings
        self._dice = random.Random(7)  # noqa: S311 - which worker, no secret
        self.faults: list[float] = []
        self._running = [self._start(), self._start()]

    def wait(self, seconds: float) -> None:
        """Let time pass; whoever ends meanwhile is started anew."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._running = [each if each.alive else self._start() for each in self._running]
            time.sleep(0.2)

    def strike(self) -> None:
        """SIGKILL one of them."""
        self.faults.append(time.time())
        self._dice.choice(self._running).kill()
        self.wait(self._dice.uniform(2.0, 6.0))

    def _start(self) -> Worker:
        return self._lab.worker("tests.kafka.matcher_worker", **self._settings)


async def idle(lab: Lab) -> None:
    watch = GroupWatch(lab.settings, lab.settings.group(SERVICE))
    await watch.start()
    try:
        await lab.until_idle(watch, ("items", "mentions"))
    finally:
        await watch.stop()


def test_kills_and_a_broker_that_is_away_change_no_verdict(lab: Lab, kafka_server: Kafka, tmp_path: Path) -> None:
    setting, items = list(book(names(WATCHED))), news()
    clock = FileClock(tmp_path / "clock")
    clock.set(BEGIN)
    lab.keep_states(build_pipeline().up_to({"alerts"}).processors)
    lab.send_events(setting)
    disaster = Disaster(lab, {"SCENARIO_CLOCK": str(tmp_path / "clock")})
    disaster.wait(5)
    feeding = threading.Thread(
        target=lab.send, args=([outbound_record(item) for item in items],), kwargs={"rate": RATE}
    )
    feeding.start()
    for number in range(KILLS):
        disaster.strike()
        if number == KILLS // 2 and isinstance(kafka_server, LocalKafka):
            disaster.faults.append(time.time())
            kafka_server.kill()
            disaster.wait(BROKER_AWAY_SECONDS)
            kafka_server.start()
    while feeding.is_alive():
        disaster.wait(1)
    disaster.wait(5)
    run(idle(lab))
    clock.set(END)
    disaster.wait(2)
    run(idle(lab))

    records = lab.read("alerts")
    said = {made.id: made for made in (decode("alerts", record.payload or b"") for record in records)}
    wanted = undisturbed(setting, items)
    print(f"{len(records)} alerts, {len(said)} of them different; {len(wanted)} wanted; paused {pauses(lab, disaster)}")
    assert final(list(said.values())) == final(wanted)
    assert {name: encode(made) for name, made in said.items()} == {made.id: encode(made) for made in wanted}
    assert {record.payload for record in records} == {encode(made) for made in wanted}
    assert lab.read("items.dlq") == lab.read("mentions.dlq") == []


def pauses(lab: Lab, disaster: Disaster) -> list[float]:
    """For how many seconds nobody said anything, from each fault on until the next, at most."""
    stamps = sorted({record.timestamp_ms / 1000 for record in lab.read("mentions")})
    found = []
    for begin, end in pairwise([*disaster.faults, stamps[-1]]):
        within = [begin, *stamps[bisect_right(stamps, begin) : bisect_right(stamps, end) + 1]]
        found.append(round(max((b - a for a, b in pairwise(within)), default=0.0), 1))
    return found
