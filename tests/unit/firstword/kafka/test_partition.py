"""Whenever a worker is killed, the outputs and states are those of an undisturbed run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firstword.pipeline import Pipeline
from firstword.runtimes.kafka.partition import BatchEffect, PartitionWorker
from firstword.runtimes.kafka.records import InboundRecord, OutboundRecord
from firstword.runtimes.kafka.values import peek, unpack
from firstword.runtimes.memory import MemoryRuntime
from schemas.topics import decode, encode
from services.common.processing import AnyEvent
from tests.unit.firstword.counting import Counter, item_event
from tests.unit.firstword.kafka.tallying import Tally

START = datetime(2026, 1, 5, 9, tzinfo=UTC)


class Killed(Exception):
    """The worker is gone, and its memory is lost."""


@dataclass
class Partition:
    """The data that outlives a worker: the changelog, the offset and the sent records."""

    records: list[InboundRecord]
    changelog: dict[str, bytes] = field(default_factory=dict)
    committed: int = 0
    sent: list[OutboundRecord] = field(default_factory=list)
    fuse: int = -1

    def live(self, batch: int, now: datetime) -> None:
        """Run one worker: to the end of the records, or until the fuse has burned down."""
        worker = self.started()
        ticked = [key for key, raw in self.changelog.items() if peek(raw)[2]]
        self.carry_out(worker, worker.resend_ticks(ticked))
        while self.committed < len(self.records):
            batch_records = self.records[self.committed : self.committed + batch]
            self.carry_out(worker, worker.process(batch_records, now))
            self.committed = batch_records[-1].offset + 1
            self.burn()
        self.carry_out(worker, worker.fire(now))

    def started(self) -> PartitionWorker:
        due = [(moment, key) for key, raw in self.changelog.items() if (moment := peek(raw)[1])]
        return PartitionWorker(Tally(), 0, self.changelog.get, {"items": self.committed}, due)

    def carry_out(self, worker: PartitionWorker, effect: BatchEffect) -> None:
        for key, raw in effect.states.items():
            self.burn()
            self.changelog[key] = raw
        for out in effect.outputs:
            self.burn()
            self.sent.append(out)
        self.burn()
        for key, raw in worker.confirm(effect).items():
            self.changelog[key] = raw
            self.burn()

    def burn(self) -> None:
        self.fuse -= 1
        if self.fuse == 0:
            raise Killed

    def received(self) -> list[AnyEvent]:
        """Return the sent events as a consumer that ignores repeats receives them."""
        by_id = {event.id: event for event in (decode(out.topic, out.payload or b"") for out in self.sent)}
        return sorted(by_id.values(), key=lambda event: (event.time, event.id))


def unknown(key: str) -> bytes | None:
    return None


def inbound_records(events: Sequence[AnyEvent]) -> list[InboundRecord]:
    return [
        InboundRecord("items", 0, offset, event.subject.encode(), encode(event), int(event.time.timestamp() * 1000))
        for offset, event in enumerate(events)
    ]


def undisturbed(events: Sequence[AnyEvent], until: datetime) -> list[AnyEvent]:
    runtime = MemoryRuntime(Pipeline((Tally(),)))
    out = [result for event in events for result in runtime.push(event)]
    return sorted([*out, *runtime.finish(until)], key=lambda event: (event.time, event.id))


def timeline(gaps: Sequence[tuple[int, int]]) -> list[AnyEvent]:
    at, events = START, []
    for number, (subject, minutes) in enumerate(gaps):
        at += timedelta(minutes=minutes)
        events.append(item_event(subject, at, f"news {number}"))
    return events


@pytest.mark.slow
@settings(max_examples=300)
@example(gaps=[(0, 5), (0, 5)], lives=[(3, 1), (3, 2)])  # killed twice with the same outputs unsent
@given(
    gaps=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50)), min_size=1, max_size=25),
    lives=st.lists(st.tuples(st.integers(1, 25), st.integers(1, 9)), max_size=8),
)
def test_kills_at_any_point_change_nothing(gaps: list[tuple[int, int]], lives: list[tuple[int, int]]) -> None:
    events = timeline(gaps)
    disk = Partition(inbound_records(events))
    for fuse, batch in lives:
        disk.fuse = fuse
        with suppress(Killed):
            disk.live(batch, START)
    disk.fuse = -1
    disk.live(5, START + timedelta(days=2))
    assert disk.received() == undisturbed(events, START + timedelta(days=2))
    counts = {key: Tally().load(unpack(raw).state)[1] for key, raw in disk.changelog.items()}
    assert counts == {e.subject: sum(other.subject == e.subject for other in events) for e in events}


def test_without_a_kill_nothing_is_sent_twice() -> None:
    events = timeline([(number % 3, 25) for number in range(20)])
    disk = Partition(inbound_records(events))
    disk.live(4, START)
    disk.live(4, START + timedelta(days=1))
    assert len(disk.sent) == len(disk.received())


def test_an_event_that_a_producer_repeats_is_processed_once() -> None:
    events = timeline([(0, 5), (1, 5), (0, 5)])
    disk = Partition(inbound_records([*events, *events]))
    disk.live(2, START)
    assert disk.received() == undisturbed(events, START)


def test_bad_records_become_dead_letters_and_the_others_are_processed() -> None:
    good, bad = item_event(1, START), item_event(2, START, "bad")
    records = [
        *inbound_records([good, bad]),
        InboundRecord("items", 0, 2, b"k", b"no event", 7, (("trace", b"t"),)),
        InboundRecord("items", 0, 3, None, None, 7),
    ]
    effect = PartitionWorker(Tally(), 0, unknown, {}).process(records, START)
    assert [decode(out.topic, out.payload or b"").type for out in effect.outputs] == ["firstword.interaction.logged.v1"]
    assert [(letter.record.offset, letter.place, letter.attempt) for letter in effect.letters] == [
        (1, "KnownBadEvent", 1),
        (2, "UnreadableEvent", 1),
        (3, "UnreadableEvent", 1),
    ]


def test_a_state_key_other_than_the_subject_is_an_error() -> None:
    worker = PartitionWorker(Counter(), 0, unknown, {})
    with pytest.raises(RuntimeError, match="subject decides the partition"):
        worker.process(inbound_records([item_event(1, START)]), START)
