"""Read the reference topics (client book, source grades) completely, on every worker.

The reader has no group and commits nothing. Each start reads the whole topics, which compaction reduces to the latest
record of each key. A record with a lower revision than an earlier one of its key came late and is ignored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from firstword.runtimes.kafka.records import InboundRecord, inbound_record
from firstword.runtimes.kafka.security import connection_options
from firstword.runtimes.kafka.settings import KafkaSettings
from schemas.topics import TOPICS, UnreadableEvent, decode
from services.common.errors import KnownBadEvent
from services.common.logs import get_logger
from services.common.processing import AnyEvent, AnyProcessor

__all__ = ["ReferenceReader"]

log = get_logger(__name__)

#: A fetch waits at most this long for new records.
FETCH_WAIT_MS = 100


class ReferenceReader:
    """Passes every record of the processors' reference topics to their ``update_reference``.

    ``on_bad`` is called with each record that a processor can't use, and the error. It is called for new records only,
    because the old ones are read again at each start.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        processors: Sequence[AnyProcessor],
        on_bad: Callable[[InboundRecord, AnyProcessor, Exception], None],
    ) -> None:
        self._settings = settings
        self._readers: dict[str, list[AnyProcessor]] = {}
        for processor in processors:
            for topic in processor.references:
                self._readers.setdefault(topic, []).append(processor)
        self._on_bad = on_bad
        self._revisions: dict[tuple[str, str], int] = {}
        self._behind: dict[TopicPartition, int] = {}
        self.caught_up = asyncio.Event()

    async def run(self) -> None:
        """Read forever; set ``caught_up`` once the records that existed at the start are read."""
        if not self._readers:
            self.caught_up.set()
            return
        consumer = AIOKafkaConsumer(
            **connection_options(self._settings),
            client_id=f"{self._settings.prefix}firstword-references",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=FETCH_WAIT_MS,
        )
        await consumer.start()
        try:
            partitions = [
                TopicPartition(self._settings.topic(topic), number)
                for topic in self._readers
                for number in range(TOPICS[topic].partitions)
            ]
            consumer.assign(partitions)
            ends: Mapping[TopicPartition, int] = await consumer.end_offsets(partitions)
            self._behind = {partition: end for partition, end in ends.items() if end > 0}
            await self._check_caught_up(consumer)
            while True:
                fetched = await consumer.getmany(timeout_ms=1_000)
                for records in fetched.values():
                    for record in records:
                        self.process(record)
                await self._check_caught_up(consumer)
        finally:
            await consumer.stop()

    async def _check_caught_up(self, consumer: AIOKafkaConsumer) -> None:
        """Set ``caught_up`` once every partition is read to its initial end.

        Positions count, not records: a topic's last record may have been compacted away.
        """
        if self.caught_up.is_set():
            return
        for partition, end in list(self._behind.items()):
            if await consumer.position(partition) >= end:
                del self._behind[partition]
        if not self._behind:
            self.caught_up.set()
            log.info(
                "The reference topics have been read to their end.",
                action="references.caught_up",
                topics=sorted(self._readers),
            )

    def process(self, raw: ConsumerRecord[Any, Any]) -> None:
        """Process one record."""
        record = inbound_record(self._settings, raw)
        if record.payload is None:  # a tombstone: the key was deleted
            return
        try:
            event = decode(record.topic, record.payload)
        except UnreadableEvent as error:
            for processor in self._readers[record.topic]:
                self._refused(record, processor, error)
            return
        if self._is_outdated(record.topic, event):
            log.info(
                "An older revision of a reference came late and is ignored.",
                action="reference.outdated",
                topic=record.topic,
                offset=record.offset,
                event_id=event.id,
            )
            return
        for processor in self._readers[record.topic]:
            try:
                processor.update_reference(event)
            except KnownBadEvent as error:
                self._refused(record, processor, error)

    def _is_outdated(self, topic: str, event: AnyEvent) -> bool:
        """Return true if a higher revision of the key was read before. Events without a revision are never outdated."""
        revision = getattr(event.data, "revision", None)
        if revision is None:
            return False
        if revision < self._revisions.get((topic, event.subject), revision):
            return True
        self._revisions[topic, event.subject] = revision
        return False

    def _refused(self, record: InboundRecord, processor: AnyProcessor, error: Exception) -> None:
        log.error(
            "A reference could not be used.",
            action="reference.invalid",
            topic=record.topic,
            offset=record.offset,
            consumer=processor.name,
            reason=str(error),
        )
        if self.caught_up.is_set():
            self._on_bad(record, processor, error)
