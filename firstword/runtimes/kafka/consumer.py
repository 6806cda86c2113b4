"""Consume topics into the database: the Kafka side of :mod:`firstword.runtimes.kafka.batch_processor`.

The database's offsets count. They are committed to Kafka after each transaction only to make the lag visible. When a
partition is assigned, reading continues at the database's offset, even if the database was restored from a backup.
While the database is unavailable, partitions are paused; no record becomes a dead letter because of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from sqlalchemy.exc import OperationalError

from firstword.runtimes.dead_letter_limit import window_start
from firstword.runtimes.kafka.batch_processor import BatchProcessor
from firstword.runtimes.kafka.dead_letter_topics import letters_since
from firstword.runtimes.kafka.health import Progress
from firstword.runtimes.kafka.records import InboundRecord, inbound_record
from firstword.runtimes.kafka.references import ReferenceReader
from firstword.runtimes.kafka.security import connection_options
from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.runtimes.kafka.watch import GroupWatch
from schemas.topics import TOPICS
from services.common.clock import Clock
from services.common.errors import FirstwordError
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.processing import AnyProcessor

__all__ = ["DatabaseConsumer", "OtherKafka"]

log = get_logger(__name__)

FETCH_MS = 200
RETRY_MS = 1_000
UPDATE_SECONDS = 2.0
PRUNE_SECONDS = 3_600.0
MAX_POLL_INTERVAL_MS = 300_000


class OtherKafka(FirstwordError):
    """The database's offset is beyond the end of a topic."""


class DatabaseConsumer:
    """Reads the partitions assigned to its consumer group and has ``batches`` process their records."""

    def __init__(
        self,
        service: str,
        batches: BatchProcessor,
        processors: Sequence[AnyProcessor],
        settings: KafkaSettings,
        clock: Clock,
        metrics: Metrics | None = None,
    ) -> None:
        self._group = settings.group(service)
        self._batches = batches
        self._settings = settings
        self._clock = clock
        self._lag = (metrics or Metrics()).gauge(
            "kafka_lag", "Records that wait for this worker", ("topic", "partition")
        )
        self._references = ReferenceReader(
            settings, processors, lambda *_: None
        )  # the batch processor writes the dead letters
        self._watch = GroupWatch(settings, self._group)
        self.progress = Progress(settings.stall_seconds)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set; then finish the current batch and leave the group.

        Raises:
            MissingTopic: a topic is missing or has another number of partitions than ``schemas/topics.py`` says.
            OtherKafka: the database was filled from another Kafka.
            TooManyDeadLetters: more events failed than the limit allows.
            Exception: an unexpected error of a processor or sink. The process must end.
        """
        await self._watch.start()
        try:
            topics = {topic: TOPICS[topic].partitions for topic in self._batches.topics}
            dead_letter_topics = {TOPICS[topic].dead_letters: 1 for topic in self._batches.topics}
            await self._watch.require(topics | dead_letter_topics)
            await self._restore_limit()
            background: list[asyncio.Task[Any]] = [
                asyncio.create_task(self._references.run()),
                asyncio.create_task(self._update_progress()),
            ]
            caught_up = asyncio.create_task(self._references.caught_up.wait())
            await asyncio.wait([caught_up, *background], return_when=asyncio.FIRST_COMPLETED)
            consuming = asyncio.ensure_future(self._consume(stop))
            try:
                done, _ = await asyncio.wait([consuming, *background], return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                self.progress.running = False
                for task in (consuming, caught_up, *background):
                    task.cancel()
                await asyncio.gather(consuming, caught_up, *background, return_exceptions=True)
        finally:
            await self._watch.stop()

    async def _restore_limit(self) -> None:
        """Count the dead letters that are stored on Kafka or still wait in the outbox; some may be in both."""
        unsent = await asyncio.to_thread(self._batches.unsent_letters)
        since = window_start(self._clock.now())
        sent = await letters_since(self._settings, self._batches.topics, since)
        self._batches.limit.restore({letter.identity: letter.at for letter in (*unsent, *sent)}.values())

    async def _consume(self, stop: asyncio.Event) -> None:
        settings = self._settings
        consumer = AIOKafkaConsumer(
            **connection_options(settings),
            client_id=f"{settings.prefix}firstword-consumer",
            group_id=self._group,
            group_instance_id=settings.instance,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            # Equal partition numbers of different topics go to the same worker, so it gets all events of a key.
            partition_assignment_strategy=[RangePartitionAssignor],
            session_timeout_ms=round(settings.session_timeout_seconds * 1000),
            heartbeat_interval_ms=round(settings.heartbeat_seconds * 1000),
            max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
            max_poll_records=settings.batch,
        )
        pruned_at = -PRUNE_SECONDS
        listener = _RebalanceListener(self, consumer)
        consumer.subscribe([settings.topic(topic) for topic in self._batches.topics], listener=listener)
        await consumer.start()
        self.progress.running = True
        log.info("The consumer is ready.", action="consumer.ready", group=self._group)
        try:
            while not stop.is_set():
                records = self._inbound(await consumer.getmany(timeout_ms=FETCH_MS))
                if listener.error is not None:
                    raise listener.error
                if records:
                    await self._process(consumer, records, stop)
                    continue
                await self._fire(consumer)
                if time.monotonic() - pruned_at > PRUNE_SECONDS:
                    pruned_at = time.monotonic()
                    with contextlib.suppress(OperationalError):
                        await asyncio.to_thread(self._batches.prune)
        finally:
            await consumer.stop()

    async def _process(self, consumer: AIOKafkaConsumer, records: list[InboundRecord], stop: asyncio.Event) -> None:
        """Process records; wait while the database is unavailable, and drop records of partitions that move away."""
        paused = False
        while records:
            try:
                await asyncio.to_thread(self._batches.process, records)
                break
            except OperationalError as error:
                log.warning(
                    "The database is unavailable.",
                    action="database.unavailable",
                    component="consumer",
                    error=str(error.orig),
                )
            if stop.is_set():
                return
            consumer.pause(*consumer.assignment())
            paused = True
            records += self._inbound(await consumer.getmany(timeout_ms=RETRY_MS))
            assigned = consumer.assignment()
            records = [record for record in records if self._partition(record) in assigned]
        if paused:
            consumer.resume(*consumer.assignment())
        await self._commit(consumer, records)

    async def _commit(self, consumer: AIOKafkaConsumer, records: Sequence[InboundRecord]) -> None:
        offsets: dict[TopicPartition, int] = {}
        for record in records:
            offsets[self._partition(record)] = max(offsets.get(self._partition(record), 0), record.offset + 1)
            self.progress.positions[record.topic, record.partition] = record.offset + 1
        try:
            if offsets:
                await consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:  # partitions moved; the database has the offsets
            log.info(
                "Offsets were not committed: the partitions have moved.",
                action="consumer.commit_skipped",
                error=repr(error),
            )
        except KafkaError as error:
            log.warning("Committing offsets failed.", action="consumer.commit_failed", error=repr(error))

    async def _fire(self, consumer: AIOKafkaConsumer) -> None:
        """Fire due timers in partitions where no record waits."""
        busy = set()
        with contextlib.suppress(KafkaError):  # partitions may move at any time
            for partition in consumer.assignment():
                end = consumer.highwater(partition) if partition in consumer.assignment() else None
                if end is None or await consumer.position(partition) < end:
                    busy.add(partition.partition)
            idle = {partition.partition for partition in consumer.assignment()} - busy
            if idle:
                with contextlib.suppress(OperationalError):
                    await asyncio.to_thread(self._batches.fire, sorted(idle))

    async def _update_progress(self) -> None:
        """Update health and metrics. A broker that is unavailable doesn't make the worker unhealthy."""
        while True:
            with contextlib.suppress(KafkaError):
                owned = list(self.progress.positions)
                self.progress.update(await self._watch.ends(owned) if owned else {}, time.monotonic())
            self._lag.clear()
            for (topic, number), lag in self.progress.lags.items():
                self._lag.labels(topic, number).set(lag)
            await asyncio.sleep(UPDATE_SECONDS)

    async def seek(self, consumer: AIOKafkaConsumer, assigned: Sequence[TopicPartition]) -> None:
        """Continue at the database's offsets."""
        offsets = await self._database_offsets()
        ends = await consumer.end_offsets(assigned) if assigned else {}
        self.progress.positions.clear()
        for partition in assigned:
            name = (self._settings.name(partition.topic), partition.partition)
            offset = offsets.get(name)
            if offset is None:
                continue
            if offset > ends[partition]:
                raise OtherKafka(
                    f"The database has processed {partition.topic}/{partition.partition} up to offset {offset}, but "
                    f"the topic ends at {ends[partition]}.",
                    fix="Check that FIRSTWORD_KAFKA names the right Kafka. If its topics were recreated, empty the "
                    "database table 'taken'.",
                )
            consumer.seek(partition, offset)
            self.progress.positions[name] = offset

    async def _database_offsets(self) -> dict[tuple[str, int], int]:
        while True:
            try:
                return await asyncio.to_thread(self._batches.offsets)
            except OperationalError as error:
                log.warning(
                    "The database is unavailable.",
                    action="database.unavailable",
                    component="consumer",
                    error=str(error.orig),
                )
                await asyncio.sleep(RETRY_MS / 1000)

    def _inbound(self, fetched: dict[TopicPartition, list[Any]]) -> list[InboundRecord]:
        return [inbound_record(self._settings, raw) for partition in sorted(fetched) for raw in fetched[partition]]

    def _partition(self, record: InboundRecord) -> TopicPartition:
        return TopicPartition(self._settings.topic(record.topic), record.partition)


class _RebalanceListener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Seeks when partitions are assigned. The client would only log errors, so they are kept in ``error``."""

    def __init__(self, owner: DatabaseConsumer, consumer: AIOKafkaConsumer) -> None:
        self._owner = owner
        self._consumer = consumer
        self.error: Exception | None = None

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Do nothing: processed records are in the database with their offsets."""

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Seek before anything is fetched."""
        try:
            await self._owner.seek(self._consumer, sorted(assigned))
        except KafkaError as error:
            log.warning("Seeking to the stored offsets failed.", action="consumer.seek_failed", error=repr(error))
        except Exception as error:
            self.error = error
