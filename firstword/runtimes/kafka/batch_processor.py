"""Takes records into the database: what processors and sinks make of a batch is one transaction with its offsets.

That is the embedded runtime's step, with partitions for its order. Within a partition it is Kafka's; of topics that are
partitioned alike, the older record of one partition comes first. What follows goes to the outbox, and so do dead
letters. What a crash between any two lines does:

- before the commit: nothing happened; Kafka still has the records, and gives them again;
- after it, before Kafka is told: Kafka gives them again, and their offsets say that they are in.

A worker that has lost its partitions without knowing it waits at the partition's lock, and then finds the offsets moved
on. An event that was sent twice, at two offsets, is known by its id: processors get it once, sinks don't mind.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiokafka.partitioner import murmur2
from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy.exc import DataError

from firstword.runtimes.dead_letter_limit import DeadLetterLimit
from firstword.runtimes.kafka.dead_letter_records import DeadLetterRecord, dead_letter_for
from firstword.runtimes.kafka.records import InboundRecord
from firstword.runtimes.stepping import Stepper
from firstword.runtimes.timers import Timers
from firstword.storage.outbox import Outbox, OutboxPublisher, OutboxRow
from firstword.storage.states import StateRow, StateStore
from firstword.storage.tables import recent, taken
from schemas.base import content_id
from schemas.topics import TOPICS, UnreadableEvent, decode
from services.common.clock import Clock
from services.common.db import exclusive, reading, upsert
from services.common.errors import KnownBadEvent
from services.common.processing import AnyEvent, AnyProcessor, Sink

__all__ = ["BatchProcessor"]

#: By topic and partition.
Offsets = dict[tuple[str, int], int]
#: Records with what they say.
Events = Sequence[tuple[InboundRecord, AnyEvent]]

#: A relay sends again what it sent since it last noted so: at its restart, even after a weekend.
REPEATS = timedelta(days=7)


class _SinkRefused(Exception):
    """A sink could not take an event, and may have written half of it."""


@dataclass
class _Batch:
    """What is being made of a batch, before it is written."""

    connection: Connection
    careful: bool
    out: list[AnyEvent] = field(default_factory=list)
    letters: list[DeadLetterRecord] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)
    worked: list[tuple[str, str]] = field(default_factory=list)


class BatchProcessor:
    """The database's side of one consumer group, ``group``."""

    def __init__(
        self,
        group: str,
        engine: Engine,
        processors: Sequence[AnyProcessor],
        sinks: Sequence[Sink],
        clock: Clock,
        limit: DeadLetterLimit,
    ) -> None:
        self._group = group
        self._engine = engine
        self._processors = tuple(processors)
        self._sinks = tuple(sinks)
        self._clock = clock
        self.limit = limit
        self._publisher = OutboxPublisher(clock)
        self._outbox = Outbox()
        self._states = StateStore()
        named = {topic for inputs in (*(p.inputs for p in processors), *(s.inputs for s in sinks)) for topic in inputs}
        self.topics = tuple(topic for topic in TOPICS if topic in named)

    def positions(self) -> Offsets:
        """By partition, the first offset that is not in the database yet."""
        with reading(self._engine) as connection:
            return self._read_positions(connection)

    def take(self, records: Sequence[InboundRecord]) -> None:
        """Take records in, each partition's in their order; those that are in already are left out.

        Raises:
            TooManyDeadLetters: nothing of the batch was taken in.
            OperationalError: the database is away, or gave up on this transaction for another's sake; nothing was
                taken in. Try again.
            Exception: whatever a processor or sink raises that it shouldn't; nothing was taken in.
        """
        try:
            self._take(records, careful=False)
        except (_SinkRefused, DataError):
            self._take(records, careful=True)

    def prune(self) -> int:
        """Forget the ids of events that will not come again; return how many that were."""
        with self._engine.begin() as connection:
            old = recent.c.at < self._clock.now() - REPEATS
            return connection.execute(delete(recent).where(old)).rowcount

    def fire(self, numbers: Sequence[int]) -> bool:
        """Do what time alone has brought in partitions of these numbers; return whether there was anything."""
        now = self._clock.now()
        with reading(self._engine) as connection:
            due = {number for processor in self._processors for _, _, number in self._due(connection, processor, now)}
        if not (ours := due.intersection(numbers)):
            return False
        with self._engine.begin() as connection:
            self._hold(connection, ours)
            steppers = self._steppers(connection, dict.fromkeys(sorted(ours), now))
            out = [made for some in steppers.values() for stepper in some for made in stepper.fire(now)]
            self._write_states(connection, steppers.values())
            self._publisher.publish(connection, out)
        return True

    def _take(self, records: Sequence[InboundRecord], *, careful: bool) -> None:
        with self._engine.begin() as connection:
            numbers = sorted({record.partition for record in records})
            self._hold(connection, numbers)
            known = self._read_positions(connection)
            fresh = [record for record in records if record.offset >= known.get((record.topic, record.partition), 0)]
            batch = _Batch(connection, careful)
            self._work(
                batch,
                {
                    number: self._decoded(batch, [record for record in fresh if record.partition == number])
                    for number in numbers
                },
            )
            self._remember(batch)
            self._publisher.publish(connection, batch.out)
            self._outbox.add(connection, [_post(letter) for letter in batch.letters], self._clock.now())
            self._write_positions(connection, fresh)
            for letter in batch.letters:
                self.limit.add(letter.at, letter.failure)

    def _hold(self, connection: Connection, numbers: Collection[int]) -> None:
        """No other worker takes in what is in partitions of these numbers until this transaction ends."""
        exclusive(connection, *(f"{self._group}/{number}" for number in sorted(numbers)))

    def _work(self, batch: _Batch, partitions: Mapping[int, Events]) -> None:
        """Each partition's events, in their order. What they need is read at once, and what they change is written at
        once: for so small a question, asking is most of the work.
        """
        events = [one for some in partitions.values() for one in some]
        if not events:
            return
        until = {number: max(event.time for _, event in some) for number, some in partitions.items() if some}
        steppers = self._steppers(batch.connection, until, events)
        batch.seen |= self._recall(batch.connection, [event.id for _, event in events])
        for number in until:
            for record, event in partitions[number]:
                for stepper in steppers[number]:
                    if record.topic in stepper.processor.inputs:
                        self._step(batch, stepper, record, event)
                for sink in self._sinks:
                    if record.topic in sink.inputs:
                        self._sink(batch, sink, record, event)
        self._write_states(batch.connection, steppers.values())

    def _decoded(self, batch: _Batch, records: Sequence[InboundRecord]) -> Events:
        """One partition's records with what they say, in their order."""
        return [(record, event) for record in _merged(records) if (event := self._read(batch, record))]

    def _read(self, batch: _Batch, record: InboundRecord) -> AnyEvent | None:
        if record.payload is None and TOPICS[record.topic].compacted:
            return None  # a tombstone
        try:
            return decode(record.topic, record.payload or b"")
        except UnreadableEvent as error:
            batch.letters.append(dead_letter_for(record, error, self._group, 1, self._clock.now()))
            return None

    def _step(self, batch: _Batch, stepper: Stepper, record: InboundRecord, event: AnyEvent) -> None:
        processor, name = stepper.processor, (stepper.processor.name, event.id)
        if name in batch.seen:
            return
        try:
            batch.out += stepper.step(event)
            batch.seen.add(name)
            batch.worked.append(name)
        except KnownBadEvent as error:
            batch.letters.append(dead_letter_for(record, error, processor.name, processor.version, self._clock.now()))

    def _sink(self, batch: _Batch, sink: Sink, record: InboundRecord, event: AnyEvent) -> None:
        """What a sink refuses may be half written: then the batch is begun again, with a savepoint for each event."""
        if not batch.careful:
            try:
                return sink.apply(batch.connection, event)
            except KnownBadEvent as error:
                raise _SinkRefused from error
        try:
            with batch.connection.begin_nested():
                sink.apply(batch.connection, event)
        except (KnownBadEvent, DataError) as error:
            batch.letters.append(dead_letter_for(record, error, f"sink:{sink.name}", 1, self._clock.now()))

    def _steppers(
        self, connection: Connection, until: Mapping[int, datetime], events: Events = ()
    ) -> dict[int, list[Stepper]]:
        """By partition, every processor with the partition's timers that are due ``until`` then, and the states of all
        ``events``.
        """
        found: dict[int, list[Stepper]] = {number: [] for number in until}
        for processor in self._processors:
            due = self._due(connection, processor, max(until.values()))
            keys = {processor.key(event) for record, event in events if record.topic in processor.inputs}
            fetch = self._fetch(connection, processor, keys)
            for number, end in until.items():
                timers = ((moment, key) for moment, key, partition in due if partition == number and moment <= end)
                found[number].append(Stepper(processor, fetch, Timers(timers)))
        return found

    def _due(self, connection: Connection, processor: AnyProcessor, until: datetime) -> list[tuple[datetime, str, int]]:
        """What waits for a moment not after ``until``: the moment, the key and its partition."""
        if not processor.stateful:
            return []
        partitions = TOPICS[processor.inputs[0]].partitions
        due = self._states.due(connection, processor.name, until)
        return [(moment, key, _partition(key, partitions)) for moment, key in due]

    def _fetch(
        self, connection: Connection, processor: AnyProcessor, keys: Collection[str]
    ) -> Callable[[str], Any | None]:
        """What gives a key's state; those of ``keys`` are read at once, for a question each takes ten times as long."""
        read = self._states.get_all(connection, processor.name, sorted(keys)) if keys and processor.stateful else {}

        def fetch(key: str) -> Any | None:
            raw = read.get(key) if key in keys else self._states.get(connection, processor.name, key)
            return None if raw is None else processor.load(raw)

        return fetch

    def _write_states(self, connection: Connection, partitions: Iterable[Sequence[Stepper]]) -> None:
        for steppers in zip(*partitions, strict=True):  # of one processor, one for each partition
            processor = steppers[0].processor
            rows = [
                StateRow(key, processor.dump(state), processor.next_tick(state))
                for stepper in steppers
                for key, state in stepper.touched.items()
            ]
            self._states.put(connection, processor.name, rows)

    def _recall(self, connection: Connection, event_ids: Sequence[str]) -> set[tuple[str, str]]:
        query = select(recent.c.processor, recent.c.event_id).where(recent.c.event_id.in_(event_ids))
        return {(processor, event_id) for processor, event_id in connection.execute(query)}

    def _remember(self, batch: _Batch) -> None:
        now = self._clock.now()
        rows = [{"processor": processor, "event_id": event_id, "at": now} for processor, event_id in batch.worked]
        upsert(batch.connection, recent, rows, ("processor", "event_id"), update=())

    def _read_positions(self, connection: Connection) -> Offsets:
        query = select(taken.c.topic, taken.c.partition, taken.c.next_offset).where(taken.c.consumer == self._group)
        return {(topic, number): offset for topic, number, offset in connection.execute(query)}

    def _write_positions(self, connection: Connection, fresh: Sequence[InboundRecord]) -> None:
        offsets: Offsets = {}
        for record in fresh:
            at = (record.topic, record.partition)
            offsets[at] = max(offsets.get(at, 0), record.offset + 1)
        rows = [
            {"consumer": self._group, "topic": topic, "partition": number, "next_offset": offset}
            for (topic, number), offset in sorted(offsets.items())
        ]
        upsert(connection, taken, rows, ("consumer", "topic", "partition"))


def _merged(records: Sequence[InboundRecord]) -> Iterator[InboundRecord]:
    """Each topic's records in their order, and of two topics' next records the older one first."""
    by_topic: dict[str, list[InboundRecord]] = {}
    for record in records:
        by_topic.setdefault(record.topic, []).append(record)
    return heapq.merge(*(by_topic[topic] for topic in sorted(by_topic)), key=lambda record: record.timestamp_ms)


def _partition(key: str, partitions: int) -> int:
    """Where producers send ``key``: the rule of Kafka's own default partitioner."""
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def _post(letter: DeadLetterRecord) -> OutboxRow:
    out = letter.to_record()
    return OutboxRow(out.topic, out.key, out.payload, content_id("dlq", *letter.name), out.headers)
