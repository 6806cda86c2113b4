"""Slow and idle connections to the desk, over real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from firstword.connections import LimitedProtocol
from firstword.system import DeskServer
from tests.patience import PATIENCE_SECONDS, pass_time

REQUEST = b"GET / HTTP/1.1\r\nHost: desk\r\n\r\n"


class Limited(LimitedProtocol):
    request_seconds = 5 * PATIENCE_SECONDS
    max_connections = 20


class Slowly:
    """An app that answers, at /slow only when it is told to."""

    def __init__(self) -> None:
        self.asked, self.answer = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            self.asked.set()
            await self.answer.wait()
        await app(scope, receive, send)


async def app(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def serving(app: Any = app) -> AsyncIterator[int]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, http=Limited, log_config=None, lifespan="off", timeout_graceful_shutdown=1, timeout_keep_alive=3_600
    )
    server, stop = DeskServer(config), asyncio.Event()
    running = asyncio.create_task(server.run_until(stop, listening))
    await server.up.wait()
    try:
        yield listening.getsockname()[1]
    finally:
        stop.set()
        await running
        listening.close()


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port)


async def answer(port: int, request: bytes = REQUEST) -> bytes:
    reader, writer = await connect(port)
    writer.write(request)
    status = await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)
    await close(writer)
    return status


async def close(*writers: asyncio.StreamWriter) -> None:
    for writer in writers:
        writer.transport.abort()
    await asyncio.sleep(0)


async def is_closed(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(1), PATIENCE_SECONDS) == b""
    except (ConnectionResetError, BrokenPipeError):
        return True


async def test_idle_connections_beyond_the_limit_harm_nobody() -> None:
    async with serving() as port:
        idle = [await connect(port) for _ in range(100)]
        assert await answer(port) == b"HTTP/1.1 200 OK\r\n"
        assert await is_closed(idle[0][0])
        await close(*(writer for _, writer in idle))


async def test_a_request_that_is_under_way_keeps_its_connection() -> None:
    slowly = Slowly()
    async with serving(slowly) as port:
        slow = asyncio.create_task(answer(port, REQUEST.replace(b"GET /", b"GET /slow")))
        await slowly.asked.wait()
        idle = [await connect(port) for _ in range(60)]
        assert await is_closed(idle[0][0])
        slowly.answer.set()
        assert await slow == b"HTTP/1.1 200 OK\r\n"
        await close(*(writer for _, writer in idle))


async def test_a_request_must_arrive_in_time() -> None:
    async with serving() as port:
        for beginning in (
            b"",
            b"GET / HTTP/1.1\r\nHost: de",
            b"POST / HTTP/1.1\r\nHost: desk\r\nContent-Length: 10\r\n\r\nab",
        ):
            reader, writer = await connect(port)
            writer.write(beginning)
            await asyncio.sleep(0.1)  # time to arrive
            pass_time(Limited.request_seconds)
            assert await is_closed(reader)
            await close(writer)
        reader, writer = await connect(port)
        for byte in REQUEST[:20]:  # a byte now and then does not extend the time
            writer.write(bytes([byte]))
            await asyncio.sleep(0.01)
            pass_time(Limited.request_seconds / 15)
        assert await is_closed(reader)
        await close(writer)


async def test_a_connection_serves_several_requests() -> None:
    async with serving() as port:
        reader, writer = await connect(port)
        for _ in range(3):
            writer.write(REQUEST)
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            await reader.readuntil(b"ok")
            pass_time(Limited.request_seconds)
        await close(writer)
