"""Repeats, batch sizes and crashes don't matter: the database gets the events that a run in memory gives."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka.partitioner import murmur2
from sqlalchemy import Connection, Engine, select

from firstword.pipeline import Pipeline
from firstword.runtimes.dead_letter_limit import DeadLetterLimit, TooManyDeadLetters
from firstword.runtimes.kafka.batch_processor import BatchProcessor
from firstword.runtimes.kafka.dead_letter_records import parse_dead_letter
from firstword.runtimes.kafka.records import InboundRecord, outbound_record
from firstword.runtimes.memory import MemoryRuntime
from firstword.storage.outbox import Outbox, OutboxRow
from firstword.storage.tables import dead_letters, states, taken
from schemas.topics import TOPICS
from services.common.db import reading
from services.common.errors import KnownBadEvent
from services.common.processing import AnyEvent
from tests.fakes import FakeClock
from tests.unit.firstword.counting import item_event
from tests.unit.firstword.kafka.tallying import Tally

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
PARTITIONS = TOPICS["items"].partitions


class RowWriter:
    """A sink that writes a row for each item and refuses some after writing it."""

    name = "row-writer"
    inputs = ("items",)

    def apply(self, connection: Connection, event: AnyEvent) -> None:
        row = {"consumer": "row-writer", "version": 1, "topic": "items", "seq": 0, "payload": b"", "reason": event.id}
        connection.execute(dead_letters.insert().values(**row, place="", at=START, attempt=self._count(connection)))
        if event.data.item.title == "refused":  # type: ignore[attr-defined]
            raise KnownBadEvent("refused")

    @staticmethod
    def _count(connection: Connection) -> int:
        return len(connection.execute(select(dead_letters.c.id)).all())


class Records(list[InboundRecord]):
    """Items in their partitions."""

    def send(self, events: Sequence[AnyEvent]) -> Records:
        for event in events:
            record = outbound_record(event)
            number = int(murmur2(record.key or b"") & 0x7FFFFFFF) % PARTITIONS
            self.put(number, record.key, record.payload, round(event.time.timestamp() * 1000))
        return self

    def put(self, number: int, key: bytes | None, payload: bytes | None, at_ms: int = 0) -> Records:
        offset = len([record for record in self if record.partition == number])
        self.append(InboundRecord("items", number, offset, key, payload, at_ms))
        return self


def batches(
    engine: Engine, clock: FakeClock | None = None, *, most: int = 100, with_sink: bool = False
) -> BatchProcessor:
    sinks = (RowWriter(),) if with_sink else ()
    return BatchProcessor("group", engine, (Tally(),), sinks, clock or FakeClock(START), DeadLetterLimit(most))


def unsent(engine: Engine) -> list[OutboxRow]:
    with reading(engine) as connection:
        return Outbox().unsent(connection, 10_000)


def test_batch_sizes_repeats_and_crashes_change_nothing(database: Engine) -> None:
    dice = random.Random(11)  # noqa: S311
    events = [item_event(number % 9, START + timedelta(minutes=11 * number), f"news {number}") for number in range(90)]
    records = Records().send(events)
    ends, done = FakeClock(START + timedelta(days=30)), 0
    while done < len(records):
        size, again = dice.randint(1, 17), dice.randint(0, 5)
        batch = records[max(0, done - again) : done + size]
        if dice.random() < 0.3:  # crashes in this batch
            poison = replace(batch[0], offset=1000, payload=outbound_record(item_event(90, START, "poison")).payload)
            with pytest.raises(ZeroDivisionError):
                batches(database).process([*batch, poison])
        batches(database).process(batch)
        done += size
    batches(database, ends).fire(range(PARTITIONS))
    memory: dict[int, MemoryRuntime] = {}
    wanted: list[AnyEvent] = []
    for event, record in zip(events, records, strict=True):
        wanted += memory.setdefault(record.partition, MemoryRuntime(Pipeline((Tally(),)))).push(event)
    for runtime in memory.values():
        wanted += runtime.finish(ends.now())
    assert {row.event_id: row.payload for row in unsent(database)} == {
        event.id: outbound_record(event).payload for event in wanted
    }
    assert batches(database, ends).fire(range(PARTITIONS)) is False
    with reading(database) as connection:
        assert len(connection.execute(select(states)).all()) == 9
        assert sum(row.next_offset for row in connection.execute(select(taken))) == 90


def test_an_event_that_was_sent_twice_is_processed_once_within_the_repeat_window(database: Engine) -> None:
    event, clock = item_event(1, START), FakeClock(START)
    batches(database).process(Records().send([event, event]))
    batches(database).process(Records().send([event] * 3)[2:])
    assert len(unsent(database)) == 1
    clock.set(START + timedelta(days=8))
    assert batches(database, clock).prune() == 1


def test_a_replayed_dead_letter_is_processed(database: Engine) -> None:
    batches(database).process(Records().send([item_event(1, START, "bad")]))
    fixed = item_event(1, START).model_copy(update={"id": item_event(1, START, "bad").id})
    batches(database).process(Records().send([fixed] * 2)[1:])
    assert [row.topic for row in unsent(database)] == ["items.dlq", "interactions"]


def test_events_that_fail_become_dead_letters_and_the_others_are_processed(database: Engine) -> None:
    good, bad, refused = item_event(1, START), item_event(1, START, "bad"), item_event(1, START, "refused")
    number = Records().send([good])[0].partition
    records = Records().send([good, bad, refused]).put(number, b"\xff", b"no event").put(number, None, None)
    records.send([item_event(1, START, "last")])
    batches(database, with_sink=True).process(records)
    rows = unsent(database)
    letters = [
        parse_dead_letter("items", row.key, row.payload, row.headers) for row in rows if row.topic == "items.dlq"
    ]
    assert [(letter.consumer, letter.record.offset) for letter in letters if letter] == [
        ("group", 3), ("group", 4), ("tally", 1), ("sink:row-writer", 2),
    ]  # fmt: skip
    assert [letter.record.payload for letter in letters if letter][:2] == [b"no event", None]
    assert len([row for row in rows if row.topic == "interactions"]) == 3, "counted although the sink refused it"
    with reading(database) as connection:
        written = connection.execute(select(dead_letters.c.reason)).scalars().all()
    assert refused.id not in written, "a refused write is rolled back"
    assert len(written) == 3


def test_too_many_dead_letters_roll_the_batch_back(database: Engine) -> None:
    records = Records()
    for _ in range(4):
        records.put(0, b"k", b"no event")
    with pytest.raises(TooManyDeadLetters):
        batches(database, most=3).process(records)
    assert unsent(database) == []
    assert batches(database).offsets() == {}


def test_dead_letters_in_the_outbox_are_found_after_a_restart(database: Engine) -> None:
    batches(database).process(Records().send([item_event(1, START, "bad"), item_event(2, START)]))
    (letter,) = batches(database).unsent_letters()
    assert (letter.consumer, letter.record.key, letter.at) == ("tally", b"itm_1", START)


def test_an_unexpected_error_rolls_the_batch_back(database: Engine) -> None:
    with pytest.raises(ZeroDivisionError):
        batches(database).process(Records().send([item_event(1, START), item_event(1, START, "poison")]))
    assert unsent(database) == []


def test_records_of_two_topics_are_merged_by_time_and_each_topic_keeps_its_order(database: Engine) -> None:
    from firstword.runtimes.kafka.batch_processor import _merged

    def record(topic: str, offset: int, at_ms: int) -> InboundRecord:
        return InboundRecord(topic, 0, offset, b"k", b"", at_ms)

    mixed = [record("drafts", 0, 5), record("drafts", 1, 3), record("alerts", 0, 4), record("alerts", 1, 6)]
    assert [(record.topic, record.offset) for record in _merged(mixed)] == [
        ("alerts", 0), ("drafts", 0), ("drafts", 1), ("alerts", 1),
    ]  # fmt: skip
