"""What comes over a topic and what goes out, as bytes, apart from any client library."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.topics import encode, topic_of
from services.common.processing import AnyEvent

__all__ = ["Headers", "InboundRecord", "OutboundRecord", "outbound_record"]

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class InboundRecord:
    """One record of an input topic, not yet decoded. ``topic`` is our name for it, without any prefix."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    payload: bytes | None
    timestamp_ms: int
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class OutboundRecord:
    """One record to be sent; the key decides the partition."""

    topic: str
    key: bytes | None
    payload: bytes | None
    headers: Headers = ()


def outbound_record(event: AnyEvent) -> OutboundRecord:
    """The event as it goes out: to its topic, keyed by its subject."""
    return OutboundRecord(topic_of(event).name, event.subject.encode(), encode(event))
