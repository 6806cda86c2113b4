"""Run the pipeline in one process on one database.

Each step of a processor is one transaction: it reads a batch of events after the processor's offset and writes the
states, the resulting events and the new offset together. A kill at any point loses and repeats nothing: either the
transaction was committed, or the same batch is read again. Because time is taken from the events, it then gives the
same bytes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from firstword.pipeline import Pipeline
from firstword.runtimes.dead_letter_limit import DeadLetterLimit, window_start
from firstword.runtimes.stepping import Stepper
from firstword.runtimes.timers import Timers
from firstword.storage.dead_letters import DeadLetter, DeadLetters
from firstword.storage.event_log import EventLog, StoredEvent
from firstword.storage.states import StateRow, StateStore
from schemas.topics import UnreadableEvent, decode
from services.common.clock import Clock
from services.common.db import reading
from services.common.errors import KnownBadEvent
from services.common.processing import AnyEvent, AnyProcessor, Sink

__all__ = ["EmbeddedRuntime"]

BATCH = 500
#: Decoded states to keep in memory per processor; others are read from the database again when they are needed.
CACHED_STATES = 5_000
#: A consumer with more waiting events than this is reported as not ready.
FAR_BEHIND = 4 * BATCH


class EmbeddedRuntime:
    """Runs every processor and sink of a pipeline until nothing is left to do.

    After each commit, ``on_events`` receives the events that the step wrote. ``erased`` returns the clients whose
    events are deleted. Only one process may run on a database.
    """

    def __init__(
        self,
        engine: Engine,
        pipeline: Pipeline,
        sinks: Sequence[Sink],
        clock: Clock,
        *,
        batch: int = BATCH,
        on_events: Callable[[Sequence[AnyEvent]], None] | None = None,
        erased: Callable[[Connection, datetime], Sequence[str]] = lambda _, __: (),
    ) -> None:
        self._engine = engine
        self._erased = erased
        self._clock = clock
        self._log = EventLog()
        self._letters = DeadLetters()
        self._quarantine = _Quarantine(engine, clock)
        workers: list[_Worker] = [
            _ProcessorWorker(engine, processor, self._log, self._quarantine, batch) for processor in pipeline.processors
        ]
        workers += [_SinkWorker(sink, self._log, self._quarantine, batch) for sink in sinks]
        self._workers = workers
        self._on_events = on_events
        self._seen_end = -1

    def run_until_idle(self, *, only: Callable[[str], bool] | None = None) -> int:
        """Run until every consumer has read everything and no timer is due; return the number of events read.

        ``only`` limits this to the consumers whose name it accepts.

        Raises:
            TooManyDeadLetters: more events failed than the limit allows; the last batch was not committed.
        """
        total = 0
        workers = [worker for worker in self._workers if only is None or only(worker.name)]
        while True:
            done = self._run_once(workers)
            total += done
            if done == 0 and not self._fire_due(workers) and not self._replay(workers):
                return total

    def run(self, stop: threading.Event, *, poll_seconds: float = 0.1) -> None:
        """Run until ``stop`` is set; look for new events every ``poll_seconds``, as other processes write them too.

        Raises whatever a processor or the database raises. The state in memory can't be trusted then, so the process
        must end; the next start reads the last committed state.
        """
        while not stop.is_set():
            if not self._has_new_work() or self.run_until_idle() == 0:
                stop.wait(poll_seconds)

    def lags(self) -> dict[str, int]:
        """Return the number of waiting events of each consumer."""
        with reading(self._engine) as connection:
            return {worker.name: self._log.lag(connection, worker.name, worker.topics) for worker in self._workers}

    def not_ready(self) -> list[str]:
        """Return a message for each consumer that is far behind."""
        return [f"{name}: {lag} events wait" for name, lag in self.lags().items() if lag > FAR_BEHIND]

    def prune(self) -> int:
        """Delete events past their topic's retention that every consumer has read; return their number."""
        with self._engine.begin() as connection:
            now = self._clock.now()
            readers = {worker.name: worker.topics for worker in self._workers}
            return self._log.prune(connection, now, readers, self._erased(connection, now))

    def _has_new_work(self) -> bool:
        with reading(self._engine) as connection:
            end = self._log.end(connection)
            asked = bool(self._letters.asked(connection))
        now = self._clock.now()
        if not asked and end == self._seen_end and not any(worker.is_due(now) for worker in self._workers):
            return False
        self._seen_end = end
        return True

    def _run_once(self, workers: Sequence[_Worker]) -> int:
        done = 0
        for worker in workers:
            while True:
                with reading(self._engine) as connection:
                    after = self._log.offset(connection, worker.name)
                    if not self._log.has_more(connection, worker.topics, after=after):
                        break
                with self._engine.begin() as connection:
                    count, out = worker.work(connection)
                self._notify(out)
                done += count
        return done

    def _fire_due(self, workers: Sequence[_Worker]) -> bool:
        now = self._clock.now()
        for worker in workers:
            if worker.is_due(now):
                with self._engine.begin() as connection:
                    out = worker.fire(connection, now)
                self._notify(out)
                return True
        return False

    def _replay(self, workers: Sequence[_Worker]) -> bool:
        """Process again the events for which somebody asked, each in a transaction of its own.

        An event that fails again becomes a new dead letter, of the next attempt.
        """
        by_name = {worker.name: worker for worker in workers}
        with reading(self._engine) as connection:
            letters = [letter for letter in self._letters.asked(connection) if letter.consumer in by_name]
        for letter in letters:
            with self._engine.begin() as connection:
                out = by_name[letter.consumer].again(connection, letter)
                self._letters.drop(connection, [letter.id], self._clock.now())
            self._notify(out)
        return bool(letters)

    def _notify(self, out: Sequence[AnyEvent]) -> None:
        if out and self._on_events is not None:
            self._on_events(out)


class _Quarantine:
    """Stores events that can't be processed as dead letters, within the limit."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._letters = DeadLetters()
        self._clock = clock
        self._limit = DeadLetterLimit()
        with reading(engine) as connection:
            self._limit.restore(self._letters.pending_since(connection, window_start(clock.now())))

    def put(
        self,
        connection: Connection,
        consumer: str,
        version: int,
        stored: StoredEvent | DeadLetter,
        error: Exception,
        attempt: int = 1,
    ) -> None:
        now = self._clock.now()
        self._limit.add(now, f"{consumer}, {stored.topic}/{stored.seq}: {error}")
        letter = DeadLetter(
            consumer=consumer,
            version=version,
            topic=stored.topic,
            seq=stored.seq,
            payload=stored.payload,
            reason=str(error),
            place=type(error).__name__,
            at=now,
            attempt=attempt,
        )
        self._letters.add(connection, letter)


class _Worker:
    """A consumer of the log. It reads after its offset and commits its results together with the new offset."""

    name: str
    topics: tuple[str, ...]

    def work(self, connection: Connection) -> tuple[int, list[AnyEvent]]:
        raise NotImplementedError

    def again(self, connection: Connection, letter: DeadLetter) -> list[AnyEvent]:
        """Process an event that failed; if it fails again, it becomes a dead letter of the next attempt."""
        raise NotImplementedError

    def is_due(self, now: datetime) -> bool:
        return False

    def fire(self, connection: Connection, now: datetime) -> list[AnyEvent]:
        return []


class _ProcessorWorker(_Worker):
    def __init__(
        self, engine: Engine, processor: AnyProcessor, log: EventLog, quarantine: _Quarantine, batch: int
    ) -> None:
        self.name = processor.name
        self.topics = processor.inputs + processor.references
        self._processor = processor
        self._log = log
        self._quarantine = quarantine
        self._batch = batch
        self._store = StateStore()
        self._cache: OrderedDict[str, Any] = OrderedDict()
        self._connection: Connection | None = None
        with reading(engine) as connection:
            timers = Timers(self._store.timers(connection, processor.name))
            self._stepper = Stepper(processor, self._fetch, timers)
            self._offset = log.offset(connection, self.name)
            self._restore_references(connection)

    def work(self, connection: Connection) -> tuple[int, list[AnyEvent]]:
        self._connection = connection
        batch = self._log.read(connection, self.topics, after=self._offset, limit=self._batch)
        if not batch:
            return 0, []
        out: list[AnyEvent] = []
        for stored in batch:
            try:
                event = decode(stored.topic, stored.payload)
                if stored.topic in self._processor.references:
                    self._processor.update_reference(event)
                else:
                    out.extend(self._stepper.step(event))
            except (UnreadableEvent, KnownBadEvent) as error:
                self._quarantine.put(connection, self.name, self._processor.version, stored, error)
        self._write(connection, out)
        self._log.commit(connection, self.name, batch[-1].seq)
        self._offset = batch[-1].seq
        return len(batch), out

    def again(self, connection: Connection, letter: DeadLetter) -> list[AnyEvent]:
        self._connection = connection
        out: list[AnyEvent] = []
        try:
            event = decode(letter.topic, letter.payload)
            if letter.topic not in self._processor.references:
                out.extend(self._stepper.step(event))
            elif self._log.is_newest(connection, letter.topic, letter.seq):
                self._processor.update_reference(event)
        except (UnreadableEvent, KnownBadEvent) as error:
            version = self._processor.version
            self._quarantine.put(connection, self.name, version, letter, error, letter.attempt + 1)
        self._write(connection, out)
        return out

    def is_due(self, now: datetime) -> bool:
        earliest = self._stepper.timers.earliest()
        return earliest is not None and earliest <= now

    def fire(self, connection: Connection, now: datetime) -> list[AnyEvent]:
        self._connection = connection
        out = list(self._stepper.fire(now))
        self._write(connection, out)
        return out

    def _write(self, connection: Connection, out: Sequence[AnyEvent]) -> None:
        touched = self._stepper.touched
        rows = [
            StateRow(key, self._processor.dump(state), self._processor.next_tick(state))
            for key, state in touched.items()
        ]
        if rows:
            self._store.put(connection, self.name, rows)
        self._log.publish(connection, out)
        for key, state in touched.items():
            self._cache[key] = state
            self._cache.move_to_end(key)
        while len(self._cache) > CACHED_STATES:
            self._cache.popitem(last=False)
        touched.clear()

    def _fetch(self, key: str) -> Any | None:
        if key in self._cache:
            return self._cache[key]
        if self._connection is None:
            raise RuntimeError(f"{self.name}: a state was requested outside a transaction")
        raw = self._store.get(self._connection, self.name, key)
        return None if raw is None else self._processor.load(raw)

    def _restore_references(self, connection: Connection) -> None:
        """Feed the processor all reference events up to its offset again, in their original order."""
        for topic in self._processor.references:
            for event in self._log.scan(connection, topic, until=self._offset):
                self._processor.update_reference(event)


class _SinkWorker(_Worker):
    def __init__(self, sink: Sink, log: EventLog, quarantine: _Quarantine, batch: int) -> None:
        self.name = f"sink:{sink.name}"
        self.topics = sink.inputs
        self._sink = sink
        self._log = log
        self._quarantine = quarantine
        self._batch = batch

    def work(self, connection: Connection) -> tuple[int, list[AnyEvent]]:
        after = self._log.offset(connection, self.name)
        batch = self._log.read(connection, self.topics, after=after, limit=self._batch)
        for stored in batch:
            try:
                self._sink.apply(connection, decode(stored.topic, stored.payload))
            except (UnreadableEvent, KnownBadEvent) as error:
                self._quarantine.put(connection, self.name, 1, stored, error)
        if batch:
            self._log.commit(connection, self.name, batch[-1].seq)
        return len(batch), []

    def again(self, connection: Connection, letter: DeadLetter) -> list[AnyEvent]:
        try:
            self._sink.apply(connection, decode(letter.topic, letter.payload))
        except (UnreadableEvent, KnownBadEvent) as error:
            self._quarantine.put(connection, self.name, 1, letter, error, letter.attempt + 1)
        return []
