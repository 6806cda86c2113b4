"""Whatever is read twice, however batches fall, and wherever a worker dies: the database says what memory says."""

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


class Scribe:
    """A sink that writes a row for each item, and refuses some when the row is written."""

    name = "scribe"
    inputs = ("items",)

    def apply(self, connection: Connection, event: AnyEvent) -> None:
        row = {"consumer": "scribe", "version": 1, "topic": "items", "seq": 0, "payload": b"", "reason": event.id}
        connection.execute(dead_letters.insert().values(**row, place="", at=START, attempt=self._count(connection)))
        if event.data.item.title == "refused":  # type: ignore[attr-defined]
            raise KnownBadEvent("this one not")

    @staticmethod
    def _count(connection: Connection) -> int:
        return len(connection.execute(select(dead_letters.c.id)).all())


class Record(list[InboundRecord]):
    """Items as they lie in their partitions."""

    def send(self, events: Sequence[AnyEvent]) -> Record:
        for event in events:
            out = outbound_record(event)
            number = int(murmur2(out.key or b"") & 0x7FFFFFFF) % PARTITIONS
            self.put(number, out.key, out.payload, round(event.time.timestamp() * 1000))
        return self

    def put(self, number: int, key: bytes | None, payload: bytes | None, at_ms: int = 0) -> Record:
        offset = len([record for record in self if record.partition == number])
        self.append(InboundRecord("items", number, offset, key, payload, at_ms))
        return self


def ledger(engine: Engine, clock: FakeClock | None = None, *, most: int = 100, scribe: bool = False) -> BatchProcessor:
    sinks = (Scribe(),) if scribe else ()
    return BatchProcessor("group", engine, (Tally(),), sinks, clock or FakeClock(START), DeadLetterLimit(most))


def said(engine: Engine) -> list[OutboxRow]:
    with reading(engine) as connection:
        return Outbox().unsent(connection, 10_000)


def test_batches_repeats_and_crashes_change_nothing(database: Engine) -> None:
    dice = random.Random(11)  # noqa: S311
    events = [item_event(number % 9, START + timedelta(minutes=11 * number), f"news {number}") for number in range(90)]
    records = Record().send(events)
    ends, done = FakeClock(START + timedelta(days=30)), 0
    while done < len(records):
        size, again = dice.randint(1, 17), dice.randint(0, 5)
        batch = records[max(0, done - again) : done + size]
        if dice.random() < 0.3:  # dies with the batch in hand
            poison = replace(batch[0], offset=1000, payload=outbound_record(item_event(90, START, "poison")).payload)
            with pytest.raises(ZeroDivisionError):
                ledger(database).take([*batch, poison])
        ledger(database).take(batch)
        done += size
    ledger(database, ends).fire(range(PARTITIONS))
    memory: dict[int, MemoryRuntime] = {}
    wanted: list[AnyEvent] = []
    for event, record in zip(events, records, strict=True):
        wanted += memory.setdefault(record.partition, MemoryRuntime(Pipeline((Tally(),)))).push(event)
    for runtime in memory.values():
        wanted += runtime.finish(ends.now())
    assert {row.event_id: row.payload for row in said(database)} == {
        event.id: outbound_record(event).payload for event in wanted
    }
    assert ledger(database, ends).fire(range(PARTITIONS)) is False
    with reading(database) as connection:
        assert len(connection.execute(select(states)).all()) == 9
        assert sum(row.next_offset for row in connection.execute(select(taken))) == 90


def test_an_event_that_was_sent_twice_is_worked_with_once_until_it_is_forgotten(database: Engine) -> None:
    event, clock = item_event(1, START), FakeClock(START)
    ledger(database).take(Record().send([event, event]))
    ledger(database).take(Record().send([event] * 3)[2:])
    assert len(said(database)) == 1
    clock.set(START + timedelta(days=8))
    assert ledger(database, clock).prune() == 1


def test_a_dead_letter_that_comes_again_is_worked_with(database: Engine) -> None:
    ledger(database).take(Record().send([item_event(1, START, "bad")]))
    fixed = item_event(1, START).model_copy(update={"id": item_event(1, START, "bad").id})
    ledger(database).take(Record().send([fixed] * 2)[1:])
    assert [row.topic for row in said(database)] == ["items.dlq", "interactions"]


def test_what_can_not_be_taken_goes_to_the_dead_letters_whole_and_the_rest_goes_on(database: Engine) -> None:
    good, bad, refused = item_event(1, START), item_event(1, START, "bad"), item_event(1, START, "refused")
    number = Record().send([good])[0].partition
    records = Record().send([good, bad, refused]).put(number, b"\xff", b"no event").put(number, None, None)
    records.send([item_event(1, START, "last")])
    ledger(database, scribe=True).take(records)
    rows = said(database)
    letters = [
        parse_dead_letter("items", row.key, row.payload, row.headers) for row in rows if row.topic == "items.dlq"
    ]
    assert [(letter.consumer, letter.record.offset) for letter in letters if letter] == [
        ("group", 3), ("group", 4), ("tally", 1), ("sink:scribe", 2),
    ]  # fmt: skip
    assert [letter.record.payload for letter in letters if letter][:2] == [b"no event", None]
    assert len([row for row in rows if row.topic == "interactions"]) == 3, "the refused item was counted all the same"
    with reading(database) as connection:
        written = connection.execute(select(dead_letters.c.reason)).scalars().all()
    assert refused.id not in written, "what a sink refuses leaves nothing"
    assert len(written) == 3


def test_more_dead_letters_than_may_be_stop_it_with_nothing_taken(database: Engine) -> None:
    records = Record()
    for _ in range(4):
        records.put(0, b"k", b"no event")
    with pytest.raises(TooManyDeadLetters):
        ledger(database, most=3).take(records)
    assert said(database) == []
    assert ledger(database).positions() == {}


def test_a_mistake_of_ours_is_raised_with_nothing_taken(database: Engine) -> None:
    with pytest.raises(ZeroDivisionError):
        ledger(database).take(Record().send([item_event(1, START), item_event(1, START, "poison")]))
    assert said(database) == []


def test_of_two_topics_the_older_record_comes_first_and_each_keeps_its_order(database: Engine) -> None:
    from firstword.runtimes.kafka.batch_processor import _merged

    def record(topic: str, offset: int, at_ms: int) -> InboundRecord:
        return InboundRecord(topic, 0, offset, b"k", b"", at_ms)

    mixed = [record("drafts", 0, 5), record("drafts", 1, 3), record("alerts", 0, 4), record("alerts", 1, 6)]
    assert [(one.topic, one.offset) for one in _merged(mixed)] == [
        ("alerts", 0), ("drafts", 0), ("drafts", 1), ("alerts", 1),
    ]  # fmt: skip
