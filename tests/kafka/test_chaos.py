"""Two matchers, kills and a broker outage: in the end, the alerts are those of an undisturbed run.

The stories are well apart: an entity is in the news again only weeks later, because the order of two items in different
partitions is undefined. All alerts are compared by id, byte for byte, so none is lost and none differs from its repeat.
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

from firstword.compose.common import build_pipeline
from firstword.runtimes.kafka.records import outbound_record
from firstword.runtimes.kafka.watch import GroupWatch
from firstword.runtimes.memory import MemoryRuntime
from schemas.alerts import Alert, AlertRaised
from schemas.base import content_id, event
from schemas.items import Item, ItemIngested, Source
from schemas.topics import decode, encode
from services.common.processing import AnyEvent
from tests.invented_news import EVENTS, HOSTS, OTHERS, book, names
from tests.kafka.lab import TIMEOUT_SECONDS, Lab, Worker, run
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
    """Return items half an hour apart. Every fifth is about a watched name; each name comes twice."""
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
        source=Source(feed_url=f"https://{(host := dice.choice(HOSTS))}/feed", host=host),
        language="en",
    )
    made = content_id("evt", item.id)
    return event(ItemIngested(item=item), key=item.id, id=made, source="test", time=at)


def expected_alerts(setting: Sequence[AnyEvent], items: Sequence[AnyEvent]) -> list[AnyEvent]:
    """Return the alerts of a run in memory."""
    runtime = MemoryRuntime(build_pipeline().up_to({"alerts"}))
    outputs = [output for event in (*setting, *items) for output in runtime.push(event)]
    outputs.extend(runtime.finish(END))
    return [output for output in outputs if isinstance(output.data, AlertRaised)]


def final_verdicts(alerts: Sequence[AnyEvent]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the last verdict and headline, by client and story."""
    last: dict[tuple[str, str], Alert] = {}
    for raised in alerts:
        assert isinstance(raised.data, AlertRaised)
        alert = raised.data.alert
        before = last.get((alert.client_id, alert.story_id))
        if before is None or (before.raised_at, before.revision) < (alert.raised_at, alert.revision):
            last[alert.client_id, alert.story_id] = alert
    return {key: (alert.verdict, alert.headline) for key, alert in last.items()}


class Chaos:
    """Runs two workers and kills them; restarts workers that have ended, as a container engine does."""

    def __init__(self, lab: Lab, settings: dict[str, str]) -> None:
        self._lab = lab
        self._settings = settings
        self._dice = random.Random(7)  # noqa: S311 - which worker, no secret
        self.faults: list[float] = []
        self._running = [self._start(), self._start()]

    def wait(self, seconds: float) -> None:
        """Wait; restart workers that end in the meantime."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._running = [worker if worker.alive else self._start() for worker in self._running]
            time.sleep(0.2)

    def kill_one(self) -> None:
        """Kill one of the workers."""
        self.faults.append(time.time())
        self._dice.choice(self._running).kill()
        self.wait(self._dice.uniform(2.0, 6.0))

    def _start(self) -> Worker:
        return self._lab.worker("tests.kafka.matcher_worker", **self._settings)


async def wait_until_idle(lab: Lab) -> None:
    watch = GroupWatch(lab.settings, lab.settings.group(SERVICE))
    await watch.start()
    try:
        await lab.wait_until_idle(watch, ("items", "mentions"))
    finally:
        await watch.stop()


def test_kills_and_a_broker_outage_change_no_alert(lab: Lab, kafka_server: Kafka, tmp_path: Path) -> None:
    setting, items = list(book(names(WATCHED))), news()
    clock = FileClock(tmp_path / "clock")
    clock.set(BEGIN)
    lab.create_changelogs(build_pipeline().up_to({"alerts"}).processors)
    lab.send_events(setting)
    chaos = Chaos(lab, {"SCENARIO_CLOCK": str(tmp_path / "clock")})
    chaos.wait(5)
    feeding = threading.Thread(
        target=lab.send, args=([outbound_record(item) for item in items],), kwargs={"rate": RATE}
    )
    feeding.start()
    for number in range(KILLS):
        chaos.kill_one()
        if number == KILLS // 2 and isinstance(kafka_server, LocalKafka):
            chaos.faults.append(time.time())
            kafka_server.kill()
            chaos.wait(BROKER_AWAY_SECONDS)
            kafka_server.start()
    while feeding.is_alive():
        chaos.wait(1)
    chaos.wait(5)
    run(wait_until_idle(lab))
    clock.set(END)
    wanted = expected_alerts(setting, items)
    end = time.monotonic() + TIMEOUT_SECONDS
    while not {alert.id for alert in wanted} <= alerts_on(lab).keys():  # the last timers have fired
        assert time.monotonic() < end, "alerts are missing"
        chaos.wait(2)
    run(wait_until_idle(lab))

    records, found = lab.read("alerts"), alerts_on(lab)
    print(f"{len(records)} alerts, {len(found)} different ones; {len(wanted)} expected; paused {pauses(lab, chaos)}")
    assert final_verdicts(list(found.values())) == final_verdicts(wanted)
    assert {id: encode(alert) for id, alert in found.items()} == {alert.id: encode(alert) for alert in wanted}
    assert {record.payload for record in records} == {encode(alert) for alert in wanted}
    assert lab.read("items.dlq") == lab.read("mentions.dlq") == []


def alerts_on(lab: Lab) -> dict[str, AnyEvent]:
    """Return the alerts by id."""
    return {alert.id: alert for alert in (decode("alerts", record.payload or b"") for record in lab.read("alerts"))}


def pauses(lab: Lab, chaos: Chaos) -> list[float]:
    """Return, for each fault, the longest time in seconds without any output until the next fault."""
    stamps = sorted({record.timestamp_ms / 1000 for record in lab.read("mentions")})
    longest = []
    for begin, end in pairwise([*chaos.faults, stamps[-1]]):
        within = [begin, *stamps[bisect_right(stamps, begin) : bisect_right(stamps, end) + 1]]
        longest.append(round(max((b - a for a, b in pairwise(within)), default=0.0), 1))
    return longest
