"""Dead letters: records that could not be read or worked with, as they go to ``<topic>.dlq`` and come back from it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from firstword.runtimes.kafka.records import Headers, InboundRecord, OutboundRecord
from schemas.topics import TOPICS
from services.common.errors import FirstwordError

__all__ = ["DeadLetterRecord", "LetterLimit", "TooManyDeadLetters", "dead_letter_for", "parse_dead_letter"]

#: What marks our headers among those that a record brought along.
MARK = "firstword-"
ATTEMPT = MARK + "attempt"
#: A broker takes records of 1 MB; a reason is for reading.
LONGEST_REASON = 2_000


class TooManyDeadLetters(FirstwordError):
    """So much goes wrong that going on would only empty a topic into its dead letters."""


@dataclass(frozen=True, slots=True)
class DeadLetterRecord:
    """One dead letter.

    ``record`` is what came, unchanged; ``place`` the kind of error that refused it; ``attempt`` counts from one and
    grows with each replay.
    """

    record: InboundRecord
    reason: str
    place: str
    consumer: str
    version: int
    attempt: int
    at: datetime

    @property
    def name(self) -> tuple[str, str, int, int, int]:
        """What tells it from others: a worker that is killed at the wrong moment writes one twice."""
        return self.consumer, self.record.topic, self.record.partition, self.record.offset, self.attempt

    def to_record(self) -> OutboundRecord:
        """As it goes to the dead-letter topic: key and payload as they came, the rest in headers."""
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
        headers = tuple((MARK + name, text.encode(errors="replace")) for name, text in ours.items())
        return OutboundRecord(
            TOPICS[record.topic].dead_letters, record.key, record.payload, theirs(record.headers) + headers
        )

    def replay(self) -> OutboundRecord:
        """As it goes back to the topic that it came from, for another attempt."""
        record = self.record
        again = ((ATTEMPT, str(self.attempt).encode()),)
        return OutboundRecord(record.topic, record.key, record.payload, theirs(record.headers) + again)


class LetterLimit:
    """Counts dead letters over an hour.

    ``earlier`` is how many there were in the hour before ``start``, from whichever worker: else one that is started
    again and again would empty a topic all the same. Alone they stop nobody: a fixed worker writes no more.
    """

    def __init__(self, most: int, start: datetime, earlier: int = 0) -> None:
        self._most = most
        self._recent = deque([start] * min(earlier, most))

    def count(self, letters: list[DeadLetterRecord]) -> None:
        """Note ``letters`` before they are sent.

        Raises:
            TooManyDeadLetters: with them, there are more than may be; neither send them nor commit their offsets.
        """
        for letter in letters:
            self._recent.append(letter.at)
        while self._recent and self._recent[0] < self._recent[-1] - timedelta(hours=1):
            self._recent.popleft()
        if letters and len(self._recent) > self._most:
            last = letters[-1]
            raise TooManyDeadLetters(
                f"{last.consumer}: more than {self._most} records within an hour could not be worked with; the last, "
                f"{last.record.topic}/{last.record.partition}@{last.record.offset}: {last.reason}",
                fix="The rest waits in its topic. See 'firstword dlq list'; fix and start again, or raise the limit "
                "with FIRSTWORD_KAFKA_DEAD_LETTERS_PER_HOUR.",
            )


def dead_letter_for(
    record: InboundRecord, error: Exception, consumer: str, version: int, now: datetime
) -> DeadLetterRecord:
    """The letter for ``record``, which ``consumer`` could not take because of ``error``."""
    before = dict(record.headers).get(ATTEMPT, b"0")
    attempt = int(before) + 1 if before.isdigit() else 1
    return DeadLetterRecord(record, str(error), type(error).__name__, consumer, version, attempt, now)


def parse_dead_letter(
    topic: str, key: bytes | None, payload: bytes | None, headers: Headers
) -> DeadLetterRecord | None:
    """The letter that lies in the dead-letter topic of ``topic``; None when it isn't one of ours."""
    ours = {name.removeprefix(MARK): raw.decode(errors="replace") for name, raw in headers if name.startswith(MARK)}
    try:
        record = InboundRecord(
            topic=topic,
            partition=int(ours["partition"]),
            offset=int(ours["offset"]),
            key=key,
            payload=None if ours["empty"] == "1" else payload,
            timestamp_ms=int(ours["timestamp"]),
            headers=theirs(headers),
        )
        at = datetime.fromisoformat(ours["at"])
        return DeadLetterRecord(
            record, ours["reason"], ours["place"], ours["consumer"], int(ours["version"]), int(ours["attempt"]), at
        )
    except (KeyError, ValueError):
        return None


def theirs(headers: Headers) -> Headers:
    """The headers that the record came with, without ours."""
    return tuple((name, raw) for name, raw in headers if not name.startswith(MARK))
