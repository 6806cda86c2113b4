"""One processor in a worker: process fetched records in batches and carry out their effects."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from firstword.runtimes.dead_letter_limit import DeadLetterLimit
from firstword.runtimes.kafka.partition import BatchEffect, PartitionWorker
from firstword.runtimes.kafka.records import InboundRecord, OutboundRecord, PartitionId
from firstword.runtimes.kafka.states import Broker, States
from firstword.runtimes.kafka.values import peek
from services.common.clock import Clock
from services.common.logs import get_logger
from services.common.processing import AnyProcessor

__all__ = ["FetchedRecord", "Stage"]

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FetchedRecord:
    """A fetched record. ``done`` allows its offset to be committed; ``is_ours`` tells if we still own its partition."""

    record: InboundRecord
    done: Callable[[], object]
    is_ours: Callable[[], bool]


class Stage:
    """Processes one processor's records. ``states`` is None for a stateless processor."""

    def __init__(
        self,
        processor: AnyProcessor,
        broker: Broker,
        limit: DeadLetterLimit,
        clock: Clock,
        positions: dict[PartitionId, int],
        *,
        batch: int,
    ) -> None:
        self.processor = processor
        self.states: States | None = None
        self._broker = broker
        self._limit = limit
        self._clock = clock
        self._positions = positions
        self._batch = batch
        self._queue: asyncio.Queue[tuple[int, FetchedRecord]] = asyncio.Queue(maxsize=2 * batch)
        self._generation = 0
        self._lock = asyncio.Lock()
        self._workers: dict[int, PartitionWorker] = {}

    async def put(self, record: FetchedRecord) -> None:
        """Queue a record; wait while the queue is full.

        A record is processed only in the generation in which it came, that is until the next rebalance. Afterwards,
        Kafka delivers uncommitted records again. Processing some of the old ones would let Faust commit past others
        that were dropped.
        """
        await self._queue.put((self._generation, record))

    async def run(self) -> None:
        """Process forever. Raise any error of a processor or the broker; no record of that batch is ``done`` then."""
        while True:
            queued = [await self._queue.get()]
            while len(queued) < self._batch and not self._queue.empty():
                queued.append(self._queue.get_nowait())
            try:
                async with self._lock:
                    await self._process(queued)
            finally:
                for _ in queued:
                    self._queue.task_done()

    async def idle(self) -> None:
        """Wait until all queued records are processed."""
        await self._queue.join()

    async def assign(self, partitions: Iterable[int]) -> None:
        """Take over partitions whose states are in the table, and send outputs that a crash kept back."""
        async with self._lock:
            self._workers.clear()
            numbers = sorted(partitions)
            if self.states is not None:
                numbers = await self.states.claim(numbers)
            positions = await self._broker.positions(
                (topic, number) for topic in self.processor.inputs for number in numbers
            )
            self._positions.update(positions)
            due: dict[int, list[Any]] = {number: [] for number in numbers}
            ticked: dict[int, list[str]] = {number: [] for number in numbers}
            for key, raw in self.states.items() if self.states else ():
                number, due_at, unconfirmed = peek(raw)
                if due_at is not None and number in due:
                    due[number].append((due_at, key))
                if unconfirmed and number in ticked:
                    ticked[number].append(key)
            for number in numbers:
                self._workers[number] = self._worker(number, positions, due[number])
            await self._carry_out(
                {n: self._workers[n].resend_ticks(sorted(keys)) for n, keys in ticked.items() if keys}
            )

    async def revoke(self) -> None:
        """Give up all partitions once the current batch is done."""
        async with self._lock:
            self._generation += 1
            self._workers.clear()
            if self.states is not None:
                self.states.release()
            for topic, number in list(self._positions):
                if topic in self.processor.inputs:
                    del self._positions[topic, number]

    async def tick(self) -> None:
        """Fire timers that are due by the clock, in partitions where no record waits. Waiting records come first."""
        now = self._clock.now()
        if not any(worker.is_due(now) for worker in self._workers.values()):
            return
        async with self._lock:
            due = [number for number, worker in self._workers.items() if worker.is_due(now)]
            ends = await self._broker.ends((topic, number) for topic in self.processor.inputs for number in due)
            idle = [
                number
                for number in due
                if all(
                    self._positions.get((topic, number), 0) >= ends[topic, number] for topic in self.processor.inputs
                )
            ]
            await self._carry_out({number: self._workers[number].fire(now) for number in idle})

    async def check_ownership(self) -> None:
        """Repair what superseded workers have written to our partitions.

        Raises:
            Superseded: this worker is the superseded one.
        """
        if self.states is None or not await self.states.has_foreign_records(list(self._workers)):
            return
        async with self._lock:
            await self.states.check_ownership(list(self._workers))

    async def _process(self, queued: Sequence[tuple[int, FetchedRecord]]) -> None:
        ours = [fetched for generation, fetched in queued if generation == self._generation and fetched.is_ours()]
        by_partition: dict[int, list[InboundRecord]] = {}
        for fetched in ours:
            by_partition.setdefault(fetched.record.partition, []).append(fetched.record)
        now = self._clock.now()
        effects = {}
        for number, records in by_partition.items():
            if self.processor.stateful and number not in self._workers:
                raise RuntimeError(f"{self.processor.name}: a record of partition {number} came before its states")
            worker = self._workers.setdefault(number, self._worker(number, {}, ()))
            effects[number] = worker.process(records, now)
        await self._carry_out(effects)
        for fetched in ours:
            fetched.done()
            record = fetched.record
            self._positions[record.topic, record.partition] = record.offset + 1

    async def _carry_out(self, effects: dict[int, BatchEffect]) -> None:
        """Write and send in the order that :mod:`firstword.runtimes.kafka.partition` requires."""
        letters = [letter for effect in effects.values() for letter in effect.letters]
        for letter in letters:
            self._limit.add(letter.at, letter.failure)
        await self._write({number: effect.states for number, effect in effects.items()})
        outputs = [out for effect in effects.values() for out in effect.outputs]
        await self._send([*outputs, *(letter.to_record() for letter in letters)])
        for letter in letters:
            log.warning(
                "A record went to the dead letters.",
                action="record.dead_lettered",
                consumer=letter.consumer,
                topic=letter.record.topic,
                reason=letter.reason,
            )
        await self._write({number: self._workers[number].confirm(effect) for number, effect in effects.items()})

    async def _write(self, states: dict[int, dict[str, bytes]]) -> None:
        if self.states is not None and any(states.values()):
            await self.states.write(states)

    async def _send(self, outputs: Sequence[OutboundRecord]) -> None:
        await asyncio.gather(*[await self._broker.send(out) for out in outputs])

    def _worker(self, number: int, positions: dict[PartitionId, int], timers: Iterable[Any]) -> PartitionWorker:
        committed = {topic: positions.get((topic, number), 0) for topic in self.processor.inputs}

        def load(key: str) -> bytes | None:
            return self.states.get(number, key) if self.states is not None else None

        return PartitionWorker(self.processor, number, load, committed, timers)
