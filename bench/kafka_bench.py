"""How fast workers on Kafka are, next to a bare Faust agent and a bare aiokafka loop, in one run on one broker.

    .venv/bin/python bench/kafka_bench.py [--records 30000] [--items 6000] [--brokers host:9092] [--only stages]

Starts Apache Kafka and Debian's PostgreSQL by itself (tests/servers.py, tests/postgres_server.py) unless ``--brokers``
names a Kafka. Prints records a second, from the moment at which all of them wait to the last output by its producer's
timestamp; the same by the workers' own processor time, for a busy machine; the peak memory of the largest worker; and
how long it is from item to alert, and from item to draft, at half of what the slowest stage does with one worker.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that it may be run as a script

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # noqa: E402

from bench import bench_matcher  # noqa: E402
from bench.kafka_bench_worker import PassThrough  # noqa: E402
from bench.stack_stages import Place, cpu_seconds, drafting, ingesting, item_to_draft, peak_mib  # noqa: E402
from firstword.compose.common import build_pipeline  # noqa: E402
from firstword.runtimes.kafka.records import outbound_record  # noqa: E402
from firstword.runtimes.kafka.settings import KafkaSettings  # noqa: E402
from firstword.runtimes.kafka.watch import GroupWatch  # noqa: E402
from schemas.alerts import AlertRaised  # noqa: E402
from schemas.topics import decode  # noqa: E402
from services.common.processing import AnyEvent  # noqa: E402
from tests.kafka.lab import Lab, Worker  # noqa: E402
from tests.postgres_server import LocalPostgres, Postgres, debians_postgres  # noqa: E402
from tests.servers import HOW_TO_GET_KAFKA, LocalKafka, kafka_jars  # noqa: E402
from tests.unit.firstword.counting import item_event  # noqa: E402

SUBJECTS = 1_000
WATCHED = 2_000
LATENCY_SECONDS = 25
#: In tests/kafka/newsroom.py: one item in eight, each for two clients.
ALERTS_AN_ITEM = 0.25
#: A group of several has shared its partitions out by then.
JOIN_SECONDS = 5
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)


@contextmanager
def broker(named: str | None) -> Iterator[str]:
    """The brokers that were named, else one of our own."""
    if named:
        yield named
        return
    jars = kafka_jars()
    if jars is None:
        raise SystemExit(HOW_TO_GET_KAFKA)
    with tempfile.TemporaryDirectory() as folder:
        own = LocalKafka(jars, Path(folder) / "kafka")
        own.start()
        try:
            yield own.servers
        finally:
            own.stop()


@contextmanager
def workers(brokers: str, name: str, kind: str, count: int) -> Iterator[tuple[Lab, list[Worker]]]:
    """``count`` workers of a kind on fresh topics."""
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(KafkaSettings(brokers=brokers, prefix=f"bench-{name}."), Path(folder))
        try:
            lab.create_changelogs([PassThrough(), *build_pipeline().up_to({"alerts"}).processors])
            if kind == "matcher":
                lab.send_events(bench_matcher.book(bench_matcher.names(WATCHED)))
            every = [lab.worker("bench.kafka_bench_worker", BENCH_KIND=kind) for _ in range(count)]
            for each in every:
                each.ready()
            time.sleep(JOIN_SECONDS)
            yield lab, every
        finally:
            lab.close()


async def until_idle(lab: Lab, topics: Sequence[str]) -> None:
    """Wait until the workers have worked off these topics."""
    watch = GroupWatch(lab.settings, lab.settings.group("bench"))
    await watch.start()
    try:
        await lab.wait_until_idle(watch, topics)
    finally:
        await watch.stop()


def throughput(brokers: str, kind: str, count: int, events: Sequence[AnyEvent]) -> float:
    """Records a second of ``count`` workers; prints a line."""
    reads = ["items", "mentions"] if kind == "matcher" else ["items"]
    writes = ["mentions", "alerts"] if kind == "matcher" else ["interactions"]
    with workers(brokers, f"{kind}-{count}", kind, count) as (lab, every):
        for each in every:
            os.kill(each.pid, signal.SIGSTOP)  # shorter than a session; so that sending takes nothing from working
        lab.send_events(events)
        begun, used = time.time(), sum(cpu_seconds(each.pid) for each in every)
        for each in every:
            os.kill(each.pid, signal.SIGCONT)
        asyncio.run(until_idle(lab, reads))
        used = sum(cpu_seconds(each.pid) for each in every) - used
        stamps = {topic: [record.timestamp_ms / 1000 for record in lab.read(topic)] for topic in writes}
        rate = len(events) / (max(map(max, stamps.values())) - begun)
        said = ", ".join(f"{len(each):,} {topic}" for topic, each in stamps.items())
        memory = max(peak_mib(each.pid) for each in every)
        print(
            f"{kind:<9} x{count}  {rate:>7,.0f} records/s  {len(events) / used:>7,.0f} for each second of processor "
            f"time  {memory:>4,.0f} MiB   {said}",
            flush=True,
        )
        return rate


def latency(brokers: str, rate: float, items: Sequence[AnyEvent]) -> None:
    """Print the time from sending an item to reading its alert, at ``rate`` items a second."""
    with workers(brokers, "latency", "matcher", 1) as (lab, every):
        waits = asyncio.run(waits_of(lab, rate, items))
        cuts = quantiles(waits, n=100)
        print(
            f"item → alert at {rate:,.0f} items/s: p50 {cuts[49] * 1000:,.0f} ms, p99 {cuts[98] * 1000:,.0f} ms, most "
            f"{max(waits) * 1000:,.0f} ms, {len(waits):,} alerts, {peak_mib(every[0].pid):,.0f} MiB"
        )


async def waits_of(lab: Lab, rate: float, items: Sequence[AnyEvent]) -> list[float]:
    """Seconds from sending an item to reading its alert, of each that an item led to by itself."""
    sent: dict[datetime, float] = {}
    waits: list[float] = []

    async def listen(consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            alert = decode("alerts", record.value).data
            assert isinstance(alert, AlertRaised)
            if alert.alert.raised_at in sent:  # else a timer's
                waits.append(time.monotonic() - sent[alert.alert.raised_at])

    async with AIOKafkaConsumer(
        lab.settings.topic("alerts"), bootstrap_servers=lab.settings.brokers, auto_offset_reset="earliest"
    ) as consumer:
        listening = asyncio.ensure_future(listen(consumer))
        async with AIOKafkaProducer(bootstrap_servers=lab.settings.brokers, linger_ms=5) as producer:
            begun = time.monotonic()
            for number, item in enumerate(items):
                await asyncio.sleep(max(0, begun + number / rate - time.monotonic()))
                sent[item.time] = time.monotonic()
                out = outbound_record(item)
                await producer.send(lab.settings.topic(out.topic), out.payload, out.key)
        await until_idle(lab, ["items", "mentions"])
        await asyncio.sleep(0.5)
        listening.cancel()
    return waits


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=30_000)
    parser.add_argument("--items", type=int, default=6_000)
    parser.add_argument("--brokers")
    parser.add_argument("--only", choices=("plumbing", "stages"))
    options = parser.parse_args()
    print(f"load {' '.join(f'{load:.1f}' for load in os.getloadavg())}, {os.cpu_count()} processors", flush=True)
    with broker(options.brokers) as brokers:
        if options.only != "stages":
            plumbing(brokers, options.records)
        if options.only != "plumbing":
            with postgres() as server:
                stages(Place(brokers, server), options.items)
    print(f"load {' '.join(f'{load:.1f}' for load in os.getloadavg())}")


def plumbing(brokers: str, count: int) -> None:
    """What Kafka and Faust do, and what our worker does of it."""
    records = [
        item_event(number % SUBJECTS, BEGIN + timedelta(minutes=number), f"a headline of the usual length {number}")
        for number in range(count)
    ]
    for kind, number in (("aiokafka", 1), ("faust", 1), ("plumbing", 1), ("plumbing", 2)):
        throughput(brokers, kind, number, records)


def stages(place: Place, count: int) -> None:
    """What each service does with one worker and with two, and how long an item takes at half load."""
    for number in (1, 2):
        ingesting(place, number, count // 100 * 100)
    items = bench_matcher.items(count, bench_matcher.names(WATCHED))
    judged, _ = [throughput(place.brokers, "matcher", number, items) for number in (1, 2)]
    answered, _ = [drafting(place, number, count // 100 * 100) for number in (1, 2)]
    latency(place.brokers, judged / 2, items[: int(judged / 2 * LATENCY_SECONDS)])
    item_to_draft(place, min(judged, answered / ALERTS_AN_ITEM) / 2, LATENCY_SECONDS)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server of our own, which keeps what it has committed."""
    binaries = debians_postgres()
    if binaries is None:
        raise SystemExit("no PostgreSQL for the stages: install Debian's package postgresql, or give --only plumbing")
    own = LocalPostgres(binaries)
    own.start()
    try:
        yield Postgres(own.url)
    finally:
        own.stop()


if __name__ == "__main__":
    main()
