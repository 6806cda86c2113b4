"""The lag of each service's consumer group, from the broker."""

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
    """A group's lag on one partition. ``committed`` is None if the group has never committed there."""

    group: str
    topic: str
    partition: int
    committed: int | None
    end: int
    waiting: int


def services_on_kafka(client: KafkaAdminClient, settings: KafkaSettings) -> list[str]:
    """Return the services with a running worker: their groups have members."""
    prefix = settings.prefix + SERVICES
    return sorted(
        group["group_id"].removeprefix(prefix)
        for group in client.list_groups()
        if group["group_id"].startswith(prefix) and group["group_state"] not in ("Empty", "Dead")
    )


def lags(client: KafkaAdminClient, settings: KafkaSettings) -> list[Lag]:
    """Return the lags of every group of ours that has committed, by group, topic and partition.

    Nobody commits changelogs.
    """
    prefix = settings.prefix + SERVICES
    groups = sorted(group["group_id"] for group in client.list_groups() if group["group_id"].startswith(prefix))
    if not groups:
        return []
    committed = client.list_group_offsets(dict.fromkeys(groups))
    topics = {partition.topic for offsets in committed.values() for partition in offsets}
    partitions = _partitions(client, topics)
    ends = _offsets(client, partitions, OffsetSpec.LATEST)
    starts = _offsets(client, partitions, OffsetSpec.EARLIEST)
    rows = []
    for group in groups:
        offsets = committed[group]
        group_topics = {partition.topic for partition in offsets}
        for partition in partitions:
            if partition.topic in group_topics:
                stored = offsets.get(partition)
                done = stored.offset if stored is not None and stored.offset >= 0 else None
                end, waiting = ends[partition], max(0, ends[partition] - max(starts[partition], done or 0))
                name = group.removeprefix(settings.prefix)
                rows.append(Lag(name, settings.name(partition.topic), partition.partition, done, end, waiting))
    return rows


def _partitions(client: KafkaAdminClient, topics: Iterable[str]) -> list[TopicPartition]:
    described = client.describe_topics(sorted(topics))
    return sorted(
        TopicPartition(topic["name"], partition["partition_index"])
        for topic in described
        for partition in topic["partitions"]
    )


def _offsets(
    client: KafkaAdminClient, partitions: Iterable[TopicPartition], spec: OffsetSpec
) -> dict[TopicPartition, int]:
    found = client.list_partition_offsets(dict.fromkeys(partitions, spec))
    return {partition: result.offset for partition, result in found.items()}
