"""What the broker says of a group's progress, over a connection of its own: a dying consumer can't hide it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from firstword.runtimes.kafka.records import InboundRecord
from firstword.runtimes.kafka.references import inbound_record
from firstword.runtimes.kafka.settings import KafkaSettings
from services.common.errors import FirstwordError

__all__ = ["At", "GroupWatch", "MissingTopic"]

#: A partition: our name of the topic, and its number.
At = tuple[str, int]


class MissingTopic(FirstwordError):
    """A topic that a worker needs is not on the broker."""

    exit_code = 3


class GroupWatch:
    """Asks for ends, starts and committed offsets. Takes no part in the group."""

    def __init__(self, settings: KafkaSettings, group: str) -> None:
        self._settings = settings
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=settings.brokers,
            client_id=f"{settings.prefix}firstword-watch",
            group_id=group,
            enable_auto_commit=False,
        )

    async def start(self) -> None:
        """Connect.

        Raises:
            KafkaConnectionError: when no broker answers.
        """
        await self._consumer.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._consumer.stop()

    async def require(self, wanted: Mapping[str, int]) -> None:
        """Check that topics (our names) are there with so many partitions.

        Raises:
            MissingTopic: naming those that are not, or have others.
        """
        admin = AIOKafkaAdminClient(bootstrap_servers=self._settings.brokers)
        await admin.start()
        try:
            described = await admin.describe_topics([self._settings.topic(topic) for topic in wanted])
        finally:
            await admin.close()
        found = {self._settings.name(topic["topic"]): len(topic["partitions"]) for topic in described}
        if missing := sorted(self._settings.topic(topic) for topic in wanted if not found.get(topic)):
            raise MissingTopic(
                f"These topics are not there: {', '.join(missing)}.", fix="Run 'firstword topics apply'."
            )
        for topic, partitions in wanted.items():
            if found[topic] != partitions:
                name = self._settings.topic(topic)
                raise MissingTopic(
                    f"The topic {name} has {found[topic]} partitions, and should have {partitions}.",
                    fix="See 'firstword topics plan'.",
                )

    async def ends(self, partitions: Iterable[At]) -> dict[At, int]:
        """By partition, the offset that the next record will get."""
        return self._named(await self._consumer.end_offsets(self._theirs(partitions)))

    async def positions(self, partitions: Iterable[At]) -> dict[At, int]:
        """By partition, where the group goes on: what it has committed, or the first record there is."""
        theirs = self._theirs(partitions)
        first = await self._consumer.beginning_offsets(theirs)
        found = {}
        for at in theirs:
            committed = await self._consumer.committed(at)
            found[at] = max(committed if committed is not None else 0, first[at])
        return self._named(found)

    async def between(self, at: At, begin: int, end: int) -> list[InboundRecord]:
        """The records of a partition from ``begin`` on, before ``end``; those that compaction has left."""
        (place,), found = self._theirs([at]), list[InboundRecord]()
        async with AIOKafkaConsumer(
            bootstrap_servers=self._settings.brokers,
            client_id=f"{self._settings.prefix}firstword-between",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        ) as consumer:
            consumer.assign([place])
            consumer.seek(place, begin)
            while await consumer.position(place) < end:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += [inbound_record(self._settings, record) for record in records if record.offset < end]
        return found

    def _theirs(self, partitions: Iterable[At]) -> list[TopicPartition]:
        return [TopicPartition(self._settings.topic(topic), number) for topic, number in partitions]

    def _named(self, found: Mapping[TopicPartition, int]) -> dict[At, int]:
        return {(self._settings.name(at.topic), at.partition): offset for at, offset in found.items()}
