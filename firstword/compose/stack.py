"""The stack's composition root: what each service's process is made of. Nothing is built at import, nor elsewhere.

What is shared with the embedded system comes from ``bootstrap``; this adds Kafka, and takes the pipeline apart:
the matcher judges with its states in Kafka, the notifier drafts with its states in PostgreSQL.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

from firstword.compose.common import (
    build_deliveries,
    build_desk,
    build_ingest,
    build_pipeline,
    build_sinks,
    limits_of,
    open_store,
)
from firstword.playbooks import playbooks_of
from firstword.runtimes.dead_letter_limit import DeadLetterLimit
from firstword.runtimes.kafka.batch_processor import BatchProcessor
from firstword.runtimes.kafka.consumer import DatabaseConsumer
from firstword.runtimes.kafka.health import HealthServer
from firstword.runtimes.kafka.idle import IdleWaiter
from firstword.runtimes.kafka.relay import Relay
from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.sample import prepare
from firstword.sample.prepare import Prepared
from firstword.storage.presence import Presence
from firstword.store import Store
from firstword.system import run_together
from services.common.clock import SystemClock
from services.common.errors import BadInput
from services.common.metrics import Metrics
from services.common.processing import AnyProcessor
from services.common.settings import Settings, read_settings

__all__ = ["play_sample", "run_desk", "run_ingest", "run_matcher", "run_notifier"]


def matching() -> tuple[AnyProcessor, ...]:
    """The part of the pipeline that the matcher runs: items → alerts."""
    return build_pipeline(limits_of(read_settings())).up_to({"alerts"}).processors


def drafting() -> tuple[AnyProcessor, ...]:
    """The rest, which the notifier runs: alerts → drafts."""
    matched = {processor.name for processor in matching()}
    pipeline = build_pipeline(playbooks=playbooks_of(read_settings()))
    return tuple(one for one in pipeline.processors if one.name not in matched)


async def run_ingest(settings: Settings, kafka: KafkaSettings, stop: asyncio.Event) -> None:
    """Poll this worker's share of the feeds."""
    metrics = Metrics()
    with _database(settings) as store:
        parts = {
            "ingest": build_ingest(store, metrics).run(stop),
            "relay": Relay(store.engine, kafka, store.clock, metrics).run(stop),
            "presence": Presence(store.engine, "ingest").run(stop),
            "health": _tell(kafka, lambda: {"healthy": True}, metrics, stop),
        }
        await run_together(parts, stop)


async def run_matcher(kafka: KafkaSettings, stop: asyncio.Event) -> None:
    """Annotate and judge. Tells its health by itself."""
    from firstword.runtimes.kafka.worker import KafkaWorker  # only this service needs Faust

    await KafkaWorker("matcher", matching(), kafka, SystemClock(), Metrics()).run(stop)


async def run_notifier(settings: Settings, kafka: KafkaSettings, stop: asyncio.Event) -> None:
    """Draft, keep the desk's tables, and send what was approved."""
    metrics, processors, group = Metrics(), drafting(), kafka.group("notifier")
    with _database(settings) as store:
        engine, clock = store.engine, store.clock
        limit = DeadLetterLimit(kafka.dead_letters_per_hour)
        ledger = BatchProcessor(group, engine, processors, build_sinks(), clock, limit)
        intake = DatabaseConsumer("notifier", ledger, processors, kafka, clock, metrics)
        parts = {
            "intake": intake.run(stop),
            "relay": Relay(engine, kafka, clock, metrics).run(stop),
            "presence": Presence(engine, "notifier").run(stop),
            **{name: service.run(stop) for name, service in build_deliveries(store, metrics, sole=False).items()},
            "health": _tell(kafka, lambda: intake.progress.report(time.monotonic()), metrics, stop),
        }
        await run_together(parts, stop)


async def run_desk(settings: Settings, listening: socket.socket, stop: asyncio.Event) -> None:
    """Answer account managers on ``listening``. Needs the database alone: the others' relays send what they do."""
    metrics = Metrics()
    with _database(settings) as store:
        desk = build_desk(store, build_ingest(store, metrics), metrics)
        presence = Presence(store.engine, "desk").run(stop)
        await run_together({"desk": desk.run_until(stop, listening), "presence": presence}, stop)


async def play_sample(settings: Settings, kafka: KafkaSettings) -> Prepared:
    """Fill an empty stack with the sample, through its running matcher and notifier; leave one alone that isn't."""
    with _database(settings) as store:
        async with IdleWaiter(store.engine, kafka, {"matcher": matching(), "notifier": drafting()}) as quiet:
            builders = prepare.Builders(build_ingest, lambda _: quiet.wait)
            return await prepare.prepare(store, builders, book=None, opml=None)


def _database(settings: Settings) -> Store:
    if settings.database is None:
        raise BadInput(
            "The stack's services need its database.",
            fix="Set FIRSTWORD_DATABASE; or use 'firstword up', which needs none.",
        )
    return open_store(settings)


async def _tell(
    kafka: KafkaSettings, report: Callable[[], dict[str, Any]], metrics: Metrics, stop: asyncio.Event
) -> None:
    if kafka.health_port is not None:
        server = HealthServer(report, metrics.render)
        await server.start(kafka.health_host, kafka.health_port)
        await stop.wait()
        await server.stop()
