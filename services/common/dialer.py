"""Connects only to allowed addresses: resolves host names, checks the addresses, and connects to a checked one.

There is no second DNS lookup between check and connection, so an answer that changes in between (DNS rebinding) has no
effect.
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

from services.common.addresses import AllowedAddresses, refusal_reason
from services.common.http_errors import ConnectionFailed, ForbiddenAddress, HostNotFound, timed_out

__all__ = ["GuardedBackend", "PoolPerHost", "PoolTransport", "Resolver", "SystemResolver"]

#: Addresses of a host that are tried.
MOST_ADDRESSES = 4
#: The type in httpcore's interface.
SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class Resolver(Protocol):
    """Resolves host names."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Return the numeric addresses of ``host``, best first.

        Raises:
            OSError: the name is unknown, or no name server responds.
        """
        ...


class SystemResolver:
    """Resolves host names through the operating system."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return tuple(dict.fromkeys(str(address[0]) for *_, address in infos))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """A network backend for httpcore that checks addresses before connecting."""

    def __init__(self, allowed: AllowedAddresses, resolver: Resolver, connect_seconds: float) -> None:
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
        """Connect to the first allowed address that accepts the connection.

        Raises:
            HostNotFound, ForbiddenAddress, TimedOut, ConnectionFailed: the message has the reason.
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
        raise ForbiddenAddress(f"Connecting to {path}, a socket of this machine, is not allowed.")

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
            raise HostNotFound(
                f"The host {host} can't be found ({reason}).",
                fix="Check the spelling; if other hosts fail too, check this machine's network and DNS.",
            ) from error
        if not addresses:
            raise HostNotFound(f"The host {host} has no address.", fix="Check the spelling.")
        return addresses

    def _checked(self, host: str, addresses: Sequence[str], port: int) -> list[str]:
        refusals = {address: refusal_reason(host, address, port, self._allowed) for address in addresses}
        allowed = [address for address, reason in refusals.items() if reason is None]
        if not allowed:
            address, reason = next(iter(refusals.items()))
            raise ForbiddenAddress(
                f"{host} resolves to {address}, {reason}. Firstword does not connect there.",
                fix=f"If this is intended, add {host}:{port} to FIRSTWORD_ALLOW_PRIVATE.",
            )
        return allowed

    async def _connect(
        self, addresses: Sequence[str], port: int, local: str | None, options: Iterable[SocketOption] | None
    ) -> httpcore.AsyncNetworkStream:
        # A first address that drops packets (often the IPv6 one) must leave time for the others.
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
        raise failure or ConnectionFailed("There is no address to connect to.")


class PoolTransport(httpx.AsyncBaseTransport):
    """Wraps an httpcore pool as a transport for httpx, whose own transport does not let us choose the network backend.

    Errors of httpcore pass through unchanged.
    """

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)  # noqa: S101 - AsyncClient sends no other kind
        response = await self._pool.handle_async_request(
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
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class PoolPerHost(httpx.AsyncBaseTransport):
    """Keeps one pool per host, made by ``make`` on the first request.

    httpcore's pool iterates over all its connections for every request; with hundreds of hosts, that takes longer than
    the requests. Beyond ``kept`` pools, the ones idle longest are closed, so that the process stays within the usual
    limit of 1,024 open files.
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
            response = await PoolTransport(pool).handle_async_request(request)
        except BaseException:
            self._leave(key)
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - the transport is asynchronous
        return httpx.Response(
            status_code=response.status_code,
            headers=response.headers,
            stream=_NotifyingStream(response.stream, lambda: self._leave(key)),
            extensions=response.extensions,
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


class _NotifyingStream(httpx.AsyncByteStream):
    """A body that calls ``closed`` once, when it is closed."""

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
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        stream: Any = self._response.stream
        assert isinstance(stream, AsyncIterable)  # noqa: S101 - the pool is asynchronous
        async for part in stream:
            yield part

    async def aclose(self) -> None:
        await self._response.aclose()
