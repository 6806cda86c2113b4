"""A small HTTP server on a loopback port, for tests with real sockets. The reply is a function of the request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.patience import pass_time


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """A reply. `stream`, if given, is sent instead of `body`, without a Content-Length.

    The server waits `after_seconds`, and for `after`, before it sends anything; with `dropped` it closes the connection
    without a reply. With `silent_seconds` it never replies, and so much time passes for the client at once.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: Callable[[], AsyncIterator[bytes]] | None = None
    after_seconds: float = 0.0
    after: Callable[[], Awaitable[object]] | None = None
    silent_seconds: float = 0.0
    dropped: bool = False


@dataclass
class Server:
    port: int
    answer: Callable[[Request], Reply]
    requests: list[Request] = field(default_factory=list)

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            request = await _read(reader)
            self.requests.append(request)
            reply = self.answer(request)
            if reply.silent_seconds:
                pass_time(reply.silent_seconds)
                await asyncio.Event().wait()
            if reply.after is not None:
                await reply.after()
            await asyncio.sleep(reply.after_seconds)
            if not reply.dropped:
                await _write(writer, reply)
        writer.close()


@asynccontextmanager
async def serving(answer: Callable[[Request], Reply] | Mapping[str, Reply]) -> AsyncIterator[Server]:
    """Serve `answer` (a function, or replies by path; other paths are 404) on a free port."""
    if isinstance(answer, Mapping):
        replies = answer
        server = Server(0, lambda request: replies.get(request.path, Reply(404, b"nothing here")))
    else:
        server = Server(0, answer)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await server.serve(reader, writer)
        finally:
            tasks.discard(task)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


async def _write(writer: asyncio.StreamWriter, reply: Reply) -> None:
    headers = {"connection": "close", **reply.headers}
    if reply.stream is None and reply.status not in (204, 304):
        headers.setdefault("content-length", str(len(reply.body)))
    head = f"HTTP/1.1 {reply.status} Status\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(head.encode("latin-1") + b"\r\n")
    if reply.stream is None:
        writer.write(reply.body)
        await writer.drain()
        return
    async for chunk in reply.stream():
        writer.write(chunk)
        await writer.drain()
