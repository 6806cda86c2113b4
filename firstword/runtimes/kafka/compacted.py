"""Reads a compacted topic as it stands, once: what of it no database holds."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from firstword.runtimes.kafka.settings import KafkaSettings
from schemas.topics import TOPICS, UnreadableEvent, decode
from services.common.errors import Unreachable
from services.common.processing import AnyEvent

__all__ = ["read_compacted"]


async def read_compacted(settings: KafkaSettings, topic: str) -> list[AnyEvent]:
    """The newest event of each key on ``topic``, in order; what can't be decoded is left out, as every reader does.

    Raises:
        Unreachable: Kafka doesn't answer.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.brokers,
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
            f"Kafka at {settings.brokers}: {error}.", fix="See that it runs and that FIRSTWORD_KAFKA names it rightly."
        ) from None


async def _read(consumer: AIOKafkaConsumer, settings: KafkaSettings, topic: str) -> list[AnyEvent]:
    places = [TopicPartition(settings.topic(topic), number) for number in range(TOPICS[topic].partitions)]
    consumer.assign(places)
    ends = await consumer.end_offsets(places)
    newest: dict[str, AnyEvent] = {}
    for place in places:
        # By position, not by record: the last record may have been compacted away.
        while await consumer.position(place) < ends[place]:
            for record in (await consumer.getmany(place, timeout_ms=1_000)).get(place, ()):
                if record.value is None:
                    newest.pop((record.key or b"").decode(), None)
                    continue
                try:
                    event = decode(topic, record.value)
                except UnreadableEvent:
                    continue
                newest.pop(event.subject, None)
                newest[event.subject] = event
    return list(newest.values())
