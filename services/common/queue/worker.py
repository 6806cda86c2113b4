"""Process a queue item by item: claim, attempt, record the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from sqlalchemy import Connection, Engine

from services.common.clock import Clock
from services.common.db import reading
from services.common.logs import get_logger
from services.common.queue.loop import until_recorded
from services.common.queue.outcome import Outcome
from services.common.queue.work import WorkQueue

__all__ = ["QueueWorker", "recover_older_than"]

log = get_logger(__name__)

C = TypeVar("C")


Recover = Callable[[Connection, datetime, datetime], Sequence[object]]


def recover_older_than(
    age: timedelta, engine: Engine, clock: Clock, queue: WorkQueue, name: str, recover: Recover | None = None
) -> int:
    """End the attempts that began at least ``age`` ago and never ended, by default with ``queue.recover``.

    Return how many there were.
    """
    now = clock.now()
    with reading(engine) as connection:
        if not queue.stuck(connection, now - age):
            return 0
    with engine.begin() as connection:
        count = len((recover or queue.recover)(connection, now, now - age))
    log.warning("Attempts were interrupted.", action="attempts.recovered", component=name, count=count)
    return count


@dataclass(frozen=True, slots=True)
class QueueWorker(Generic[C]):
    """Takes what is due from ``queue``, at most ``limit`` items a round and ``concurrent`` at once.

    ``claim`` begins an attempt at the work with an id, and returns what ``attempt`` needs, or None if it is no longer
    due. ``finish`` records the outcome. ``recover`` ends attempts that never ended
    (:func:`recover_older_than`). All but ``attempt`` run in a transaction.
    """

    name: str
    engine: Engine
    clock: Clock
    queue: WorkQueue
    claim: Callable[[Connection, str, datetime], C | None]
    attempt: Callable[[C], Awaitable[Outcome]]
    finish: Callable[[Connection, C, Outcome, datetime], object]
    recover: Recover | None = None
    limit: int | None = None
    concurrent: int = 1

    async def work_due(self) -> int:
        """Attempt what is due; return how many attempts were made."""
        gate = asyncio.Semaphore(self.concurrent)

        async def attempt(work_id: str) -> bool:
            async with gate:
                return await self._attempt(work_id)

        ids = await asyncio.to_thread(self._due)
        return sum(await asyncio.gather(*(attempt(work_id) for work_id in ids)))

    def recover_older_than(self, age: timedelta) -> int:
        """End the attempts that began at least ``age`` ago and never ended; return how many."""
        return recover_older_than(age, self.engine, self.clock, self.queue, self.name, self.recover)

    def _due(self) -> Sequence[str]:
        with reading(self.engine) as connection:
            return self.queue.due(connection, self.clock.now(), self.limit)

    async def _attempt(self, work_id: str) -> bool:
        claimed = await asyncio.to_thread(self._claim, work_id)
        if claimed is None:  # another worker has it
            return False
        outcome = await self.attempt(claimed)
        await until_recorded(lambda: self._finish(claimed, outcome), name=self.name)
        return True

    def _claim(self, work_id: str) -> C | None:
        with self.engine.begin() as connection:
            return self.claim(connection, work_id, self.clock.now())

    def _finish(self, claimed: C, outcome: Outcome) -> None:
        with self.engine.begin() as connection:
            self.finish(connection, claimed, outcome, self.clock.now())
