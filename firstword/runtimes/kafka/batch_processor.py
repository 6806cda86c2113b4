"""Process Kafka records in the database: each batch is one transaction, together with the records' offsets.

It corresponds to a step of the embedded runtime, but order holds within a partition only. Topics with equal partition
counts share their partition numbers; of their records, the older one comes first. Resulting events and dead letters go
to the outbox. After a crash:

- before the commit: nothing happened, and Kafka delivers the records again;
- after the commit, before Kafka knows the offsets: Kafka delivers the records again, and the stored offsets show that
  they were processed.

A worker that lost its partitions without noticing waits for the partition's lock and then finds that the offsets have
moved. An event that was sent twice, at two offsets, is recognized by its id: a processor gets it once, and sinks are
idempotent.
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
from firstword.runtimes.kafka.dead_letter_records import DeadLetterRecord, dead_letter_for, parse_dead_letter
from firstword.runtimes.kafka.records import InboundRecord, PartitionId
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

Offsets = dict[PartitionId, int]
#: Records with the events that they hold.
Events = Sequence[tuple[InboundRecord, AnyEvent]]

#: A relay that restarts sends again what it sent since it last marked rows, even after a weekend.
REPEAT_WINDOW = timedelta(days=7)


class _SinkRefused(Exception):
    """A sink refused an event and may have written half of it."""


@dataclass
class _Batch:
    """The results of a batch before they are written.

    ``savepoints`` puts each sink's write in a savepoint. ``seen`` are the (processor, event id) pairs that were
    processed before, ``processed`` those of this batch.
    """

    connection: Connection
    savepoints: bool
    out: list[AnyEvent] = field(default_factory=list)
    letters: list[DeadLetterRecord] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)
    processed: list[tuple[str, str]] = field(default_factory=list)


class BatchProcessor:
    """Processes the records of one consumer group in the database."""

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
        self._publisher = OutboxPublisher(clock)
        self._outbox = Outbox()
        self._states = StateStore()
        self.limit = limit
        inputs = [processor.inputs for processor in processors] + [sink.inputs for sink in sinks]
        self.topics = tuple(topic for topic in TOPICS if any(topic in topics for topics in inputs))

    def offsets(self) -> Offsets:
        """Return, by partition, the first offset that was not processed yet."""
        with reading(self._engine) as connection:
            return self._read_offsets(connection)

    def unsent_letters(self) -> list[DeadLetterRecord]:
        """Return the dead letters of these topics that are not on Kafka yet."""
        originals = {TOPICS[topic].dead_letters: topic for topic in self.topics}
        with reading(self._engine) as connection:
            rows = self._outbox.unsent(connection, topics=list(originals))
        letters = (parse_dead_letter(originals[row.topic], row.key, row.payload, row.headers) for row in rows)
        return [letter for letter in letters if letter is not None]

    def process(self, records: Sequence[InboundRecord]) -> None:
        """Process records in one transaction; skip those that were processed before.

        Raises:
            TooManyDeadLetters: more events failed than the limit allows; nothing was processed.
            OperationalError: the database is unavailable, or chose this transaction to resolve a deadlock; nothing was
                processed. Try again.
            Exception: an unexpected error of a processor or sink; nothing was processed.
        """
        try:
            self._process(records, savepoints=False)
        except (_SinkRefused, DataError):
            self._process(records, savepoints=True)

    def fire(self, partitions: Sequence[int]) -> bool:
        """Fire the timers that are due in these partitions; return true if there were any."""
        now = self._clock.now()
        with reading(self._engine) as connection:
            due = {number for processor in self._processors for _, _, number in self._due(connection, processor, now)}
        if not (ours := due.intersection(partitions)):
            return False
        with self._engine.begin() as connection:
            self._lock(connection, ours)
            steppers = self._steppers(connection, dict.fromkeys(sorted(ours), now))
            out = [event for group in steppers.values() for stepper in group for event in stepper.fire(now)]
            self._write_states(connection, steppers.values())
            self._publisher.publish(connection, out)
        return True

    def prune(self) -> int:
        """Delete the ids of events that will no longer be repeated; return their number."""
        with self._engine.begin() as connection:
            old = recent.c.at < self._clock.now() - REPEAT_WINDOW
            return connection.execute(delete(recent).where(old)).rowcount

    def _process(self, records: Sequence[InboundRecord], *, savepoints: bool) -> None:
        with self._engine.begin() as connection:
            partitions = sorted({record.partition for record in records})
            self._lock(connection, partitions)
            offsets = self._read_offsets(connection)
            fresh = [record for record in records if record.offset >= offsets.get((record.topic, record.partition), 0)]
            batch = _Batch(connection, savepoints)
            self._run(
                batch,
                {
                    number: self._decode_all(batch, [record for record in fresh if record.partition == number])
                    for number in partitions
                },
            )
            self._write_processed(batch)
            self._publisher.publish(connection, batch.out)
            self._outbox.add(connection, [_outbox_row(letter) for letter in batch.letters], self._clock.now())
            self._write_offsets(connection, fresh)
            for letter in batch.letters:
                self.limit.add(letter.at, letter.failure)

    def _lock(self, connection: Connection, partitions: Collection[int]) -> None:
        """Keep other workers from processing these partitions until the transaction ends."""
        exclusive(connection, *(f"{self._group}/{number}" for number in sorted(partitions)))

    def _run(self, batch: _Batch, partitions: Mapping[int, Events]) -> None:
        """Process each partition's events in order, reading and writing all states at once.

        One query per event would take most of the time.
        """
        events = [pair for pairs in partitions.values() for pair in pairs]
        if not events:
            return
        until = {number: max(event.time for _, event in pairs) for number, pairs in partitions.items() if pairs}
        steppers = self._steppers(batch.connection, until, events)
        batch.seen |= self._read_processed(batch.connection, [event.id for _, event in events])
        for number in until:
            for record, event in partitions[number]:
                for stepper in steppers[number]:
                    if record.topic in stepper.processor.inputs:
                        self._step(batch, stepper, record, event)
                for sink in self._sinks:
                    if record.topic in sink.inputs:
                        self._apply_sink(batch, sink, record, event)
        self._write_states(batch.connection, steppers.values())

    def _decode_all(self, batch: _Batch, records: Sequence[InboundRecord]) -> Events:
        return [(record, event) for record in _merged(records) if (event := self._decode(batch, record))]

    def _decode(self, batch: _Batch, record: InboundRecord) -> AnyEvent | None:
        if record.payload is None and TOPICS[record.topic].compacted:
            return None  # a tombstone
        try:
            return decode(record.topic, record.payload or b"")
        except UnreadableEvent as error:
            batch.letters.append(dead_letter_for(record, error, self._group, 1, self._clock.now()))
            return None

    def _step(self, batch: _Batch, stepper: Stepper, record: InboundRecord, event: AnyEvent) -> None:
        processor, identity = stepper.processor, (stepper.processor.name, event.id)
        if identity in batch.seen:
            return
        try:
            batch.out += stepper.step(event)
            batch.seen.add(identity)
            batch.processed.append(identity)
        except KnownBadEvent as error:
            batch.letters.append(dead_letter_for(record, error, processor.name, processor.version, self._clock.now()))

    def _apply_sink(self, batch: _Batch, sink: Sink, record: InboundRecord, event: AnyEvent) -> None:
        """Apply a sink. If it refuses an event, the whole batch is repeated with a savepoint for each event."""
        if not batch.savepoints:
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
        """Return each partition's steppers, with its timers due by ``until`` and access to the states of ``events``."""
        steppers: dict[int, list[Stepper]] = {number: [] for number in until}
        for processor in self._processors:
            due = self._due(connection, processor, max(until.values()))
            keys = {processor.key(event) for record, event in events if record.topic in processor.inputs}
            fetch = self._fetch(connection, processor, keys)
            for number, end in until.items():
                timers = ((due_at, key) for due_at, key, partition in due if partition == number and due_at <= end)
                steppers[number].append(Stepper(processor, fetch, Timers(timers)))
        return steppers

    def _due(self, connection: Connection, processor: AnyProcessor, until: datetime) -> list[tuple[datetime, str, int]]:
        """Return the timers due by ``until`` as (due time, key, partition)."""
        if not processor.stateful:
            return []
        partitions = TOPICS[processor.inputs[0]].partitions
        due = self._states.due(connection, processor.name, until)
        return [(due_at, key, _partition_of(key, partitions)) for due_at, key in due]

    def _fetch(
        self, connection: Connection, processor: AnyProcessor, keys: Collection[str]
    ) -> Callable[[str], Any | None]:
        """Return a function that gives a key's state. The states of ``keys`` are read in one query."""
        known = self._states.get_all(connection, processor.name, sorted(keys)) if keys and processor.stateful else {}

        def fetch(key: str) -> Any | None:
            raw = known.get(key) if key in keys else self._states.get(connection, processor.name, key)
            return None if raw is None else processor.load(raw)

        return fetch

    def _write_states(self, connection: Connection, partitions: Iterable[Sequence[Stepper]]) -> None:
        for steppers in zip(*partitions, strict=True):  # one processor's steppers, one per partition
            processor = steppers[0].processor
            rows = [
                StateRow(key, processor.dump(state), processor.next_tick(state))
                for stepper in steppers
                for key, state in stepper.touched.items()
            ]
            self._states.put(connection, processor.name, rows)

    def _read_processed(self, connection: Connection, event_ids: Sequence[str]) -> set[tuple[str, str]]:
        query = select(recent.c.processor, recent.c.event_id).where(recent.c.event_id.in_(event_ids))
        return {(processor, event_id) for processor, event_id in connection.execute(query)}

    def _write_processed(self, batch: _Batch) -> None:
        now = self._clock.now()
        rows = [{"processor": processor, "event_id": event_id, "at": now} for processor, event_id in batch.processed]
        upsert(batch.connection, recent, rows, ("processor", "event_id"), update=())

    def _read_offsets(self, connection: Connection) -> Offsets:
        query = select(taken.c.topic, taken.c.partition, taken.c.next_offset).where(taken.c.consumer == self._group)
        return {(topic, number): offset for topic, number, offset in connection.execute(query)}

    def _write_offsets(self, connection: Connection, records: Sequence[InboundRecord]) -> None:
        offsets: Offsets = {}
        for record in records:
            partition = (record.topic, record.partition)
            offsets[partition] = max(offsets.get(partition, 0), record.offset + 1)
        rows = [
            {"consumer": self._group, "topic": topic, "partition": number, "next_offset": offset}
            for (topic, number), offset in sorted(offsets.items())
        ]
        upsert(connection, taken, rows, ("consumer", "topic", "partition"))


def _merged(records: Sequence[InboundRecord]) -> Iterator[InboundRecord]:
    """Merge topics by timestamp, keeping each topic's own order."""
    by_topic: dict[str, list[InboundRecord]] = {}
    for record in records:
        by_topic.setdefault(record.topic, []).append(record)
    return heapq.merge(*(by_topic[topic] for topic in sorted(by_topic)), key=lambda record: record.timestamp_ms)


def _partition_of(key: str, partitions: int) -> int:
    """Return the partition of ``key``, by the rule of Kafka's default partitioner."""
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def _outbox_row(letter: DeadLetterRecord) -> OutboxRow:
    record = letter.to_record()
    return OutboxRow(record.topic, record.key, record.payload, content_id("dlq", *letter.identity), record.headers)
