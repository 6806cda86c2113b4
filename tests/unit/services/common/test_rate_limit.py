from __future__ import annotations

import asyncio

from services.common.rate_limit import HostRateLimiter
from tests.patience import PATIENCE_SECONDS


async def starts(limiter: HostRateLimiter, *hosts: str) -> list[float]:
    moments: list[float] = []

    async def request(host: str) -> None:
        async with limiter.turn(host):
            moments.append(asyncio.get_running_loop().time())

    await asyncio.gather(*(request(host) for host in hosts))
    return moments


async def test_requests_to_one_host_start_an_interval_apart() -> None:
    first, _, third = await starts(HostRateLimiter(2, 0.05), "a", "a", "a")
    assert third - first >= 0.09


async def test_requests_to_different_hosts_do_not_wait_for_each_other() -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert len(await starts(HostRateLimiter(1, 2 * PATIENCE_SECONDS), "a", "b", "c")) == 3


async def test_at_most_so_many_requests_to_one_host_run_at_once() -> None:
    limiter, running, most = HostRateLimiter(2, 0.0), 0, 0

    async def request() -> None:
        nonlocal running, most
        async with limiter.turn("a"):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(request() for _ in range(6)))
    assert most == 2
