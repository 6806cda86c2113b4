"""The loop of all queue workers: it recovers first, wakes early, outlives outages, and ends in order."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from services.common.queue.loop import Recovery, poll, until_recorded
from tests.patience import PATIENCE_SECONDS

NEVER = 600.0
AWAY = OperationalError("SELECT 1", {}, Exception("the database is away"))
LOST_AFTER = timedelta(minutes=4)


async def run(work, stop: asyncio.Event, every_seconds: float = NEVER, **options) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(PATIENCE_SECONDS):
        await poll(work, stop, name="tests", every_seconds=every_seconds, **options)


async def test_work_is_repeated_until_the_stop() -> None:
    stop, rounds = asyncio.Event(), 0

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            stop.set()

    await run(work, stop, every_seconds=0.001)
    assert rounds == 3


async def test_a_wake_up_ends_the_pause() -> None:
    stop, wake, rounds = asyncio.Event(), asyncio.Event(), 0

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        (wake if rounds == 1 else stop).set()

    await run(work, stop, wake=wake)
    assert rounds == 2


async def test_an_outage_is_waited_for() -> None:
    stop, rounds = asyncio.Event(), 0

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        if rounds < 3:
            raise AWAY
        stop.set()

    await run(work, stop, every_seconds=0.001)
    assert rounds == 3


async def test_the_stop_ends_it_during_an_outage() -> None:
    stop = asyncio.Event()

    async def work() -> None:
        asyncio.get_running_loop().call_soon(stop.set)
        raise AWAY

    await run(work, stop)


async def test_any_other_failure_ends_the_loop() -> None:
    async def work() -> None:
        raise ValueError("a mistake of ours")

    with pytest.raises(ValueError, match="a mistake"):
        await run(work, asyncio.Event())


@pytest.mark.parametrize("sole", [True, False])
async def test_recovery_comes_first_and_by_age_unless_the_worker_is_alone(sole: bool) -> None:
    stop, ages = asyncio.Event(), list[timedelta]()

    def recover(age: timedelta) -> None:
        ages.append(age)
        if len(ages) == 1:
            raise AWAY
        if len(ages) == 3:
            stop.set()

    async def work() -> None:
        assert len(ages) == 2

    await run(work, stop, every_seconds=0.001, recovery=Recovery(recover, LOST_AFTER, sole))
    first = timedelta(0) if sole else LOST_AFTER
    assert ages == [first, first, LOST_AFTER], "an outage does not use up the recovery at the start"


async def test_a_stopped_worker_still_recovers_once() -> None:
    stop, ages = asyncio.Event(), list[timedelta]()
    stop.set()

    async def work() -> None:
        raise AssertionError("nothing new is begun")

    await run(work, stop, recovery=Recovery(ages.append, LOST_AFTER, sole=True))
    assert ages == [timedelta(0)]


async def test_what_is_under_way_is_finished_after_the_stop() -> None:
    stop, left = asyncio.Event(), 3
    stop.set()

    async def work() -> None:
        nonlocal left
        left -= 1

    await run(work, stop, every_seconds=0.001, under_way=lambda: left > 0)
    assert left == 0


async def test_a_step_is_finished_or_abandoned_at_the_stop() -> None:
    ends = []
    for abandon in (False, True):
        stop, finished = asyncio.Event(), False

        async def work() -> None:
            nonlocal finished
            stop.set()  # noqa: B023 - it runs within this round
            await asyncio.sleep(NEVER if abandon else 0.05)  # noqa: B023
            finished = True

        await run(work, stop, abandon=abandon)
        ends.append(finished)
    assert ends == [True, False]


async def test_an_outcome_is_kept_until_it_is_recorded() -> None:
    tries = 0

    def write() -> str:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise AWAY
        return "recorded"

    assert await until_recorded(write, name="tests", retry_seconds=0.001) == "recorded"
    assert tries == 3
