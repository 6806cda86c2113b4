"""Measure the stack's commands on a real Kafka and PostgreSQL: ingest, notifier, and the time from item to draft.

Part of bench/kafka_bench.py. PostgreSQL runs as in production, with durable commits.
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
#: By this time after their start, the workers of a group have their partitions.
JOIN_SECONDS = 5
#: The log action of each service when it is ready.
READY = {"ingest": '"relay.elected"', "matcher": '"worker.ready"', "notifier": '"consumer.ready"'}
#: The first seconds are not measured: workers load their word lists then.
WARM_UP_SECONDS = 5


@dataclass(frozen=True)
class Place:
    """The servers to use."""

    brokers: str
    postgres: Postgres


@dataclass(frozen=True)
class Running:
    """An installation with new topics and a new database."""

    lab: Lab
    stack: Stack
    store: Store


@contextmanager
def running(place: Place, name: str) -> Iterator[Running]:
    """Create topics and tables; start nothing yet."""
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
    """Return the processor time of a process (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(pid: int) -> float:
    """Return the peak memory of a process (Linux)."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in line)
    return int(line.split()[1]) / 1024


def ingesting(place: Place, count: int, items: int) -> None:
    """Print how many items per second ``count`` ingests bring from feeds on disk to Kafka."""
    with running(place, f"ingest-{count}") as installation:
        folder = installation.store.settings.data / "feeds"
        folder.mkdir(parents=True)
        newsroom = Newsroom(items, folder.as_uri())
        for number in range(len(newsroom.feeds)):
            (folder / f"feed-{number}.xml").write_bytes(newsroom.rss(number, datetime.now(UTC)))
        names = start(installation.stack, "ingest", count)
        used = sum(cpu_seconds(installation.stack.pid(name)) for name in names)
        ingest = common.build_ingest(installation.store)
        for number in range(len(newsroom.feeds)):
            ingest.add_feed(newsroom.address(number))
        stamps = wait_for_records(installation.lab, "items", items)
        print_line(
            "ingest", count, items, stamps[-1] - stamps[0], installation.stack, names, used, "items of feeds on disk"
        )


def drafting(place: Place, count: int, items: int) -> float:
    """Print and return how many alerts per second ``count`` notifiers process."""
    newsroom = Newsroom(items, "file:///bench")
    now = datetime.now(UTC)
    memory = MemoryRuntime(common.build_pipeline())
    outputs = [output for change in diff_book(newsroom.book(), {}, now).events for output in memory.push(change)]
    outputs += [output for item in items_of(newsroom, lambda _: now) for output in memory.push(item)]
    alerts = [output for output in outputs if isinstance(output.data, AlertRaised)]
    answers = [output for output in outputs if topic_of(output).name == "drafts"]
    with running(place, f"notifier-{count}") as installation:
        installation.store.import_book(newsroom.book())
        names = start(installation.stack, "notifier", count)
        pids = [installation.stack.pid(name) for name in names]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)  # for less than a session, so that sending does not slow them down
        installation.lab.send_events(alerts)
        begun, used = time.time(), sum(map(cpu_seconds, pids))
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        stamps = wait_for_records(installation.lab, "drafts", len(answers))
        seconds = stamps[-1] - begun
        print_line(
            "notifier",
            count,
            len(alerts),
            seconds,
            installation.stack,
            names,
            used,
            f"alerts → {len(answers):,} answers",
        )
        return len(alerts) / seconds


def item_to_draft(place: Place, rate: float, seconds: float) -> None:
    """Print the time from sending an item to reading its draft from Kafka, at ``rate`` items per second."""
    count = round(rate * (WARM_UP_SECONDS + seconds) / 100) * 100
    newsroom = Newsroom(count, "file:///bench")
    with running(place, "latency") as installation:
        installation.store.import_book(newsroom.book())
        names = [*start(installation.stack, "notifier", 1), *start(installation.stack, "matcher", 1)]
        waits = asyncio.run(waits_of(installation.lab, rate, items_of(newsroom, lambda _: datetime.now(UTC))))
        cuts = quantiles(waits, n=100)
        memory = ", ".join(f"{name} {peak_mib(installation.stack.pid(name)):,.0f} MiB" for name in names)
        print(
            f"item → draft at {rate:,.0f} items/s for {seconds:.0f} s: p50 {cuts[49] * 1000:,.0f} ms, p99 "
            f"{cuts[98] * 1000:,.0f} ms, max {max(waits) * 1000:,.0f} ms, {len(waits):,} drafts; {memory}",
            flush=True,
        )


async def waits_of(lab: Lab, rate: float, items: Iterator[AnyEvent]) -> list[float]:
    """Return the seconds from sending an item to reading its draft, once the workers are warm."""
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
        while seen < len(waits):  # until nothing comes for some seconds
            seen = len(waits)
            await asyncio.sleep(JOIN_SECONDS)
        listening.cancel()
    return waits


def items_of(newsroom: Newsroom, now: Callable[[int], datetime]) -> Iterator[AnyEvent]:
    """Yield the items of all feeds, each dated when it is yielded."""
    for number in range(len(newsroom.feeds)):
        parsed = parse_feed(newsroom.rss(number, now(number)), feed_url=newsroom.address(number)).items
        for entry in parsed:
            at = now(number)
            item = entry.item.model_copy(update={"fetched_at": at})
            yield event(ItemIngested(item=item), key=item.id, id=content_id("evt", item.id), source="bench", time=at)


def start(stack: Stack, service: str, count: int) -> list[str]:
    """Start ``count`` workers of a service and wait until they are ready; return their names."""
    names = [f"{service}-{number}" for number in range(1, count + 1)]
    for name in names:
        stack.start(name, "worker", service)
    end = time.monotonic() + TIMEOUT_SECONDS
    waiting = set(names[:1] if service == "ingest" else names)  # of two ingests, one runs the relay
    while waiting := {name for name in waiting if READY[service] not in stack.log(name)}:
        if time.monotonic() > end:
            raise SystemExit(f"{waiting} did not start:\n{stack.logs()}")
        time.sleep(0.2)
    time.sleep(JOIN_SECONDS)
    return names


def wait_for_records(lab: Lab, topic: str, count: int) -> list[float]:
    """Wait for ``count`` different records; return when each was written, in seconds since 1970."""
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


def print_line(
    kind: str, count: int, records: int, seconds: float, stack: Stack, names: Sequence[str], used: float, what: str
) -> None:
    """Print a line like those of the stages without a database."""
    used = sum(cpu_seconds(stack.pid(name)) for name in names) - used
    memory = max(peak_mib(stack.pid(name)) for name in names)
    print(
        f"{kind:<9} x{count}  {records / seconds:>7,.0f} records/s  {records / used:>7,.0f} per second of "
        f"processor time  {memory:>4,.0f} MiB   {records:,} {what}",
        flush=True,
    )
