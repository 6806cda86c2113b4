"""One processor in a worker: takes what has arrived, in batches, has it decided by partition, and carries that out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from firstword.runtimes.dead_letter_limit import DeadLetterLimit
from firstword.runtimes.kafka.partition import Decision, PartitionWorker
from firstword.runtimes.kafka.records import InboundRecord, OutboundRecord
from firstword.runtimes.kafka.states import Broker, States
from firstword.runtimes.kafka.values import peek
from firstword.runtimes.kafka.watch import At
from services.common.clock import Clock
from services.common.logs import get_logger
from services.common.processing import AnyProcessor

__all__ = ["FetchedRecord", "Stage"]

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FetchedRecord:
    """A record that was fetched. ``done`` lets its offset be committed; ``is_ours``: is its partition still ours?"""

    record: InboundRecord
    done: Callable[[], object]
    is_ours: Callable[[], bool]


class Stage:
    """Works one processor's records. ``states`` is None for a processor without any."""

    def __init__(
        self,
        processor: AnyProcessor,
        broker: Broker,
        limit: DeadLetterLimit,
        clock: Clock,
        positions: dict[At, int],
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
        self._term = 0
        self._lock = asyncio.Lock()
        self._workers: dict[int, PartitionWorker] = {}

    async def put(self, taken: FetchedRecord) -> None:
        """Queue a record; waits while too many do.

        It is worked with only within the term in which it came, from one rebalance to the next. After that, Kafka
        gives again what was not committed. If some of it were left out, and what lay behind it here were acknowledged,
        Faust would commit past what was left out.
        """
        await self._queue.put((self._term, taken))

    async def run(self) -> None:
        """Work for ever. Raises what a processor or the broker raises; nothing of that batch is ``done`` then."""
        while True:
            taken = [await self._queue.get()]
            while len(taken) < self._batch and not self._queue.empty():
                taken.append(self._queue.get_nowait())
            try:
                async with self._lock:
                    await self._work(taken)
            finally:
                for _ in taken:
                    self._queue.task_done()

    async def idle(self) -> None:
        """Wait until all that was queued is worked off."""
        await self._queue.join()

    async def assign(self, partitions: Iterable[int]) -> None:
        """Take these partitions over: their states are in the table. Says what a crash kept from being said."""
        async with self._lock:
            self._workers.clear()
            numbers = sorted(partitions)
            if self.states is not None:
                numbers = await self.states.claim(numbers)
            positions = await self._broker.positions((topic, at) for topic in self.processor.inputs for at in numbers)
            self._positions.update(positions)
            due: dict[int, list[Any]] = {number: [] for number in numbers}
            ticked: dict[int, list[str]] = {number: [] for number in numbers}
            for key, raw in self.states.items() if self.states else ():
                number, moment, unheard = peek(raw)
                if moment is not None and number in due:
                    due[number].append((moment, key))
                if unheard and number in ticked:
                    ticked[number].append(key)
            for number in numbers:
                self._workers[number] = self._worker(number, positions, due[number])
            await self._carry_out({n: self._workers[n].unheard(sorted(keys)) for n, keys in ticked.items() if keys})

    async def revoke(self) -> None:
        """Let go of every partition, after the batch in hand."""
        async with self._lock:
            self._term += 1
            self._workers.clear()
            if self.states is not None:
                self.states.release()
            for topic, number in list(self._positions):
                if topic in self.processor.inputs:
                    del self._positions[topic, number]

    async def tick(self) -> None:
        """Fire what is due by the clock, in partitions where no record waits: those come first, as they are older."""
        now = self._clock.now()
        if not any(worker.is_due(now) for worker in self._workers.values()):
            return
        async with self._lock:
            due = [number for number, worker in self._workers.items() if worker.is_due(now)]
            ends = await self._broker.ends((topic, at) for topic in self.processor.inputs for at in due)
            idle = [
                number
                for number in due
                if all(
                    self._positions.get((topic, number), 0) >= ends[topic, number] for topic in self.processor.inputs
                )
            ]
            await self._carry_out({number: self._workers[number].fire(now) for number in idle})

    async def look(self) -> None:
        """Find what a worker that doesn't know yet that it was superseded has written to our partitions.

        Raises:
            Superseded: that worker is this one.
        """
        if self.states is None or not await self.states.has_strangers(list(self._workers)):
            return
        async with self._lock:
            await self.states.look(list(self._workers))

    async def _work(self, taken: Sequence[tuple[int, FetchedRecord]]) -> None:
        ours = [one for term, one in taken if term == self._term and one.is_ours()]
        by_partition: dict[int, list[InboundRecord]] = {}
        for one in ours:
            by_partition.setdefault(one.record.partition, []).append(one.record)
        now = self._clock.now()
        decisions = {}
        for number, records in by_partition.items():
            if self.processor.stateful and number not in self._workers:
                raise RuntimeError(f"{self.processor.name}: a record of partition {number} before its states")
            worker = self._workers.setdefault(number, self._worker(number, {}, ()))
            decisions[number] = worker.work(records, now)
        await self._carry_out(decisions)
        for one in ours:
            one.done()
            self._positions[one.record.topic, one.record.partition] = one.record.offset + 1

    async def _carry_out(self, decisions: dict[int, Decision]) -> None:
        """The order of writing and sending that :mod:`firstword.runtimes.kafka.partition` demands."""
        letters = [letter for decision in decisions.values() for letter in decision.letters]
        for letter in letters:
            self._limit.add(letter.at, letter.failure)
        await self._write({number: decision.states for number, decision in decisions.items()})
        outputs = [out for decision in decisions.values() for out in decision.outputs]
        await self._send([*outputs, *(letter.to_record() for letter in letters)])
        for letter in letters:
            log.warning(
                "A record went to the dead letters.",
                action="record.dead_lettered",
                consumer=letter.consumer,
                topic=letter.record.topic,
                reason=letter.reason,
            )
        await self._write({number: self._workers[number].settled(decision) for number, decision in decisions.items()})

    async def _write(self, states: dict[int, dict[str, bytes]]) -> None:
        if self.states is not None and any(states.values()):
            await self.states.write(states)

    async def _send(self, outputs: Sequence[OutboundRecord]) -> None:
        await asyncio.gather(*[await self._broker.send(out) for out in outputs])

    def _worker(self, number: int, positions: dict[At, int], timers: Iterable[Any]) -> PartitionWorker:
        committed = {topic: positions.get((topic, number), 0) for topic in self.processor.inputs}

        def load(key: str) -> bytes | None:
            return self.states.get(number, key) if self.states is not None else None

        return PartitionWorker(self.processor, number, load, committed, timers)
