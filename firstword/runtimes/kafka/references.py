"""Reads whole reference topics (the client book, source grades) on every worker, whatever partitions it owns.

A plain reader without a group: nothing is ever committed, and every start reads all there is, which compaction keeps to
the newest record of each key. A record with a lower revision than one of its key before it is late, and left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from firstword.runtimes.kafka.records import InboundRecord
from firstword.runtimes.kafka.settings import KafkaSettings
from schemas.topics import TOPICS, UnreadableEvent, decode
from services.common.errors import KnownBadEvent
from services.common.logs import get_logger
from services.common.processing import AnyEvent, AnyProcessor

__all__ = ["ReferenceReader", "inbound_record"]

log = get_logger(__name__)

#: How long a fetch waits for something new; a change is known so soon at the latest after it was fetched.
FETCH_WAIT_MS = 100


class ReferenceReader:
    """Feeds every record of the processors' reference topics to their ``refer``.

    ``on_bad`` is told which record could not be taken by which processor, and why; only of those that are new, for the
    old ones come up again at each start.
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
        """Read for ever; set ``caught_up`` once all that was there at the start has been taken."""
        if not self._readers:
            self.caught_up.set()
            return
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.brokers,
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
            self._behind = {at: end for at, end in ends.items() if end > 0}
            await self._note_progress(consumer)
            while True:
                fetched = await consumer.getmany(timeout_ms=1_000)
                for records in fetched.values():
                    for record in records:
                        self.take(record)
                await self._note_progress(consumer)
        finally:
            await consumer.stop()

    async def _note_progress(self, consumer: AIOKafkaConsumer) -> None:
        """Take off the list what has been read to where it ended at the start.

        By position, not by record: the last record of a topic may have been compacted away.
        """
        if self.caught_up.is_set():
            return
        for at, end in list(self._behind.items()):
            if await consumer.position(at) >= end:
                del self._behind[at]
        if not self._behind:
            self.caught_up.set()
            log.info(
                "The reference topics have been read to their end.",
                action="references.caught_up",
                topics=sorted(self._readers),
            )

    def take(self, raw: ConsumerRecord[Any, Any]) -> None:
        """One record, in its turn."""
        record = inbound_record(self._settings, raw)
        if record.payload is None:  # a tombstone: the key is no longer kept
            return
        try:
            event = decode(record.topic, record.payload)
        except UnreadableEvent as error:
            for processor in self._readers[record.topic]:
                self._refused(record, processor, error)
            return
        if self._is_late(record.topic, event):
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
                processor.refer(event)
            except KnownBadEvent as error:
                self._refused(record, processor, error)

    def _is_late(self, topic: str, event: AnyEvent) -> bool:
        """Whether a higher revision of the same was read already. What has no revision is told in any order."""
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


def inbound_record(settings: KafkaSettings, raw: ConsumerRecord[Any, Any]) -> InboundRecord:
    """A record of aiokafka as ours."""
    headers = tuple((name, bytes(value)) for name, value in raw.headers or ())
    return InboundRecord(
        settings.name(raw.topic), raw.partition, raw.offset, raw.key, raw.value, raw.timestamp, headers
    )
