"""Measure workers on Kafka against a bare Faust agent and a bare aiokafka loop, in one run on one broker.

    .venv/bin/python bench/kafka_bench.py [--records 30000] [--items 6000] [--brokers host:9092] [--only stages]

Starts Apache Kafka (unless ``--brokers`` names one) and Debian's PostgreSQL; see tests/servers.py and
tests/postgres_server.py. Prints records per second, from the time at which all of them wait to the last output's
timestamp; the same per second of the workers' processor time, for a busy machine; the peak memory of the largest
worker; and the time from item to alert, and from item to draft, at half the rate of the slowest stage with one worker.
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
sys.path.insert(0, str(ROOT))  # to run as a script

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
from tests.invented_news import book, names  # noqa: E402
from tests.kafka.lab import Lab, Worker  # noqa: E402
from tests.postgres_server import LocalPostgres, Postgres, debians_postgres  # noqa: E402
from tests.servers import HOW_TO_GET_KAFKA, LocalKafka, kafka_jars  # noqa: E402
from tests.unit.firstword.counting import item_event  # noqa: E402

SUBJECTS = 1_000
WATCHED = 2_000
LATENCY_SECONDS = 25
#: In tests/kafka/newsroom.py: one item in eight, each for two clients.
ALERTS_PER_ITEM = 0.25
#: By this time, the workers of a group have their partitions.
JOIN_SECONDS = 5
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)


@contextmanager
def broker(named: str | None) -> Iterator[str]:
    """Yield the named brokers, else start a local one."""
    if named:
        yield named
        return
    jars = kafka_jars()
    if jars is None:
        raise SystemExit(HOW_TO_GET_KAFKA)
    with tempfile.TemporaryDirectory() as folder:
        local = LocalKafka(jars, Path(folder) / "kafka")
        local.start()
        try:
            yield local.servers
        finally:
            local.stop()


@contextmanager
def workers(brokers: str, name: str, kind: str, count: int) -> Iterator[tuple[Lab, list[Worker]]]:
    """Start ``count`` workers of a kind on new topics."""
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(KafkaSettings(brokers=brokers, prefix=f"bench-{name}."), Path(folder))
        try:
            lab.create_changelogs([PassThrough(), *build_pipeline().up_to({"alerts"}).processors])
            if kind == "matcher":
                lab.send_events(book(names(WATCHED)))
            started = [lab.worker("bench.kafka_bench_worker", BENCH_KIND=kind) for _ in range(count)]
            for worker in started:
                worker.ready()
            time.sleep(JOIN_SECONDS)
            yield lab, started
        finally:
            lab.close()


async def wait_until_idle(lab: Lab, topics: Sequence[str]) -> None:
    """Wait until the workers have processed these topics."""
    watch = GroupWatch(lab.settings, lab.settings.group("bench"))
    await watch.start()
    try:
        await lab.wait_until_idle(watch, topics)
    finally:
        await watch.stop()


def throughput(brokers: str, kind: str, count: int, events: Sequence[AnyEvent]) -> float:
    """Print and return the records per second of ``count`` workers."""
    reads = ["items", "mentions"] if kind == "matcher" else ["items"]
    writes = ["mentions", "alerts"] if kind == "matcher" else ["interactions"]
    with workers(brokers, f"{kind}-{count}", kind, count) as (lab, running):
        for worker in running:
            os.kill(worker.pid, signal.SIGSTOP)  # for less than a session, so that sending does not slow them down
        lab.send_events(events)
        begun, used = time.time(), sum(cpu_seconds(worker.pid) for worker in running)
        for worker in running:
            os.kill(worker.pid, signal.SIGCONT)
        asyncio.run(wait_until_idle(lab, reads))
        used = sum(cpu_seconds(worker.pid) for worker in running) - used
        stamps = {topic: [record.timestamp_ms / 1000 for record in lab.read(topic)] for topic in writes}
        rate = len(events) / (max(map(max, stamps.values())) - begun)
        outputs = ", ".join(f"{len(times):,} {topic}" for topic, times in stamps.items())
        memory = max(peak_mib(worker.pid) for worker in running)
        print(
            f"{kind:<9} x{count}  {rate:>7,.0f} records/s  {len(events) / used:>7,.0f} per second of processor "
            f"time  {memory:>4,.0f} MiB   {outputs}",
            flush=True,
        )
        return rate


def latency(brokers: str, rate: float, items: Sequence[AnyEvent]) -> None:
    """Print the time from sending an item to reading its alert, at ``rate`` items per second."""
    with workers(brokers, "latency", "matcher", 1) as (lab, running):
        waits = asyncio.run(waits_of(lab, rate, items))
        cuts = quantiles(waits, n=100)
        print(
            f"item → alert at {rate:,.0f} items/s: p50 {cuts[49] * 1000:,.0f} ms, p99 {cuts[98] * 1000:,.0f} ms, max "
            f"{max(waits) * 1000:,.0f} ms, {len(waits):,} alerts, {peak_mib(running[0].pid):,.0f} MiB"
        )


async def waits_of(lab: Lab, rate: float, items: Sequence[AnyEvent]) -> list[float]:
    """Return the seconds from sending an item to reading its alert, without alerts that timers raised."""
    sent: dict[datetime, float] = {}
    waits: list[float] = []

    async def listen(consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            alert = decode("alerts", record.value).data
            assert isinstance(alert, AlertRaised)
            if alert.alert.raised_at in sent:  # otherwise a timer raised it
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
        await wait_until_idle(lab, ["items", "mentions"])
        await asyncio.sleep(0.5)
        listening.cancel()
    return waits


def main() -> None:
    """Run the benchmark and print the figures."""
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
    """Measure Kafka and Faust alone, and our worker with a minimal processor."""
    records = [
        item_event(number % SUBJECTS, BEGIN + timedelta(minutes=number), f"a headline of the usual length {number}")
        for number in range(count)
    ]
    for kind, number in (("aiokafka", 1), ("faust", 1), ("plumbing", 1), ("plumbing", 2)):
        throughput(brokers, kind, number, records)


def stages(place: Place, count: int) -> None:
    """Measure each service with one and two workers, and the time that an item takes at half load."""
    for number in (1, 2):
        ingesting(place, number, count // 100 * 100)
    items = bench_matcher.items(count, names(WATCHED))
    judged, _ = [throughput(place.brokers, "matcher", number, items) for number in (1, 2)]
    answered, _ = [drafting(place, number, count // 100 * 100) for number in (1, 2)]
    latency(place.brokers, judged / 2, items[: int(judged / 2 * LATENCY_SECONDS)])
    item_to_draft(place, min(judged, answered / ALERTS_PER_ITEM) / 2, LATENCY_SECONDS)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Start a local server with durable commits."""
    binaries = debians_postgres()
    if binaries is None:
        raise SystemExit("no PostgreSQL for the stages: install Debian's package postgresql, or give --only plumbing")
    local = LocalPostgres(binaries)
    local.start()
    try:
        yield Postgres(local.url)
    finally:
        local.stop()


if __name__ == "__main__":
    main()
