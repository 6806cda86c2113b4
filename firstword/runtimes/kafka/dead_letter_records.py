"""Dead letters as Kafka records: written to ``<topic>.dlq`` and read back from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from firstword.runtimes.kafka.records import Headers, InboundRecord, OutboundRecord
from schemas.topics import TOPICS

__all__ = ["DeadLetterRecord", "dead_letter_for", "parse_dead_letter"]

#: Marks our headers among those that a record already has.
PREFIX = "firstword-"
ATTEMPT = PREFIX + "attempt"
#: A broker accepts records of up to 1 MB.
LONGEST_REASON = 2_000


@dataclass(frozen=True, slots=True)
class DeadLetterRecord:
    """A record that could not be read or processed.

    ``record`` is the original, unchanged; ``place`` is the error's class; ``attempt`` starts at 1 and grows with each
    replay.
    """

    record: InboundRecord
    reason: str
    place: str
    consumer: str
    version: int
    attempt: int
    at: datetime

    @property
    def identity(self) -> tuple[str, str, int, int, int]:
        """The letter's identity. A worker killed at the wrong moment writes the same letter twice."""
        return self.consumer, self.record.topic, self.record.partition, self.record.offset, self.attempt

    @property
    def failure(self) -> str:
        """A one-line description: the consumer, the record and the reason."""
        record = self.record
        return f"{self.consumer}, {record.topic}/{record.partition}@{record.offset}: {self.reason}"

    def to_record(self) -> OutboundRecord:
        """Return the record for the dead-letter topic: key and payload as they were, the rest in headers."""
        record = self.record
        ours = {
            "reason": self.reason[:LONGEST_REASON],
            "place": self.place,
            "consumer": self.consumer,
            "version": str(self.version),
            "attempt": str(self.attempt),
            "at": self.at.isoformat(),
            "topic": record.topic,
            "partition": str(record.partition),
            "offset": str(record.offset),
            "timestamp": str(record.timestamp_ms),
            "empty": "1" if record.payload is None else "0",
        }
        headers = tuple((PREFIX + name, text.encode(errors="replace")) for name, text in ours.items())
        topic = TOPICS[record.topic].dead_letters
        return OutboundRecord(topic, record.key, record.payload, _original_headers(record.headers) + headers)

    def replay(self) -> OutboundRecord:
        """Return the record that goes back to its original topic for another attempt."""
        record = self.record
        attempt = ((ATTEMPT, str(self.attempt).encode()),)
        return OutboundRecord(record.topic, record.key, record.payload, _original_headers(record.headers) + attempt)


def dead_letter_for(
    record: InboundRecord, error: Exception, consumer: str, version: int, now: datetime
) -> DeadLetterRecord:
    """Return the letter for ``record``, which ``consumer`` could not process because of ``error``."""
    earlier = dict(record.headers).get(ATTEMPT, b"0")
    attempt = int(earlier) + 1 if earlier.isdigit() else 1
    return DeadLetterRecord(record, str(error), type(error).__name__, consumer, version, attempt, now)


def parse_dead_letter(
    topic: str, key: bytes | None, payload: bytes | None, headers: Headers
) -> DeadLetterRecord | None:
    """Parse a record of the dead-letter topic of ``topic``; return None if it isn't a letter of ours."""
    ours = {name.removeprefix(PREFIX): raw.decode(errors="replace") for name, raw in headers if name.startswith(PREFIX)}
    try:
        record = InboundRecord(
            topic=topic,
            partition=int(ours["partition"]),
            offset=int(ours["offset"]),
            key=key,
            payload=None if ours["empty"] == "1" else payload,
            timestamp_ms=int(ours["timestamp"]),
            headers=_original_headers(headers),
        )
        return DeadLetterRecord(
            record=record,
            reason=ours["reason"],
            place=ours["place"],
            consumer=ours["consumer"],
            version=int(ours["version"]),
            attempt=int(ours["attempt"]),
            at=datetime.fromisoformat(ours["at"]),
        )
    except (KeyError, ValueError):
        return None


def _original_headers(headers: Headers) -> Headers:
    """Return the headers that the record came with, without ours."""
    return tuple((name, raw) for name, raw in headers if not name.startswith(PREFIX))
