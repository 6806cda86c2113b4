"""An endpoint's limits hold over all workers."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from services.notifier.webhooks import outbox
from services.notifier.webhooks.pace import free_slots, paced_until_after
from services.notifier.webhooks.selection import UNDER_WAY
from tests.http_server import Reply, Request, serving
from tests.patience import until
from tests.webhook_world import WebhookWorld, dismissed

START = datetime(2026, 3, 5, 9, tzinfo=UTC)


@given(
    st.sampled_from([0.2, 1.0, 3.0, 50.0, 1_000.0]),
    st.lists(st.tuples(st.floats(0, 2), st.integers(0, 200)), min_size=1, max_size=40),
)
def test_the_rate_is_exceeded_by_at_most_one_second(per_second: float, steps: list[tuple[float, int]]) -> None:
    until, now, begun = None, START, 0
    for rest, wanted in steps:
        now += timedelta(seconds=rest)
        taken = min(wanted, free_slots(until, per_second, now))
        until = paced_until_after(until, per_second, now, taken)
        begun += taken
        allowed = max(1.0, per_second) + per_second * (now - START).total_seconds()
        assert begun <= allowed + 0.01
        assert free_slots(until, per_second, now + timedelta(seconds=1 / per_second + 1)) >= 1, "it opens again"


async def test_two_workers_keep_the_concurrency_limit_together(database: Engine) -> None:
    world = WebhookWorld.on(database)
    there, most, met = 0, 0, asyncio.Event()

    async def busy() -> None:
        nonlocal there, most
        there += 1
        most = max(most, there)
        if there == 3:
            met.set()
        await met.wait()
        await asyncio.sleep(0.05)  # time for a fourth
        there -= 1

    async with serving(lambda _: Reply(after=busy)) as server:
        world.add(server.url(), concurrency=3, per_second=1_000.0)
        world.tell(*(dismissed(number) for number in range(24)))
        await deliver_with_two_workers(world, 24)
    assert len(server.requests) == 24
    assert most == 3


async def test_two_workers_keep_the_rate_limit_together(database: Engine) -> None:
    world = WebhookWorld.on(database)
    times: list[float] = []

    def answer(_: Request) -> Reply:
        times.append(time.monotonic())
        return Reply()

    async with serving(answer) as server:
        world.add(server.url(), concurrency=20, per_second=10.0)
        world.tell(*(dismissed(number) for number in range(18)))
        begun = time.monotonic()
        await deliver_with_two_workers(world, 18)
    assert len(times) == 18
    assert times[-1] - begun >= 0.7, "ten at once, then ten a second"


async def deliver_with_two_workers(world: WebhookWorld, count: int) -> None:
    """Let two workers deliver ``count`` webhooks."""
    stop = asyncio.Event()
    async with world.worker(sole=False) as one, world.worker(sole=False) as other:
        running = [asyncio.create_task(worker.run(stop)) for worker in (one, other)]
        await until(lambda: sum(row["status"] == "delivered" for row in world.deliveries()) == count)
        stop.set()
        await asyncio.gather(*running)


@pytest.mark.parametrize("ordered", [False, True])
def test_requests_of_another_worker_count(database: Engine, ordered: bool) -> None:
    world = WebhookWorld.on(database)
    endpoint = world.add("https://hooks.example/", concurrency=2, ordered=ordered)
    world.tell(*(dismissed(number) for number in range(5)))
    now = world.clock.now()
    with database.begin() as connection:
        assert len(outbox.claim(connection, {endpoint.id: 9}, now)) == (1 if ordered else 2)
    with database.begin() as connection:
        assert outbox.claim(connection, {endpoint.id: 9}, now) == []
    with database.begin() as connection:  # its worker must have been killed; order still holds what is behind it up
        assert len(outbox.claim(connection, {endpoint.id: 9}, now + UNDER_WAY)) == (0 if ordered else 2)
