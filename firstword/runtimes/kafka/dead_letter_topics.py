"""Looks through the dead-letter topics, sends letters back to where they came from, or sets them aside.

A topic only grows, so what was done with a letter is another record in it: a note that names the letters by offset. A
letter is sent back before it is noted; a crash between the two sends it again, and its id tells that it is a repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from firstword.runtimes.kafka.dead_letter_records import DeadLetterRecord, parse_dead_letter
from firstword.runtimes.kafka.records import InboundRecord, OutboundRecord
from firstword.runtimes.kafka.references import inbound_record
from firstword.runtimes.kafka.settings import KafkaSettings
from schemas.topics import TOPICS
from services.common.errors import BadInput, Unreachable

__all__ = ["PendingLetter", "drop", "read_pending", "replay", "select_letters"]

NOTE = "firstword-note"
Note = Literal["replayed", "dropped"]


@dataclass(frozen=True, slots=True)
class PendingLetter:
    """A letter that nobody has dealt with. ``id`` is ``topic:offset``, of its place among the dead letters."""

    id: str
    letter: DeadLetterRecord


def fold(topic: str, records: Sequence[InboundRecord]) -> list[PendingLetter]:
    """What waits among all ``records`` of the dead-letter topic of ``topic``, oldest first; repeats are left out."""
    dealt_with: set[int] = set()
    for record in records:
        if NOTE in dict(record.headers):
            dealt_with.update(orjson.loads(record.payload or b"[]"))
    by_name: dict[object, PendingLetter] = {}
    done: set[object] = set()
    for record in records:
        letter = parse_dead_letter(topic, record.key, record.payload, record.headers)
        if letter is None:
            continue
        by_name.setdefault(letter.name, PendingLetter(f"{topic}:{record.offset}", letter))
        if record.offset in dealt_with:
            done.add(letter.name)
    return [waiting for name, waiting in by_name.items() if name not in done]


def select_letters(waiting: Sequence[PendingLetter], ids: Sequence[str]) -> list[PendingLetter]:
    """Those of ``waiting`` that ``ids`` name.

    Raises:
        BadInput: for an id that none has.
    """
    by_id = {one.id: one for one in waiting}
    if unknown := [name for name in ids if name not in by_id]:
        raise BadInput(
            f"No dead letter {unknown[0]!r} waits.", fix="'firstword dlq list' shows their ids; it may be dealt with."
        )
    return [by_id[name] for name in ids]


async def read_pending(settings: KafkaSettings, topics: Sequence[str]) -> list[PendingLetter]:
    """All letters that wait in the dead-letter topics of ``topics``, oldest first.

    Raises:
        Unreachable: when no broker answers.
    """
    places = {topic: TopicPartition(settings.topic(TOPICS[topic].dead_letters), 0) for topic in topics}
    found: dict[TopicPartition, list[InboundRecord]] = {at: [] for at in places.values()}
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.brokers, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
        consumer.assign(list(places.values()))
        ends = await consumer.end_offsets(list(places.values()))
        for at, end in ends.items():
            while await consumer.position(at) < end:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        found[TopicPartition(record.topic, record.partition)].append(inbound_record(settings, record))
    except KafkaError as error:
        raise Unreachable(f"The dead letters at {settings.brokers} can't be read: {error}.") from error
    finally:
        await consumer.stop()
    letters = [one for topic, at in places.items() for one in fold(topic, found[at])]
    return sorted(letters, key=lambda one: one.letter.at)


async def replay(settings: KafkaSettings, chosen: Sequence[PendingLetter]) -> None:
    """Send letters back to their topics, for another attempt."""
    await _send(settings, [one.letter.replay() for one in chosen], _notes(chosen, "replayed"))


async def drop(settings: KafkaSettings, chosen: Sequence[PendingLetter]) -> None:
    """Set letters aside; they stay in their topic until its retention ends, but wait no more."""
    await _send(settings, [], _notes(chosen, "dropped"))


def _notes(chosen: Sequence[PendingLetter], note: Note) -> list[OutboundRecord]:
    by_topic: dict[str, list[int]] = {}
    for one in chosen:
        topic, offset = one.id.rsplit(":", 1)
        by_topic.setdefault(topic, []).append(int(offset))
    return [
        OutboundRecord(TOPICS[topic].dead_letters, None, orjson.dumps(sorted(offsets)), ((NOTE, note.encode()),))
        for topic, offsets in by_topic.items()
    ]


async def _send(settings: KafkaSettings, *waves: Sequence[OutboundRecord]) -> None:
    """Send each wave once the one before it has arrived."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.brokers, enable_idempotence=True)
    try:
        await producer.start()
        for wave in waves:
            for out in wave:
                headers = list(out.headers)
                await producer.send_and_wait(settings.topic(out.topic), out.payload, out.key, headers=headers)
    except KafkaError as error:
        raise Unreachable(f"{settings.brokers} doesn't take the letters: {error}.") from error
    finally:
        await producer.stop()
