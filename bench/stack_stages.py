"""The stack's own commands on a real Kafka and PostgreSQL: how much ingest and the notifier do, and from item to draft.

Part of bench/kafka_bench.py. PostgreSQL runs as it does in a house: what is committed is on the disk.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pydantic import SecretStr

from firstword.book_events import diff_book
from firstword.compose import common
from firstword.runtimes.kafka.records import outbound_record
from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.runtimes.memory import MemoryRuntime
from firstword.store import Store
from schemas.alerts import AlertRaised
from schemas.base import content_id, event
from schemas.drafts import DraftCreated
from schemas.items import ItemIngested
from schemas.topics import decode, topic_of
from services.common.processing import AnyEvent
from services.common.settings import Settings
from services.ingest.parse.feed import parse_feed
from tests.kafka.lab import Lab
from tests.kafka.newsroom import Newsroom
from tests.kafka.test_stack import Stack
from tests.postgres_server import Postgres

__all__ = ["Place", "cpu_seconds", "drafting", "ingesting", "item_to_draft", "peak_mib"]

TIMEOUT_SECONDS = 180
#: A group of several has shared its partitions out so long after all of them are ready.
JOIN_SECONDS = 5
#: What a worker says when it has read the client book and begins.
READY = {"ingest": '"relay.elected"', "matcher": '"worker.ready"', "notifier": '"intake.ready"'}
#: Of what is timed, the first seconds don't count: workers that have just started read their word lists then.
WARM_UP_SECONDS = 5


@dataclass(frozen=True)
class Place:
    """Where it runs."""

    brokers: str
    postgres: Postgres


@dataclass(frozen=True)
class Running:
    """A house on fresh topics and a fresh database."""

    lab: Lab
    stack: Stack
    store: Store


@contextmanager
def running(place: Place, name: str) -> Iterator[Running]:
    """Topics and tables are there, and nothing runs yet."""
    url = place.postgres.new()
    shown = url.render_as_string(hide_password=False)
    with TemporaryDirectory() as folder:
        lab = Lab(KafkaSettings(brokers=place.brokers, prefix=f"bench-{name}."), Path(folder))
        stack = Stack(lab, shown, Path(folder))
        try:
            stack.call("topics", "apply")
            settings = Settings(data=Path(folder) / "data", database=SecretStr(shown))
            with common.open_store(settings) as store:
                yield Running(lab, stack, store)
        finally:
            stack.close()
            lab.close()
    place.postgres.drop(url)


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(pid: int) -> float:
    """The most memory that a process has held (Linux)."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in line)
    return int(line.split()[1]) / 1024


def ingesting(place: Place, count: int, items: int) -> None:
    """Print how many items a second ``count`` ingests take from feeds on disk to Kafka."""
    with running(place, f"ingest-{count}") as house:
        folder = house.store.settings.data / "feeds"
        folder.mkdir(parents=True)
        room = Newsroom(items, folder.as_uri())
        for number in range(len(room.feeds)):
            (folder / f"feed-{number}.xml").write_bytes(room.rss(number, datetime.now(UTC)))
        names = start(house.stack, "ingest", count)
        used = sum(cpu_seconds(house.stack.pid(name)) for name in names)
        ingest = common.build_ingest(house.store)
        for number in range(len(room.feeds)):
            ingest.add_feed(room.address(number))
        stamps = until_there(house.lab, "items", items)
        tell("ingest", count, items, stamps[-1] - stamps[0], house.stack, names, used, "items of feeds on disk")


def drafting(place: Place, count: int, items: int) -> float:
    """Print, and return, how many alerts a second ``count`` notifiers answer."""
    room = Newsroom(items, "file:///bench")
    now = datetime.now(UTC)
    memory = MemoryRuntime(common.build_pipeline())
    said = [made for change in diff_book(room.book(), {}, now).events for made in memory.push(change)]
    said += [made for item in items_of(room, lambda _: now) for made in memory.push(item)]
    alerts = [made for made in said if isinstance(made.data, AlertRaised)]
    answers = [made for made in said if topic_of(made).name == "drafts"]
    with running(place, f"notifier-{count}") as house:
        house.store.import_book(room.book())
        names = start(house.stack, "notifier", count)
        pids = [house.stack.pid(name) for name in names]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)  # shorter than a session; so that sending takes nothing from working
        house.lab.send_events(alerts)
        begun, used = time.time(), sum(map(cpu_seconds, pids))
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        stamps = until_there(house.lab, "drafts", len(answers))
        seconds = stamps[-1] - begun
        tell("notifier", count, len(alerts), seconds, house.stack, names, used, f"alerts → {len(answers):,} answers")
        return len(alerts) / seconds


def item_to_draft(place: Place, rate: float, seconds: float) -> None:
    """Print the time from sending an item to reading its draft from Kafka, at ``rate`` items a second."""
    count = round(rate * (WARM_UP_SECONDS + seconds) / 100) * 100
    room = Newsroom(count, "file:///bench")
    with running(place, "latency") as house:
        house.store.import_book(room.book())
        names = [*start(house.stack, "notifier", 1), *start(house.stack, "matcher", 1)]
        waits = asyncio.run(waits_of(house.lab, rate, items_of(room, lambda _: datetime.now(UTC))))
        cuts = quantiles(waits, n=100)
        memory = ", ".join(f"{name} {peak_mib(house.stack.pid(name)):,.0f} MiB" for name in names)
        print(
            f"item → draft at {rate:,.0f} items/s for {seconds:.0f} s: p50 {cuts[49] * 1000:,.0f} ms, p99 "
            f"{cuts[98] * 1000:,.0f} ms, most {max(waits) * 1000:,.0f} ms, {len(waits):,} drafts; {memory}",
            flush=True,
        )


async def waits_of(lab: Lab, rate: float, items: Iterator[AnyEvent]) -> list[float]:
    """Seconds from sending an item to reading the draft that it led to, once the workers are warm."""
    sent: dict[datetime, float] = {}
    waits: list[float] = []
    begun = time.monotonic()

    async def listen(consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            draft = decode("drafts", record.value).data
            if isinstance(draft, DraftCreated) and sent[draft.draft.created_at] > begun + WARM_UP_SECONDS:
                waits.append(time.monotonic() - sent[draft.draft.created_at])

    async with AIOKafkaConsumer(
        lab.settings.topic("drafts"), bootstrap_servers=lab.settings.brokers, auto_offset_reset="earliest"
    ) as consumer:
        listening = asyncio.ensure_future(listen(consumer))
        async with AIOKafkaProducer(bootstrap_servers=lab.settings.brokers, linger_ms=5) as producer:
            for number, item in enumerate(items):
                await asyncio.sleep(max(0, begun + number / rate - time.monotonic()))
                sent[item.time] = time.monotonic()
                out = outbound_record(item)
                await producer.send(lab.settings.topic(out.topic), out.payload, out.key)
        seen = -1
        while seen < len(waits):  # nothing came for some seconds
            seen = len(waits)
            await asyncio.sleep(JOIN_SECONDS)
        listening.cancel()
    return waits


def items_of(room: Newsroom, now: Callable[[int], datetime]) -> Iterator[AnyEvent]:
    """The items of all feeds, each made when it is asked for and dated then."""
    for number in range(len(room.feeds)):
        parsed = parse_feed(room.rss(number, now(number)), feed_url=room.address(number)).items
        for entry in parsed:
            at = now(number)
            item = entry.item.model_copy(update={"fetched_at": at})
            yield event(ItemIngested(item=item), key=item.id, id=content_id("evt", item.id), source="bench", time=at)


def start(stack: Stack, service: str, count: int) -> list[str]:
    """Start so many of a service, and wait until they work; return their names."""
    names = [f"{service}-{number}" for number in range(1, count + 1)]
    for name in names:
        stack.start(name, "worker", service)
    end = time.monotonic() + TIMEOUT_SECONDS
    waiting = set(names[:1] if service == "ingest" else names)  # of two ingests, one relays
    while waiting := {name for name in waiting if READY[service] not in stack.log(name)}:
        if time.monotonic() > end:
            raise SystemExit(f"{waiting} don't start:\n{stack.logs()}")
        time.sleep(0.2)
    time.sleep(JOIN_SECONDS)
    return names


def until_there(lab: Lab, topic: str, count: int) -> list[float]:
    """Wait for so many different records; return when each of them was written, in seconds since 1970."""
    end = time.monotonic() + TIMEOUT_SECONDS
    while True:
        stamps: dict[bytes, float] = {}
        for record in lab.read(topic):
            stamps.setdefault(record.payload or b"", record.timestamp_ms / 1000)
        if len(stamps) >= count:
            return sorted(stamps.values())
        if time.monotonic() > end:
            raise SystemExit(f"only {len(stamps):,} of {count:,} {topic} after {TIMEOUT_SECONDS} s")
        time.sleep(1)


def tell(
    kind: str, count: int, records: int, seconds: float, stack: Stack, names: Sequence[str], used: float, what: str
) -> None:
    """Print a line, as for the stages that need no database."""
    used = sum(cpu_seconds(stack.pid(name)) for name in names) - used
    memory = max(peak_mib(stack.pid(name)) for name in names)
    print(
        f"{kind:<9} x{count}  {records / seconds:>7,.0f} records/s  {records / used:>7,.0f} for each second of "
        f"processor time  {memory:>4,.0f} MiB   {records:,} {what}",
        flush=True,
    )
