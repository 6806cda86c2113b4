"""How far each service's group is behind, as the broker sees it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient, OffsetSpec

from firstword.runtimes.kafka.settings import KafkaSettings

__all__ = ["Lag", "lags", "services_on_kafka"]

SERVICES = "firstword-"


@dataclass(frozen=True, slots=True)
class Lag:
    """What waits for a group on one partition. ``committed`` is None where it has never committed."""

    group: str
    topic: str
    partition: int
    committed: int | None
    end: int
    waiting: int


def services_on_kafka(client: KafkaAdminClient, settings: KafkaSettings) -> list[str]:
    """The services of which a worker runs: whose groups have members."""
    prefix = settings.prefix + SERVICES
    return sorted(
        found["group_id"].removeprefix(prefix)
        for found in client.list_groups()
        if found["group_id"].startswith(prefix) and found["group_state"] not in ("Empty", "Dead")
    )


def lags(client: KafkaAdminClient, settings: KafkaSettings) -> list[Lag]:
    """By group, topic and partition, for every group of ours that has ever committed. Changelogs aren't committed."""
    prefix = settings.prefix + SERVICES
    groups = sorted(found["group_id"] for found in client.list_groups() if found["group_id"].startswith(prefix))
    if not groups:
        return []
    committed = client.list_group_offsets(dict.fromkeys(groups))
    topics = {at.topic for offsets in committed.values() for at in offsets}
    every = _partitions(client, topics)
    ends = _offsets(client, every, OffsetSpec.LATEST)
    first = _offsets(client, every, OffsetSpec.EARLIEST)
    rows = []
    for group in groups:
        offsets = committed[group]
        read = {at.topic for at in offsets}
        for at in every:
            if at.topic in read:
                found = offsets.get(at)
                done = found.offset if found is not None and found.offset >= 0 else None
                waiting = max(0, ends[at] - max(first[at], done or 0))
                name = group.removeprefix(settings.prefix)
                rows.append(Lag(name, settings.name(at.topic), at.partition, done, ends[at], waiting))
    return rows


def _partitions(client: KafkaAdminClient, topics: Iterable[str]) -> list[TopicPartition]:
    described = client.describe_topics(sorted(topics))
    return sorted(
        TopicPartition(topic["name"], partition["partition_index"])
        for topic in described
        for partition in topic["partitions"]
    )


def _offsets(client: KafkaAdminClient, every: Iterable[TopicPartition], spec: OffsetSpec) -> dict[TopicPartition, int]:
    return {at: found.offset for at, found in client.list_partition_offsets(dict.fromkeys(every, spec)).items()}
