"""Build and run the stack's services, each in its own process, on Kafka and PostgreSQL.

The pipeline is split: the matcher judges with its states in Kafka, the notifier drafts with its states in PostgreSQL.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

from firstword.compose.common import (
    build_hub_subscriber,
    build_ingest,
    build_pipeline,
    build_sinks,
    open_store,
    record_gate,
)
from firstword.compose.outbound import build_senders
from firstword.firm_files import playbooks_in_force
from firstword.runtimes.dead_letter_limit import DeadLetterLimit
from firstword.runtimes.kafka.batch_processor import BatchProcessor
from firstword.runtimes.kafka.consumer import DatabaseConsumer
from firstword.runtimes.kafka.health import HealthServer
from firstword.runtimes.kafka.idle import IdleWaiter
from firstword.runtimes.kafka.relay import Relay
from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.sample import prepare as sample
from firstword.sample.prepare import Builders, Prepared
from firstword.storage.presence import Presence
from firstword.store import Store
from firstword.system import run_together
from firstword.threshold_file import thresholds_in_force
from services.common.clock import SystemClock
from services.common.errors import BadInput
from services.common.metrics import Metrics
from services.common.processing import AnyProcessor
from services.common.settings import Settings
from services.ingest.readers import InProcesses
from services.notifier.expiry import nothing_expires

__all__ = [
    "matcher_processors",
    "notifier_processors",
    "play_sample",
    "run_desk",
    "run_ingest",
    "run_matcher",
    "run_notifier",
]


def matcher_processors(settings: Settings) -> tuple[AnyProcessor, ...]:
    """Return the processors that the matcher runs: items → alerts."""
    return build_pipeline(thresholds_in_force(settings)).up_to({"alerts"}).processors


def notifier_processors(settings: Settings) -> tuple[AnyProcessor, ...]:
    """Return the processors that the notifier runs: alerts → drafts."""
    matched = {processor.name for processor in build_pipeline().up_to({"alerts"}).processors}
    pipeline = build_pipeline(playbooks=playbooks_in_force(settings))
    return tuple(processor for processor in pipeline.processors if processor.name not in matched)


async def run_ingest(settings: Settings, kafka: KafkaSettings, stop: asyncio.Event) -> None:
    """Poll this worker's share of the feeds."""
    metrics = Metrics()
    with _open_database(settings) as store:
        readers = InProcesses(settings.reader_processes)
        hubs = build_hub_subscriber(store, metrics, readers)
        ingest = build_ingest(store, metrics, readers)

        def report() -> dict[str, Any]:
            problems = ingest.not_ready()
            return {"healthy": not problems, "why": "; ".join(problems) or None}

        parts = {
            "ingest": ingest.run(stop),
            **({"websub": hubs.run(stop)} if hubs is not None else {}),
            "relay": Relay(store.engine, kafka, store.clock, metrics).run(stop),
            "presence": Presence(store.engine, "ingest").run(stop),
            "health": _serve_health(kafka, report, metrics, stop),
        }
        await run_together(parts, stop)


async def run_matcher(settings: Settings, kafka: KafkaSettings, stop: asyncio.Event) -> None:
    """Annotate items and judge them. The worker reports its own health."""
    from firstword.runtimes.kafka.worker import KafkaWorker  # only this service needs Faust

    await KafkaWorker("matcher", matcher_processors(settings), kafka, SystemClock(), Metrics()).run(stop)


async def run_notifier(settings: Settings, kafka: KafkaSettings, stop: asyncio.Event) -> None:
    """Write drafts, keep the desk's tables, and send what was approved."""
    metrics = Metrics()
    with _open_database(settings) as store:
        consumer = _build_consumer(store, kafka, metrics)
        parts = {
            "consumer": consumer.run(stop),
            "relay": Relay(store.engine, kafka, store.clock, metrics).run(stop),
            "presence": Presence(store.engine, "notifier").run(stop),
            **{name: service.run(stop) for name, service in build_senders(store, metrics, sole=False).items()},
            "health": _serve_health(kafka, lambda: consumer.progress.report(time.monotonic()), metrics, stop),
        }
        await run_together(parts, stop)


async def run_desk(settings: Settings, listening: socket.socket, stop: asyncio.Event) -> None:
    """Serve the desk on ``listening``. It needs the database only: other services' relays publish its events."""
    from firstword.compose.desk import build_desk  # only this service needs the web app, which takes long to load

    metrics = Metrics()
    with _open_database(settings) as store:
        record_gate(store)
        desk = build_desk(store, build_ingest(store, metrics, InProcesses(settings.reader_processes)), metrics)
        presence = Presence(store.engine, "desk").run(stop)
        await run_together({"desk": desk.run_until(stop, listening), "presence": presence}, stop)


async def play_sample(settings: Settings, kafka: KafkaSettings) -> Prepared:
    """Fill an empty stack with the sample, through its running matcher and notifier; change no other stack."""
    processors = {"matcher": matcher_processors(settings), "notifier": notifier_processors(settings)}
    with _open_database(settings) as store:
        async with IdleWaiter(store.engine, kafka, processors) as idle:
            with nothing_expires(store.engine):
                return await sample.prepare(store, Builders(build_ingest, lambda _: idle.wait), book=None, opml=None)


def _build_consumer(store: Store, kafka: KafkaSettings, metrics: Metrics) -> DatabaseConsumer:
    """Build the part of the notifier that reads Kafka and writes the database."""
    processors = notifier_processors(store.settings)
    limit = DeadLetterLimit(kafka.dead_letters_per_hour)
    sinks = build_sinks(store.settings)
    batches = BatchProcessor(kafka.group("notifier"), store.engine, processors, sinks, store.clock, limit)
    return DatabaseConsumer("notifier", batches, processors, kafka, store.clock, metrics)


def _open_database(settings: Settings) -> Store:
    if settings.database is None:
        raise BadInput(
            "The stack's services need a PostgreSQL database, and none is configured.",
            fix="Set FIRSTWORD_DATABASE; or use 'firstword up', which needs no database server.",
        )
    return open_store(settings)


async def _serve_health(
    kafka: KafkaSettings, report: Callable[[], dict[str, Any]], metrics: Metrics, stop: asyncio.Event
) -> None:
    if kafka.health_port is not None:
        server = HealthServer(report, metrics.render)
        await server.start(kafka.health_host, kafka.health_port)
        await stop.wait()
        await server.stop()
