"""Read a group's progress from the broker, over a separate connection that doesn't depend on the consumer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from firstword.runtimes.kafka.records import InboundRecord, PartitionId, inbound_record
from firstword.runtimes.kafka.security import connection_options
from firstword.runtimes.kafka.settings import KafkaSettings
from services.common.errors import FirstwordError

__all__ = ["GroupWatch", "MissingTopic"]


class MissingTopic(FirstwordError):
    """The broker lacks a topic that a worker needs."""

    exit_code = 3


class GroupWatch:
    """Reads the ends, starts and committed offsets of partitions, without being a member of the group."""

    def __init__(self, settings: KafkaSettings, group: str) -> None:
        self._settings = settings
        self._consumer = AIOKafkaConsumer(
            **connection_options(settings),
            client_id=f"{settings.prefix}firstword-watch",
            group_id=group,
            enable_auto_commit=False,
        )

    async def start(self) -> None:
        """Connect.

        Raises:
            KafkaConnectionError: no broker answers.
        """
        await self._consumer.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._consumer.stop()

    async def require(self, wanted: Mapping[str, int]) -> None:
        """Check that topics (without prefix) exist with these numbers of partitions.

        Raises:
            MissingTopic: a topic is missing or has another number of partitions.
        """
        admin = AIOKafkaAdminClient(**connection_options(self._settings))
        await admin.start()
        try:
            described = await admin.describe_topics([self._settings.topic(topic) for topic in wanted])
        finally:
            await admin.close()
        found = {self._settings.name(topic["topic"]): len(topic["partitions"]) for topic in described}
        if missing := sorted(self._settings.topic(topic) for topic in wanted if not found.get(topic)):
            raise MissingTopic(f"Kafka lacks these topics: {', '.join(missing)}.", fix="Run 'firstword topics apply'.")
        for topic, partitions in wanted.items():
            if found[topic] != partitions:
                name = self._settings.topic(topic)
                raise MissingTopic(
                    f"The topic {name} has {found[topic]} partitions, but should have {partitions}.",
                    fix="See 'firstword topics plan'.",
                )

    async def ends(self, partitions: Iterable[PartitionId]) -> dict[PartitionId, int]:
        """Return, by partition, the offset of the next record."""
        return self._from_kafka(await self._consumer.end_offsets(self._to_kafka(partitions)))

    async def positions(self, partitions: Iterable[PartitionId]) -> dict[PartitionId, int]:
        """Return, by partition, where the group continues: its committed offset, or the first record."""
        kafka_partitions = self._to_kafka(partitions)
        starts = await self._consumer.beginning_offsets(kafka_partitions)
        positions = {}
        for partition in kafka_partitions:
            committed = await self._consumer.committed(partition)
            positions[partition] = max(committed if committed is not None else 0, starts[partition])
        return self._from_kafka(positions)

    async def between(self, partition: PartitionId, begin: int, end: int) -> list[InboundRecord]:
        """Return a partition's records with offsets from ``begin`` to before ``end``, less those compacted away."""
        (kafka_partition,), found = self._to_kafka([partition]), list[InboundRecord]()
        async with AIOKafkaConsumer(
            **connection_options(self._settings),
            client_id=f"{self._settings.prefix}firstword-between",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        ) as consumer:
            consumer.assign([kafka_partition])
            consumer.seek(kafka_partition, begin)
            while await consumer.position(kafka_partition) < end:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += [inbound_record(self._settings, record) for record in records if record.offset < end]
        return found

    def _to_kafka(self, partitions: Iterable[PartitionId]) -> list[TopicPartition]:
        return [TopicPartition(self._settings.topic(topic), number) for topic, number in partitions]

    def _from_kafka(self, offsets: Mapping[TopicPartition, int]) -> dict[PartitionId, int]:
        return {
            (self._settings.name(partition.topic), partition.partition): offset for partition, offset in offsets.items()
        }
