"""Kafka records as plain data, independent of any client library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from firstword.runtimes.kafka.settings import KafkaSettings
from schemas.topics import encode, topic_of
from services.common.processing import AnyEvent

__all__ = ["Headers", "InboundRecord", "OutboundRecord", "PartitionId", "inbound_record", "outbound_record"]

Headers = tuple[tuple[str, bytes], ...]
#: A partition: the topic's name without the prefix, and the partition's number.
PartitionId = tuple[str, int]


@dataclass(frozen=True, slots=True)
class InboundRecord:
    """A record of an input topic, not decoded yet. ``topic`` is its name without the prefix."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    payload: bytes | None
    timestamp_ms: int
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class OutboundRecord:
    """A record to send. The key decides the partition."""

    topic: str
    key: bytes | None
    payload: bytes | None
    headers: Headers = ()


def inbound_record(settings: KafkaSettings, raw: Any) -> InboundRecord:
    """Convert a record of aiokafka."""
    headers = tuple((name, bytes(value)) for name, value in raw.headers or ())
    topic = settings.name(raw.topic)
    return InboundRecord(topic, raw.partition, raw.offset, raw.key, raw.value, raw.timestamp, headers)


def outbound_record(event: AnyEvent) -> OutboundRecord:
    """Return the record for an event: on its topic, with its subject as the key."""
    return OutboundRecord(topic_of(event).name, event.subject.encode(), encode(event))
