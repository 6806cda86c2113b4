"""One process of bench/kafka_bench.py: our worker, or what it is compared with. Settings as for any worker.

Run as ``python -m bench.kafka_bench_worker`` with ``BENCH_KIND``:
plumbing: our worker with a processor that only counts; faust: a bare Faust agent with a table, one event at a time;
aiokafka: a bare loop without state, in batches; matcher: annotate and judge.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from firstword.compose.common import build_pipeline
from firstword.runtimes.kafka.faust_app import new_app, raw_topic
from firstword.runtimes.kafka.process import run_process
from firstword.runtimes.kafka.settings import KafkaSettings, read_kafka_settings
from firstword.runtimes.kafka.worker import KafkaWorker
from schemas.base import event
from schemas.interactions import InteractionLogged
from services.common.clock import ManualClock
from services.common.logs import configure_logs, get_logger
from services.common.processing import AnyEvent, AnyProcessor, Processor

log = get_logger(__name__)
#: Earlier than all events, so that no timer fires by the clock.
EARLY = datetime(2026, 1, 1, tzinfo=UTC)

__all__ = ["PassThrough"]


class PassThrough(Processor[int]):
    """Counts per key and publishes one event for each event."""

    name = "pass"
    inputs = ("items",)
    outputs = ("interactions",)

    def initial(self, key: str) -> int:
        return 0

    def process(self, state: int, event_: AnyEvent, now: datetime) -> tuple[int, Sequence[AnyEvent]]:
        key = event_.subject
        counted = InteractionLogged(
            interaction_id=event_.id, client_id=key, manager_id="m", at=now, channel="bench", summary=str(state + 1)
        )
        return state + 1, (event(counted, key=key, id=f"pass-{event_.id}", source="bench", time=now),)

    def dump(self, state: int) -> bytes:
        return str(state).encode()

    def load(self, raw: bytes) -> int:
        return int(raw)


async def aiokafka_loop(settings: KafkaSettings, stop: asyncio.Event) -> None:
    """Pass on each record; commit when a batch is acknowledged."""
    target = settings.topic("interactions")
    consumer = AIOKafkaConsumer(
        settings.topic("items"),
        bootstrap_servers=settings.brokers,
        group_id=settings.group("bench"),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    async with consumer, AIOKafkaProducer(bootstrap_servers=settings.brokers, linger_ms=settings.linger_ms) as producer:
        log.info("The worker is ready.", action="worker.ready")
        while not stop.is_set():
            batch = await consumer.getmany(timeout_ms=200, max_records=settings.batch)
            records = [record for partition in batch.values() for record in partition]
            await asyncio.gather(*[await producer.send(target, record.value, record.key) for record in records])
            if records:
                await consumer.commit()


async def faust_agent(settings: KafkaSettings, stop: asyncio.Event) -> None:
    """Count each record's key in a table and pass on the record, without waiting for acknowledgments, as Faust does.

    So it is faster than a safe one.
    """
    app = new_app(settings, settings.group("bench"))
    changelog = raw_topic(app, settings.topic("pass.states"), partitions=12, internal=True)
    table = app.Table("counts", key_type=bytes, value_type=bytes, partitions=12, changelog_topic=changelog)
    target = raw_topic(app, settings.topic("interactions"))

    async def consume(stream: Any) -> None:
        async for record in stream.events():
            key = record.key
            table[key] = str(int(table.get(key) or b"0") + 1).encode()
            await target.send(key=key, value=record.value)

    app.agent(raw_topic(app, settings.topic("items")), name="bare")(consume)
    await app.start()
    log.info("The worker is ready.", action="worker.ready")
    await stop.wait()
    await app.stop()


def build_run(kind: str, settings: KafkaSettings) -> Callable[[asyncio.Event], Awaitable[None]]:
    """Return the coroutine function for a kind of process."""
    if kind == "aiokafka":
        return partial(aiokafka_loop, settings)
    if kind == "faust":
        return partial(faust_agent, settings)
    matching = build_pipeline().up_to({"alerts"}).processors
    processors: dict[str, Sequence[AnyProcessor]] = {"plumbing": (PassThrough(),), "matcher": matching}
    return KafkaWorker("bench", processors[kind], settings, ManualClock(EARLY)).run


if __name__ == "__main__":
    configure_logs(form="json")
    run_process(build_run(os.environ["BENCH_KIND"], read_kafka_settings()))
