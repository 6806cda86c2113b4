"""Connecting only where it is allowed: names are resolved here, and the very address that was checked is connected to.

Between the check and the connection no second look-up takes place, so a DNS answer that changes in between (rebinding)
gains nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter, OrderedDict
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Any, Protocol

import httpcore
import httpx

from services.common.addresses import Allowed, forbidden_because
from services.common.http_errors import ConnectionFailed, ForbiddenAddress, NameUnknown, timed_out

__all__ = ["GuardedBackend", "PoolPerHost", "PoolTransport", "Resolver", "SystemResolver"]

#: Of a host with many addresses, so many are tried.
MOST_ADDRESSES = 4
#: As httpcore's own interface has it.
SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class Resolver(Protocol):
    """Knows the addresses of a host."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """The numeric addresses of ``host``, best first.

        Raises:
            OSError: the name is unknown, or nobody answers.
        """
        ...


class SystemResolver:
    """What the operating system answers."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """httpcore's dialer, with the check in it."""

    def __init__(self, allowed: Allowed, resolver: Resolver, connect_seconds: float) -> None:
        self._allowed = allowed
        self._resolver = resolver
        self._connect_seconds = connect_seconds
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first checked address that answers.

        Raises:
            NameUnknown, ForbiddenAddress, TimedOut, ConnectionFailed: with the reason.
        """
        try:
            async with asyncio.timeout(self._connect_seconds):
                addresses = self._checked(host, await self._addresses(host, port), port)
                return await self._connect(addresses, port, local_address, socket_options)
        except TimeoutError:
            raise timed_out(host, self._connect_seconds) from None

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise ForbiddenAddress(f"{path} is a socket of this machine, which is never connected to.")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            return (str(ip_address(host.strip("[]"))),)
        except ValueError:
            pass
        try:
            addresses = await self._resolver.resolve(host, port)
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise NameUnknown(
                f"the host {host} can't be found ({reason}).",
                fix="Check the spelling; if other hosts fail too, check this machine's network and DNS.",
            ) from error
        if not addresses:
            raise NameUnknown(f"the host {host} has no address.", fix="Check the spelling.")
        return addresses

    def _checked(self, host: str, addresses: Sequence[str], port: int) -> list[str]:
        refused = {address: forbidden_because(host, address, port, self._allowed) for address in addresses}
        good = [address for address, reason in refused.items() if reason is None]
        if not good:
            address, reason = next(iter(refused.items()))
            raise ForbiddenAddress(
                f"{host} leads to {address}, {reason}, which is not fetched from.",
                fix=f"If this is meant, allow {host}:{port} in the settings (allow_private).",
            )
        return good

    async def _connect(
        self, addresses: Sequence[str], port: int, local: str | None, options: Iterable[SocketOption] | None
    ) -> httpcore.AsyncNetworkStream:
        # A first address that swallows packets (often the IPv6 one) must leave time for the others.
        tried = addresses[:MOST_ADDRESSES]
        share = self._connect_seconds / len(tried)
        failure: Exception | None = None
        for address in tried:
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout=share, local_address=local, socket_options=options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout, OSError) as error:
                failure = failure or error
        raise failure or ConnectionFailed("no address to connect to.")


class PoolTransport(httpx.AsyncBaseTransport):
    """An httpcore pool as httpx's transport, for httpx's own lets nobody choose the dialer.

    Errors of httpcore go through as they are.
    """

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)  # noqa: S101 - httpx' AsyncClient never sends another
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class PoolPerHost(httpx.AsyncBaseTransport):
    """A pool of its own for each host, made by ``make`` when it is first needed.

    httpcore's pool looks through all of its connections for every request; with hundreds of hosts at once that takes
    longer than the requests. Of hosts that nothing is under way to, those idle longest are dropped beyond ``kept``: as
    many as leave room in the 1,024 files that a process may usually have open.
    """

    def __init__(self, make: Callable[[], httpcore.AsyncConnectionPool], kept: int = 128) -> None:
        self._make = make
        self._kept = kept
        self._pools: OrderedDict[tuple[bytes, int | None], httpcore.AsyncConnectionPool] = OrderedDict()
        self._users: Counter[tuple[bytes, int | None]] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        key = (request.url.raw_host, request.url.port)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = self._make()
        self._pools.move_to_end(key)
        self._users[key] += 1
        try:
            await self._drop_idle()
            answer = await PoolTransport(pool).handle_async_request(request)
        except BaseException:
            self._leave(key)
            raise
        assert isinstance(answer.stream, httpx.AsyncByteStream)  # noqa: S101 - an asynchronous transport's
        return httpx.Response(
            status_code=answer.status_code,
            headers=answer.headers,
            stream=_Closing(answer.stream, lambda: self._leave(key)),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    def _leave(self, key: tuple[bytes, int | None]) -> None:
        self._users[key] -= 1
        if self._users[key] <= 0:
            del self._users[key]

    async def _drop_idle(self) -> None:
        while len(self._pools) > self._kept:
            idle = next((key for key in self._pools if key not in self._users), None)
            if idle is None:
                return
            await self._pools.pop(idle).aclose()


class _Closing(httpx.AsyncByteStream):
    """A body that says, once, that it was closed."""

    def __init__(self, inner: httpx.AsyncByteStream, closed: Callable[[], None]) -> None:
        self._inner = inner
        self._closed: Callable[[], None] | None = closed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._inner:
            yield part

    async def aclose(self) -> None:
        closed, self._closed = self._closed, None
        try:
            await self._inner.aclose()
        finally:
            if closed is not None:
                closed()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        stream: Any = self._answer.stream
        assert isinstance(stream, AsyncIterable)  # noqa: S101 - an asynchronous pool answers so
        async for part in stream:
            yield part

    async def aclose(self) -> None:
        await self._answer.aclose()
