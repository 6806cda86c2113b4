"""Tools for tests on Kafka: topics, records in and out, and worker processes."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.partitioner import murmur2

from firstword.pipeline import Pipeline
from firstword.runtimes.kafka.admin import TopicAdmin, open_admin
from firstword.runtimes.kafka.changelogs import changelogs
from firstword.runtimes.kafka.fence import is_claim
from firstword.runtimes.kafka.records import InboundRecord, OutboundRecord, inbound_record, outbound_record
from firstword.runtimes.kafka.security import connection_options
from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.runtimes.kafka.topics import plan, required_topics
from firstword.runtimes.kafka.values import unpack
from firstword.runtimes.kafka.watch import GroupWatch
from firstword.runtimes.memory import MemoryRuntime
from schemas.topics import TOPICS, decode
from services.common.processing import AnyEvent, AnyProcessor
from tests.unit.firstword.counting import item_event
from tests.unit.firstword.kafka.tallying import Tally

__all__ = ["FUTURE", "PAST", "Lab", "Worker", "expected_outputs", "items"]

T = TypeVar("T")
#: In the past: a worker fires all timers as soon as it has nothing to do.
PAST = datetime(2026, 1, 5, 9, tzinfo=UTC)
#: In the future: timers fire only when later events of the same partition come, however slowly a test runs.
FUTURE = datetime(2100, 1, 4, 9, tzinfo=UTC)
#: The limit of every wait. Generous, because a slow machine is no failure.
TIMEOUT_SECONDS = 600
#: For tests in which no worker is killed: a session that does not end while the machine is busy.
LONG_SESSION = {"FIRSTWORD_KAFKA_SESSION_TIMEOUT_SECONDS": "60"}


def items(count: int, subjects: int, start: datetime = FUTURE, *, title: str = "news") -> list[AnyEvent]:
    """Items a minute apart, spread over ``subjects`` keys."""
    return [
        item_event(number % subjects, start + timedelta(minutes=number), f"{title} {number}") for number in range(count)
    ]


def expected_outputs(events: Sequence[AnyEvent]) -> dict[str, bytes]:
    """Return, by id, the events that runs in memory, one per partition, give for these events until now."""
    partitions: dict[int, MemoryRuntime] = {}
    outputs: list[AnyEvent] = []
    for event in events:
        number = murmur2(event.subject.encode()) & 0x7FFFFFFF
        runtime = partitions.setdefault(number % TOPICS["items"].partitions, MemoryRuntime(Pipeline((Tally(),))))
        outputs.extend(runtime.push(event))
    for runtime in partitions.values():
        outputs.extend(runtime.finish(datetime.now(UTC)))
    return {output.id: outbound_record(output).payload or b"" for output in outputs}


class Worker:
    """A worker process."""

    def __init__(self, log: Path, module: str, environment: dict[str, str]) -> None:
        self._log, self.module, self.environment = log, module, environment
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module],
                env={**os.environ, **environment},
                stdout=out,
                stderr=out,
                cwd=Path(__file__).resolve().parents[2],
            )

    @property
    def log(self) -> str:
        """Everything it has logged."""
        return self._log.read_text()

    @property
    def alive(self) -> bool:
        """True while it runs."""
        return self._process.poll() is None

    @property
    def superseded(self) -> bool:
        """True if it has ended because another worker took its partitions over: it was too slow for its session."""
        return not self.alive and "Superseded" in self.log

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def ready(self) -> Worker:
        """Wait until it is ready."""
        wait_until(lambda: '"worker.ready"' in self.log or self._process.poll() is not None, f"a worker\n{self.log}")
        assert self._process.poll() is None, self.log
        return self

    def kill(self) -> None:
        """Send SIGKILL and wait."""
        self._process.kill()
        self._process.wait()

    def terminate(self) -> int:
        """Send SIGTERM and wait; return the exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(TIMEOUT_SECONDS)

    def wait(self) -> int:
        """Wait until it ends by itself; return the exit code."""
        try:
            return self._process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the worker did not end:\n{self.log}") from None

    def healthz(self) -> tuple[int, str]:
        """Return the status and body of ``/healthz``."""
        port = re.findall(r'"port": (\d+)', self.log)[0]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=TIMEOUT_SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()


class Lab:
    """A prefix on a Kafka, with its topics and workers."""

    def __init__(self, settings: KafkaSettings, folder: Path) -> None:
        self.settings = settings
        self._folder = folder
        self._workers: list[Worker] = []
        with open_admin(settings) as client:
            wanted = required_topics(settings, changelogs([Tally()]).values())
            TopicAdmin(client).apply(plan({}, wanted))

    def close(self) -> None:
        """Kill the workers and delete the topics, to keep the broker small."""
        for worker in self._workers:
            worker.kill()
        with open_admin(self.settings) as client:
            client.delete_topics([name for name in client.list_topics() if name.startswith(self.settings.prefix)])

    def create_changelogs(self, processors: Sequence[AnyProcessor]) -> None:
        """Create the changelog topics of ``processors``."""
        logs = changelogs(processors).values()
        names = {self.settings.topic(changelog.name) for changelog in logs}
        with open_admin(self.settings) as client:
            TopicAdmin(client).apply(
                plan({}, [spec for spec in required_topics(self.settings, logs) if spec.name in names])
            )

    def worker(self, module: str = "tests.kafka.tally_worker", **environment: str) -> Worker:
        """Start a worker."""
        worker = Worker(
            self._folder / f"worker-{len(self._workers)}.log",
            module,
            {
                "FIRSTWORD_KAFKA": self.settings.brokers,
                "FIRSTWORD_KAFKA_PREFIX": self.settings.prefix,
                "FIRSTWORD_KAFKA_SESSION_TIMEOUT_SECONDS": "6",
                "FIRSTWORD_KAFKA_HEARTBEAT_SECONDS": "1",
                "FIRSTWORD_KAFKA_HEALTH_PORT": "0",
                "FIRSTWORD_KAFKA_HEALTH_HOST": "127.0.0.1",
                **environment,
            },
        )
        self._workers.append(worker)
        return worker

    def restart_superseded(self, workers: list[Worker]) -> None:
        """Replace workers that were superseded, as a container engine does."""
        for number, worker in enumerate(workers):
            if worker.superseded:
                workers[number] = self.worker(worker.module, **worker.environment)

    def send(self, records: Iterable[OutboundRecord], *, rate: float | None = None) -> None:
        """Send records, at most ``rate`` per second."""
        run(self.send_now(records, rate))

    async def wait_until_idle(self, watch: GroupWatch, topics: Iterable[str]) -> None:
        """Wait until two checks in a row find no lag of the group in ``topics``."""
        partitions = [(topic, number) for topic in topics for number in range(TOPICS[topic].partitions)]
        end, idle_checks = time.monotonic() + TIMEOUT_SECONDS, 0
        while idle_checks < 2:
            positions, ends = await watch.positions(partitions), await watch.ends(partitions)
            lags = {
                partition: ends[partition] - positions[partition]
                for partition in partitions
                if ends[partition] > positions[partition]
            }
            idle_checks = 0 if lags else idle_checks + 1
            assert time.monotonic() < end, f"records still wait: {lags}"
            await asyncio.sleep(0.05)

    def send_events(self, events: Iterable[AnyEvent]) -> None:
        """Send events to their topics."""
        self.send(map(outbound_record, events))

    def read(self, topic: str) -> list[InboundRecord]:
        """Return all records of a topic."""
        return run(self.read_now(topic))

    def outputs(self) -> dict[str, bytes]:
        """Return, by id, what the workers have published."""
        payloads = [record.payload or b"" for record in self.read("interactions")]
        return {decode("interactions", payload).id: payload for payload in payloads}

    def wait_for_count(self, count: int) -> None:
        """Wait for at least this many outputs."""
        wait_until(lambda: len(self.outputs()) >= count, f"{count} outputs")

    def wait_for_outputs(self, wanted: dict[str, bytes], workers: list[Worker] | None = None) -> list[InboundRecord]:
        """Wait for exactly the outputs ``wanted``, byte for byte; return the records, including repeats.

        Those of ``workers`` that are superseded meanwhile are replaced.
        """

        def all_there() -> bool:
            self.restart_superseded(workers or [])
            return len(self.outputs()) >= len(wanted)

        wait_until(all_there, "all outputs")
        records = self.read("interactions")
        for record in records:
            payload = record.payload or b""
            assert wanted.get(decode("interactions", payload).id) == payload
        return records

    def counts(self) -> dict[str, int]:
        """Return, by subject, the counts in the states."""
        latest = {(record.key or b"").decode(): record.payload for record in self.read("tally.states")}
        states = [Tally().load(unpack(raw).state) for key, raw in latest.items() if raw and not is_claim(key)]
        return {subject: count for subject, count, _ in states}

    async def send_now(self, records: Iterable[OutboundRecord], rate: float | None = None) -> None:
        """Send records from within an event loop."""
        # By default, it would give up 40 s after a kill of the broker, which a slow machine takes longer to start.
        options = {**connection_options(self.settings), "linger_ms": 5, "request_timeout_ms": TIMEOUT_SECONDS * 1000}
        async with AIOKafkaProducer(**options) as producer:
            sent = []
            for record in records:
                topic = self.settings.topic(record.topic)
                sent.append(await producer.send(topic, record.payload, record.key, headers=list(record.headers)))
                if rate:
                    await asyncio.sleep(1 / rate)
            await asyncio.gather(*sent)

    async def read_now(self, topic: str) -> list[InboundRecord]:
        """Return all records of a topic, from within an event loop."""
        found: list[InboundRecord] = []
        name = self.settings.topic(topic)
        count = TOPICS[topic].partitions if topic in TOPICS else 1 if topic.endswith(".dlq") else 12
        partitions = [TopicPartition(name, number) for number in range(count)]
        async with AIOKafkaConsumer(
            **connection_options(self.settings), enable_auto_commit=False, auto_offset_reset="earliest"
        ) as consumer:
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            while any([await consumer.position(partition) < end for partition, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found.extend(inbound_record(self.settings, record) for record in records)
        return found


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition outside this process."""
    end = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited {TIMEOUT_SECONDS} s for {what}"
        time.sleep(0.2)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine from a plain test."""
    return asyncio.run(coroutine)
