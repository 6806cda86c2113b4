"""Consumes topics into the database: Kafka's side of :mod:`firstword.runtimes.kafka.batch_processor`.

The database's offsets are what counts. Kafka is told of them after each transaction, for lag to be seen; whenever a
partition is assigned, reading goes on where the database stands, even when it was restored from yesterday's copy.
A database that is away is waited for, with the partitions paused: that is back-pressure, and no record's fault.
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
from firstword.runtimes.kafka.dead_letter_topics import times_since
from firstword.runtimes.kafka.health import Progress
from firstword.runtimes.kafka.records import InboundRecord
from firstword.runtimes.kafka.references import ReferenceReader, inbound_record
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
AWAY_MS = 1_000
WATCH_SECONDS = 2.0
PRUNE_SECONDS = 3_600.0
MAX_POLL_INTERVAL_MS = 300_000


class OtherKafka(FirstwordError):
    """The database has taken in more of a topic than the broker has."""


class DatabaseConsumer:
    """Feeds ``ledger`` with what its consumer group is assigned; ``processors`` are the ledger's."""

    def __init__(
        self,
        service: str,
        ledger: BatchProcessor,
        processors: Sequence[AnyProcessor],
        settings: KafkaSettings,
        clock: Clock,
        metrics: Metrics | None = None,
    ) -> None:
        self._group = settings.group(service)
        self._ledger = ledger
        self._settings = settings
        self._clock = clock
        self._lag = (metrics or Metrics()).gauge(
            "kafka_lag", "Records that wait for this worker", ("topic", "partition")
        )
        self._references = ReferenceReader(settings, processors, lambda *_: None)  # the ledger writes the letters
        self._watch = GroupWatch(settings, self._group)
        self.progress = Progress(settings.stall_seconds)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; a batch that was begun is ended, and the group is left in order.

        Raises:
            MissingTopic: when topics are not there as ``schemas/topics.py`` has them.
            OtherKafka: when the database was filled from another Kafka.
            TooManyDeadLetters: when more goes wrong than may.
            Exception: whatever a processor or sink raises that it shouldn't. The process must end then.
        """
        await self._watch.start()
        try:
            await self._watch.require(
                {**{topic: TOPICS[topic].partitions for topic in self._ledger.topics}, **self._letter_topics()}
            )
            since = window_start(self._clock.now())
            self._ledger.limit.restore(await times_since(self._settings, self._ledger.topics, since))
            beside: list[asyncio.Task[Any]] = [
                asyncio.create_task(self._references.run()),
                asyncio.create_task(self._look()),
            ]
            caught_up = asyncio.create_task(self._references.caught_up.wait())
            await asyncio.wait([caught_up, *beside], return_when=asyncio.FIRST_COMPLETED)
            working = asyncio.ensure_future(self._consume(stop))
            try:
                done, _ = await asyncio.wait([working, *beside], return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                self.progress.running = False
                for task in (working, caught_up, *beside):
                    task.cancel()
                await asyncio.gather(working, caught_up, *beside, return_exceptions=True)
        finally:
            await self._watch.stop()

    def _letter_topics(self) -> dict[str, int]:
        return {TOPICS[topic].dead_letters: 1 for topic in self._ledger.topics}

    async def _consume(self, stop: asyncio.Event) -> None:
        settings = self._settings
        consumer = AIOKafkaConsumer(
            bootstrap_servers=settings.brokers,
            client_id=f"{settings.prefix}firstword-intake",
            group_id=self._group,
            group_instance_id=settings.instance,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            # Topics that are partitioned alike go together: a key's events of all of them come to one worker.
            partition_assignment_strategy=[RangePartitionAssignor],
            session_timeout_ms=round(settings.session_timeout_seconds * 1000),
            heartbeat_interval_ms=round(settings.heartbeat_seconds * 1000),
            max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
            max_poll_records=settings.batch,
        )
        pruned_at = -PRUNE_SECONDS
        places = _Places(self, consumer)
        consumer.subscribe([settings.topic(topic) for topic in self._ledger.topics], listener=places)
        await consumer.start()
        self.progress.running = True
        log.info("The intake is ready.", action="intake.ready", group=self._group)
        try:
            while not stop.is_set():
                records = self._inbound(await consumer.getmany(timeout_ms=FETCH_MS))
                if places.failed is not None:
                    raise places.failed
                if records:
                    await self._take(consumer, records, stop)
                    continue
                await self._fire(consumer)
                if time.monotonic() - pruned_at > PRUNE_SECONDS:
                    pruned_at = time.monotonic()
                    with contextlib.suppress(OperationalError):
                        await asyncio.to_thread(self._ledger.prune)
        finally:
            await consumer.stop()

    async def _take(self, consumer: AIOKafkaConsumer, records: list[InboundRecord], stop: asyncio.Event) -> None:
        """Into the database, however long that is away; what goes to another worker meanwhile is left to it."""
        paused = False
        while records:
            try:
                await asyncio.to_thread(self._ledger.take, records)
                break
            except OperationalError as error:
                log.warning(
                    "The database is unavailable.",
                    action="database.unavailable",
                    component="intake",
                    error=str(error.orig),
                )
            if stop.is_set():
                return
            consumer.pause(*consumer.assignment())
            paused = True
            records += self._inbound(await consumer.getmany(timeout_ms=AWAY_MS))
            ours = consumer.assignment()
            records = [record for record in records if self._at(record) in ours]
        if paused:
            consumer.resume(*consumer.assignment())
        await self._commit(consumer, records)

    async def _commit(self, consumer: AIOKafkaConsumer, records: Sequence[InboundRecord]) -> None:
        offsets: dict[TopicPartition, int] = {}
        for record in records:
            offsets[self._at(record)] = max(offsets.get(self._at(record), 0), record.offset + 1)
            self.progress.positions[record.topic, record.partition] = record.offset + 1
        try:
            if offsets:
                await consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:  # partitions have moved; the database knows better
            log.info(
                "Offsets were not committed: the partitions have moved.",
                action="intake.commit_skipped",
                error=repr(error),
            )
        except KafkaError as error:
            log.warning("Committing offsets failed.", action="intake.commit_failed", error=repr(error))

    async def _fire(self, consumer: AIOKafkaConsumer) -> None:
        """Where nothing waits, time goes on."""
        busy = set()
        with contextlib.suppress(KafkaError):  # partitions may go at any moment
            for at in consumer.assignment():
                end = consumer.highwater(at) if at in consumer.assignment() else None
                if end is None or await consumer.position(at) < end:
                    busy.add(at.partition)
            idle = {at.partition for at in consumer.assignment()} - busy
            if idle:
                with contextlib.suppress(OperationalError):
                    await asyncio.to_thread(self._ledger.fire, sorted(idle))

    async def _look(self) -> None:
        """Keep up what health and metrics tell; a broker that is away is back-pressure, not an illness of ours."""
        while True:
            with contextlib.suppress(KafkaError):
                owned = list(self.progress.positions)
                self.progress.look(await self._watch.ends(owned) if owned else {}, time.monotonic())
            self._lag.clear()
            for (topic, number), lag in self.progress.lags.items():
                self._lag.labels(topic, number).set(lag)
            await asyncio.sleep(WATCH_SECONDS)

    async def place(self, consumer: AIOKafkaConsumer, assigned: Sequence[TopicPartition]) -> None:
        """Go on where the database stands."""
        positions = await self._database_positions()
        ends = await consumer.end_offsets(assigned) if assigned else {}
        self.progress.positions.clear()
        for at in assigned:
            name = (self._settings.name(at.topic), at.partition)
            offset = positions.get(name)
            if offset is None:
                continue
            if offset > ends[at]:
                raise OtherKafka(
                    f"{at.topic}/{at.partition} ends at {ends[at]}, and this database has taken it in up to {offset}.",
                    fix="Is this another Kafka? Name the right one; or, if its topics are new, empty the table taken.",
                )
            consumer.seek(at, offset)
            self.progress.positions[name] = offset

    async def _database_positions(self) -> dict[tuple[str, int], int]:
        while True:
            try:
                return await asyncio.to_thread(self._ledger.positions)
            except OperationalError as error:
                log.warning(
                    "The database is unavailable.",
                    action="database.unavailable",
                    component="intake",
                    error=str(error.orig),
                )
                await asyncio.sleep(AWAY_MS / 1000)

    def _inbound(self, fetched: dict[TopicPartition, list[Any]]) -> list[InboundRecord]:
        return [inbound_record(self._settings, raw) for at in sorted(fetched) for raw in fetched[at]]

    def _at(self, record: InboundRecord) -> TopicPartition:
        return TopicPartition(self._settings.topic(record.topic), record.partition)


class _Places(ConsumerRebalanceListener):  # type: ignore[misc]
    """Told of what is assigned; its own failures are only logged by the client, so they are kept for us."""

    def __init__(self, intake: DatabaseConsumer, consumer: AIOKafkaConsumer) -> None:
        self._intake = intake
        self._consumer = consumer
        self.failed: Exception | None = None

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Nothing is to be done: what was taken in is in the database with its offset."""

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Seek, before anything is fetched."""
        try:
            await self._intake.place(self._consumer, sorted(assigned))
        except KafkaError as error:
            log.warning("Seeking to the stored offsets failed.", action="intake.seek_failed", error=repr(error))
        except Exception as error:
            self.failed = error
