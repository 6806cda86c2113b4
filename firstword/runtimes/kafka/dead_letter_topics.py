"""Read the dead-letter topics; replay letters or drop them.

A topic can only grow, so what was done with a letter is another record in the same topic: a note that names the letters
by offset. A letter is replayed before the note is written. A crash between the two replays it again, and consumers
recognize the repeat by its id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from firstword.runtimes.kafka.dead_letter_records import DeadLetterRecord, parse_dead_letter
from firstword.runtimes.kafka.records import InboundRecord, OutboundRecord, inbound_record
from firstword.runtimes.kafka.security import connection_options
from firstword.runtimes.kafka.settings import KafkaSettings
from schemas.topics import TOPICS
from services.common.errors import Unreachable

__all__ = ["PendingLetter", "drop", "letters_since", "read_pending", "replay"]

#: The header that marks a note.
NOTE = "firstword-note"
Note = Literal["replayed", "dropped"]


@dataclass(frozen=True, slots=True)
class PendingLetter:
    """A letter that nobody has dealt with. ``id`` is ``topic:offset``, its place among the topic's dead letters."""

    id: str
    letter: DeadLetterRecord


def fold(topic: str, records: Sequence[InboundRecord]) -> list[PendingLetter]:
    """Return the pending letters among the ``records`` of a topic's dead letters, oldest first, without repeats."""
    noted: set[int] = set()
    for record in records:
        if NOTE in dict(record.headers):
            noted.update(orjson.loads(record.payload or b"[]"))
    letters: dict[object, PendingLetter] = {}
    done: set[object] = set()
    for record in records:
        letter = parse_dead_letter(topic, record.key, record.payload, record.headers)
        if letter is None:
            continue
        letters.setdefault(letter.identity, PendingLetter(f"{topic}:{record.offset}", letter))
        if record.offset in noted:
            done.add(letter.identity)
    return [pending for identity, pending in letters.items() if identity not in done]


async def read_pending(
    settings: KafkaSettings, topics: Sequence[str], since: datetime | None = None
) -> list[PendingLetter]:
    """Return the pending dead letters of ``topics``, oldest first; only those written after ``since``, if it is given.

    Raises:
        Unreachable: Kafka does not answer.
    """
    partitions = {TopicPartition(settings.topic(TOPICS[topic].dead_letters), 0): topic for topic in topics}
    consumer = AIOKafkaConsumer(**connection_options(settings), enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        await consumer.start()
        consumer.assign(list(partitions))
        records = await _read(consumer, settings, since)
    except KafkaError as error:
        raise Unreachable(f"Can't read the dead letters from Kafka at {settings.brokers}: {error}.") from error
    finally:
        await consumer.stop()
    pending = [letter for partition, topic in partitions.items() for letter in fold(topic, records[partition])]
    return sorted(pending, key=lambda letter: letter.letter.at)


async def letters_since(settings: KafkaSettings, topics: Sequence[str], since: datetime) -> list[DeadLetterRecord]:
    """Return the pending dead letters of ``topics`` that were written after ``since``."""
    return [pending.letter for pending in await read_pending(settings, topics, since)]


async def replay(settings: KafkaSettings, letters: Sequence[PendingLetter]) -> None:
    """Send letters back to their topics for another attempt."""
    await _send(settings, [pending.letter.replay() for pending in letters])
    await _send(settings, _notes(letters, "replayed"))


async def drop(settings: KafkaSettings, letters: Sequence[PendingLetter]) -> None:
    """Mark letters as dealt with; they stay in their topic until its retention ends."""
    await _send(settings, _notes(letters, "dropped"))


async def _read(
    consumer: AIOKafkaConsumer, settings: KafkaSettings, since: datetime | None
) -> Mapping[TopicPartition, list[InboundRecord]]:
    ends = await consumer.end_offsets(consumer.assignment())
    if since is not None:
        since_ms = round(since.timestamp() * 1000)
        for partition, first in (await consumer.offsets_for_times(dict.fromkeys(ends, since_ms))).items():
            consumer.seek(partition, ends[partition] if first is None else first.offset)
    records: dict[TopicPartition, list[InboundRecord]] = {partition: [] for partition in ends}
    for partition, end in ends.items():
        while await consumer.position(partition) < end:
            for fetched in (await consumer.getmany(timeout_ms=200)).values():
                for raw in fetched:
                    records[TopicPartition(raw.topic, raw.partition)].append(inbound_record(settings, raw))
    return records


def _notes(letters: Sequence[PendingLetter], note: Note) -> list[OutboundRecord]:
    by_topic: dict[str, list[int]] = {}
    for pending in letters:
        topic, offset = pending.id.rsplit(":", 1)
        by_topic.setdefault(topic, []).append(int(offset))
    return [
        OutboundRecord(TOPICS[topic].dead_letters, None, orjson.dumps(sorted(offsets)), ((NOTE, note.encode()),))
        for topic, offsets in by_topic.items()
    ]


async def _send(settings: KafkaSettings, records: Sequence[OutboundRecord]) -> None:
    producer = AIOKafkaProducer(**connection_options(settings), enable_idempotence=True)
    try:
        await producer.start()
        for record in records:
            headers = list(record.headers)
            await producer.send_and_wait(settings.topic(record.topic), record.payload, record.key, headers=headers)
    except KafkaError as error:
        raise Unreachable(f"Kafka at {settings.brokers} did not accept the records: {error}.") from error
    finally:
        await producer.stop()
