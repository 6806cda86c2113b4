"""A process for tests that consumes items into a database: ``python -m tests.kafka.consumer_worker``."""

from __future__ import annotations

import asyncio
import os

from firstword.runtimes.dead_letter_limit import DeadLetterLimit
from firstword.runtimes.kafka.batch_processor import BatchProcessor
from firstword.runtimes.kafka.consumer import DatabaseConsumer
from firstword.runtimes.kafka.process import run_process
from firstword.runtimes.kafka.relay import Relay
from firstword.runtimes.kafka.settings import read_kafka_settings
from firstword.storage.engine import open_database
from services.common.clock import SystemClock
from services.common.logs import configure_logs
from tests.unit.firstword.kafka.tallying import Tally


async def work(stop: asyncio.Event) -> None:
    engine, clock, settings = open_database(os.environ["FIRSTWORD_DATABASE"]), SystemClock(), read_kafka_settings()
    processors = (Tally(),)
    limit = DeadLetterLimit(settings.dead_letters_per_hour)
    batches = BatchProcessor(settings.group("consumer"), engine, processors, (), clock, limit)
    async with asyncio.TaskGroup() as group:
        group.create_task(Relay(engine, settings, clock).run(stop))
        group.create_task(DatabaseConsumer("consumer", batches, processors, settings, clock).run(stop))


if __name__ == "__main__":
    configure_logs(form="json")
    run_process(work)
