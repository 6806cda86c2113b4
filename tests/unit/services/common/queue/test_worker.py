"""A worker claims what is due, attempts it, and records how that ended, come what may."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, RowMapping
from sqlalchemy.exc import OperationalError

from services.common.queue.outcome import Outcome
from services.common.queue.work import Attempt, Finished
from services.common.queue.worker import QueueWorker
from tests.patience import PATIENCE_SECONDS
from tests.unit.services.common.queue.world import DELIVERED, NOW, QueueWorld


class Job:
    """Attempts that all succeed; the first ``outages`` recordings fail, as if the database were away."""

    def __init__(self, world: QueueWorld, outages: int = 0) -> None:
        self.world = world
        self.attempted: list[str] = []
        self.most_at_once = self.at_once = 0
        self.meet: asyncio.Barrier | None = None
        self._outages = outages

    def worker(self, concurrent: int = 1) -> QueueWorker[RowMapping]:
        world = self.world
        return QueueWorker(
            "tests", world.engine, world.clock, world.queue, world.queue.claim_one, self.attempt, self.finish,
            concurrent=concurrent,
        )  # fmt: skip

    async def attempt(self, row: RowMapping) -> Outcome:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if self.meet is not None:
            await self.meet.wait()
        self.at_once -= 1
        self.attempted.append(row["id"])
        return DELIVERED

    def finish(self, connection: Connection, row: RowMapping, outcome: Outcome, now: datetime) -> None:
        if self._outages > 0:
            self._outages -= 1
            raise OperationalError("UPDATE", {}, Exception("the database is away"))
        self.world.queue.finish(connection, [Finished(Attempt(row["id"], row["attempts"]), outcome)], now)


@pytest.fixture
def world(database: Engine) -> QueueWorld:
    made = QueueWorld.on(database, "at_most_once")
    made.add("a", "b", "c", "d")
    return made


async def test_what_is_due_is_attempted_once(world: QueueWorld) -> None:
    job = Job(world)
    workers = [job.worker() for _ in range(3)]
    assert sum(await asyncio.gather(*(worker.work_due() for worker in workers))) == 4
    assert sorted(job.attempted) == ["a", "b", "c", "d"]
    assert [world.row(id)["status"] for id in "abcd"] == ["delivered"] * 4


async def test_no_more_than_allowed_is_attempted_at_once(world: QueueWorld) -> None:
    job = Job(world)
    job.meet = asyncio.Barrier(2)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await job.worker(concurrent=2).work_due()
    assert job.most_at_once == 2


async def test_an_outage_after_an_attempt_repeats_the_recording_and_not_the_attempt(world: QueueWorld) -> None:
    job = Job(world, outages=1)
    assert await job.worker().work_due() == 4
    assert job.attempted == ["a", "b", "c", "d"]
    assert [world.row(id)["status"] for id in "abcd"] == ["delivered"] * 4


async def test_attempts_that_never_ended_are_recovered_by_their_age(world: QueueWorld) -> None:
    world.claim("a")
    world.clock.advance(minutes=5)
    worker = Job(world).worker()
    assert worker.recover_older_than(timedelta(minutes=6)) == 0
    assert worker.recover_older_than(timedelta(minutes=5)) == 1
    assert world.row("a")["status"] == "unknown"
    assert world.clock.now() == NOW + timedelta(minutes=5)
