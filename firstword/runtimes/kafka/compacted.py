"""Read a compacted topic once, from the beginning to its current end."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from firstword.runtimes.kafka.security import connection_options
from firstword.runtimes.kafka.settings import KafkaSettings
from schemas.topics import TOPICS, UnreadableEvent, decode
from services.common.errors import Unreachable
from services.common.processing import AnyEvent

__all__ = ["read_compacted"]


async def read_compacted(settings: KafkaSettings, topic: str) -> list[AnyEvent]:
    """Return the latest event of each key on ``topic``, in order; skip records that can't be decoded.

    Raises:
        Unreachable: Kafka does not answer.
    """
    consumer = AIOKafkaConsumer(
        **connection_options(settings),
        client_id=f"{settings.prefix}firstword-export",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    try:
        await consumer.start()
        try:
            return await _read(consumer, settings, topic)
        finally:
            await consumer.stop()
    except KafkaError as error:
        raise Unreachable(
            f"Kafka at {settings.brokers} can't be read: {error}.",
            fix="Check that it runs and that FIRSTWORD_KAFKA is correct.",
        ) from None


async def _read(consumer: AIOKafkaConsumer, settings: KafkaSettings, topic: str) -> list[AnyEvent]:
    partitions = [TopicPartition(settings.topic(topic), number) for number in range(TOPICS[topic].partitions)]
    consumer.assign(partitions)
    ends = await consumer.end_offsets(partitions)
    latest: dict[str, AnyEvent] = {}
    for partition in partitions:
        # Compare positions, not records: the last record may have been compacted away.
        while await consumer.position(partition) < ends[partition]:
            for record in (await consumer.getmany(partition, timeout_ms=1_000)).get(partition, ()):
                if record.value is None:
                    latest.pop((record.key or b"").decode(), None)
                    continue
                try:
                    event = decode(topic, record.value)
                except UnreadableEvent:
                    continue
                latest.pop(event.subject, None)
                latest[event.subject] = event
    return list(latest.values())
