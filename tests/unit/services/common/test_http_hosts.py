"""The client for callers who post to many hosts and only need the status."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpcore
import httpx
import pytest

from services.common.dialer import PoolPerHost
from services.common.http import GuardedClient, HttpSettings
from tests.http_server import Reply, Request, serving
from tests.patience import PATIENCE_SECONDS

OPEN = HttpSettings(allow_private=("127.0.0.1",), host_interval_seconds=0.0, pool_per_host=True, cut_bodies=True)


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 1_000
        await asyncio.sleep(0)


async def _stuck() -> AsyncIterator[bytes]:
    yield b"start"
    await asyncio.sleep(60)


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        (Reply(200, stream=_endless), b"x" * 4_000),
        (Reply(200, stream=_stuck), b"start"),
        (Reply(200, b"no gzip at all", {"content-encoding": "gzip"}), b""),
        (Reply(200, b"short", {"content-length": "900"}), b"short"),
    ],
    ids=["endless", "stuck", "broken", "cut off"],
)
async def test_a_response_counts_whatever_its_body_is(reply: Reply, body: bytes) -> None:
    settings = HttpSettings(
        allow_private=("127.0.0.1",), cut_bodies=True, max_body_bytes=4_000, host_interval_seconds=0.0
    )
    async with serving(lambda _: reply) as server, GuardedClient(settings) as client:
        response = await client.request("POST", server.url(), content=b"{}")
    assert (response.status, response.body) == (200, body)


def _client(transport: PoolPerHost) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=transport, timeout=PATIENCE_SECONDS)


async def test_many_hosts_are_used_at_once_and_few_pools_are_kept() -> None:
    made: list[httpcore.AsyncConnectionPool] = []

    def make() -> httpcore.AsyncConnectionPool:
        made.append(httpcore.AsyncConnectionPool())
        return made[-1]

    def reply(request: Request) -> Reply:
        return Reply(200, request.path.encode(), after_seconds=0.1)

    async with serving(reply) as server, _client(PoolPerHost(make, kept=2)) as client:
        hosts = [f"http://{name}:{server.port}/" for name in ("127.0.0.1", "localhost")]
        responses = await asyncio.gather(*(client.get(f"{hosts[n % 2]}{n}") for n in range(8)))
        assert [response.text for response in responses] == [f"/{n}" for n in range(8)]
        assert len(made) == 2, "one for each host"
    async with serving(reply) as server, _client(PoolPerHost(make, kept=1)) as client:
        for host in ("127.0.0.1", "localhost", "127.0.0.1"):
            await client.get(f"http://{host}:{server.port}/")
        assert len(made) == 5, "an idle pool is closed"


async def test_a_guarded_client_can_be_closed_and_used_again() -> None:
    async with serving(lambda _: Reply(204)) as server:
        client = GuardedClient(OPEN)
        for _ in range(2):
            assert (await client.request("POST", server.url(), content=b"")).status == 204
            await client.aclose()
