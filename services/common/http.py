"""The one client for everything that Firstword fetches or sends by HTTP.

It connects only to addresses that were checked, follows redirects itself and checks each hop, and bounds time, size and
unpacked size while reading. It keeps no cookies, and of the environment it heeds neither proxies nor certificates.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version
from ipaddress import ip_address
from types import TracebackType
from typing import Self

import httpcore
import httpx

from services.common.addresses import Allowed, forbidden_because, shown_url
from services.common.dialer import GuardedBackend, PoolPerHost, PoolTransport, Resolver, SystemResolver
from services.common.http_errors import (
    BadAddress,
    BrokenAnswer,
    ForbiddenAddress,
    RedirectLoop,
    TooLarge,
    explain,
    timed_out,
)
from services.common.pace import HostPace
from services.common.unpack import Broken, Unpacker

__all__ = ["Fetched", "GuardedClient", "HttpSettings"]

_PERMANENT = (301, 308)
_REDIRECTS = (301, 302, 303, 307, 308)
#: Not sent on to another host (RFC 9110, 15.4: remove what was meant for the first one).
_FOR_FIRST_HOST_ONLY = frozenset({"authorization", "cookie", "proxy-authorization"})
#: So long the beginning of a body is waited for where only the status counts.
CUT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Bounds of the client. ``total_seconds`` covers all hops of a request, but not the wait for one's turn.

    ``allow_private`` lists networks (``10.1.0.0/16``) and hosts (``feeds.intranet:8080``) that may be reached although
    they are private. ``proxy`` is the URL of a proxy; it then resolves names and has to guard them itself.
    ``cut_bodies`` is for those who want the status alone: a body that is large, slow or broken is cut off, and the
    answer counts. ``max_connections`` are those to all hosts, or, with ``pool_per_host``, to each.
    """

    total_seconds: float = 30.0
    connect_seconds: float = 10.0
    max_body_bytes: int = 10_000_000
    max_unpacked_bytes: int = 20_000_000
    max_redirects: int = 5
    host_concurrency: int = 2
    host_interval_seconds: float = 1.0
    max_connections: int = 200
    pool_per_host: bool = False
    cut_bodies: bool = False
    allow_private: tuple[str, ...] = ()
    user_agent: str | None = None
    ca_file: str | None = None
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, whatever its status. Header names are lower-case.

    ``url`` is where the body came from. ``permanent_url`` is where the asked address has moved for good, by redirects
    that say so; None if it has not.
    """

    status: int
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    permanent_url: str | None = None
    elapsed_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Ask:
    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    content: bytes | None


class GuardedClient:
    """Build one, share it, close it at the end (or use it as an asynchronous context manager)."""

    def __init__(self, settings: HttpSettings | None = None, *, resolver: Resolver | None = None) -> None:
        self.settings = settings or HttpSettings()
        allowed = self._allowed = Allowed.parse(self.settings.allow_private)
        context = httpx.create_ssl_context(trust_env=False)
        if self.settings.ca_file is not None:
            context.load_verify_locations(self.settings.ca_file)
        proxy = self._proxy()
        if proxy is not None:
            host, port = proxy.url.host.decode(), proxy.url.port or proxy.url.origin.port
            allowed = replace(allowed, hosts=allowed.hosts | {(host, port)})
        backend = GuardedBackend(allowed, resolver or SystemResolver(), self.settings.connect_seconds)

        def pool() -> httpcore.AsyncConnectionPool:
            return httpcore.AsyncConnectionPool(
                ssl_context=context,
                proxy=proxy,
                max_connections=self.settings.max_connections,
                max_keepalive_connections=min(50, self.settings.max_connections),
                keepalive_expiry=20.0,
                network_backend=backend,
            )

        self._transport = PoolPerHost(pool) if self.settings.pool_per_host else PoolTransport(pool())
        self._client = httpx.AsyncClient(
            transport=self._transport,
            trust_env=False,
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            headers={
                "user-agent": self.settings.user_agent or default_user_agent(),
                "accept-encoding": "gzip, deflate",
            },
            # Of these only the first is ever reached, in a TLS handshake: there httpcore must end by itself to close.
            timeout=httpx.Timeout(self.settings.total_seconds, connect=self.settings.connect_seconds, pool=None),
        )
        self._pace = self._new_pace()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections. The client may be used again, in another event loop too."""
        await self._transport.aclose()
        self._pace = self._new_pace()

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Fetched:
        """GET ``url``, following redirects. Any status is an answer, not an error.

        Raises:
            FetchFailed: nothing usable came; the subclass and the message say why.
        """
        return await self.request("GET", url, headers=headers)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Fetched:
        """One request. Redirects are followed for GET and HEAD; for others a 3xx is returned as any answer.

        Raises:
            FetchFailed: nothing usable came; the subclass and the message say why.
        """
        ask = _Ask(method.upper(), _checked_url(url), dict(headers or {}), content)
        left = self.settings.total_seconds
        seen = [str(ask.url)]
        permanent: str | None = None
        all_permanent = True
        while True:
            fetched = await self._one(ask, left)
            left -= fetched.elapsed_seconds
            target = _redirect_target(fetched, ask)
            if target is None:
                spent = self.settings.total_seconds - left
                return replace(fetched, permanent_url=permanent, elapsed_seconds=spent)
            # For good is only what every hop up to here calls so, and what doesn't give up encryption.
            all_permanent = all_permanent and fetched.status in _PERMANENT
            if all_permanent and not (ask.url.scheme == "https" and target.scheme == "http"):
                permanent = str(target)
            self._check_hops(seen, target)
            seen.append(str(target))
            ask = _next_ask(ask, target)

    def _check_hops(self, seen: list[str], target: httpx.URL) -> None:
        first = shown_url(seen[0])
        if str(target) in seen:
            raise RedirectLoop(
                f"{first} redirects in a circle, back to {shown_url(str(target))}.",
                fix="Open it in a browser: sites that want cookies do this; look for another feed address.",
            )
        if len(seen) > self.settings.max_redirects:
            raise RedirectLoop(
                f"{first} redirects more than {self.settings.max_redirects} times.",
                fix="Open it in a browser and use the address where it ends.",
            )

    async def _one(self, ask: _Ask, seconds: float) -> Fetched:
        host = ask.url.host
        if self.settings.proxy is not None:
            self._check_literal(ask.url)
        loop = asyncio.get_running_loop()
        async with self._pace.turn(host):
            begun = loop.time()
            try:
                async with asyncio.timeout(max(seconds, 0.001)):
                    request = self._client.build_request(
                        ask.method, ask.url, headers=dict(ask.headers), content=ask.content
                    )
                    response = await self._client.send(request, stream=True)
                    try:
                        cut = self.settings.cut_bodies
                        body = await (self._read_beginning(response) if cut else self._read(response, host))
                    finally:
                        await response.aclose()
            except TimeoutError:
                raise timed_out(host, self.settings.total_seconds) from None
            except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
                raise explain(error, host) from error
            except (httpcore.ProxyError, httpcore.UnsupportedProtocol, httpx.InvalidURL) as error:
                raise explain(error, host) from error
            elapsed = loop.time() - begun
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Fetched(response.status_code, str(ask.url), headers, body, elapsed_seconds=elapsed)

    def _check_literal(self, url: httpx.URL) -> None:
        """Behind a proxy names are its to guard, but an address that is written out can be judged here as well."""
        try:
            ip_address(url.host)
        except ValueError:
            return
        port = url.port or (443 if url.scheme == "https" else 80)
        reason = forbidden_because(url.host, url.host, port, self._allowed)
        if reason is not None:
            raise ForbiddenAddress(f"{url.host} is {reason}, which is not fetched from.")

    async def _read(self, response: httpx.Response, host: str) -> bytes:
        limit, unpacked_limit = self.settings.max_body_bytes, self.settings.max_unpacked_bytes
        announced = response.headers.get("content-length", "")
        if response.request.method == "HEAD" or response.status_code in (204, 304):
            return b""
        if announced.isdecimal() and int(announced) > limit:
            raise _too_large(host, f"{int(announced) / 1e6:,.0f} MB", limit)
        body, received = bytearray(), 0
        try:
            unpacker = Unpacker(response.headers.get("content-encoding", ""))
            async for chunk in response.aiter_raw():
                received += len(chunk)
                if received > limit:
                    raise _too_large(host, f"more than {limit / 1e6:,.0f} MB", limit)
                for piece in unpacker.feed(chunk):
                    body += piece
                    if len(body) > unpacked_limit:
                        raise _too_large(host, f"more than {unpacked_limit / 1e6:,.0f} MB unpacked", unpacked_limit)
            unpacker.finish()
        except Broken as error:
            raise BrokenAnswer(
                f"{host} sent {error}.", fix="It is tried again later; if it stays so, tell the site's owner."
            ) from error
        return bytes(body)

    async def _read_beginning(self, response: httpx.Response) -> bytes:
        body = bytearray()
        broken = (
            TimeoutError,
            OSError,
            httpcore.TimeoutException,
            httpcore.NetworkError,
            httpcore.ProtocolError,
            Broken,
        )
        with suppress(*broken):
            async with asyncio.timeout(CUT_SECONDS):
                unpacker = Unpacker(response.headers.get("content-encoding", ""))
                async for chunk in response.aiter_raw():
                    for piece in unpacker.feed(chunk):
                        body += piece
                    if len(body) >= self.settings.max_body_bytes:
                        break
        return bytes(body[: self.settings.max_body_bytes])

    def _new_pace(self) -> HostPace:
        return HostPace(self.settings.host_concurrency, self.settings.host_interval_seconds)

    def _proxy(self) -> httpcore.Proxy | None:
        if self.settings.proxy is None:
            return None
        url = httpx.URL(self.settings.proxy)
        auth = (url.username, url.password) if url.username else None
        return httpcore.Proxy(str(url.copy_with(username=None, password=None)), auth=auth)


def default_user_agent() -> str:
    """Product and version, as RFC 9110 wants it."""
    return f"Firstword/{version('firstword')}"


def _checked_url(url: str) -> httpx.URL:
    fix = "Give an address such as https://news.example/feed.xml."
    try:
        parsed = httpx.URL(url.strip())
    except (httpx.InvalidURL, UnicodeError) as error:
        raise BadAddress(f"{shown_url(url)!r} is no address ({error}).", fix=fix) from None
    if parsed.scheme not in ("http", "https"):
        raise BadAddress(f"{shown_url(url)!r} is no http or https address.", fix=fix)
    if not parsed.host or "%" in parsed.host:
        raise BadAddress(f"{shown_url(url)!r} names no host.", fix=fix)
    return parsed.copy_with(fragment=None)


def _redirect_target(fetched: Fetched, ask: _Ask) -> httpx.URL | None:
    location = fetched.headers.get("location")
    if ask.method not in ("GET", "HEAD") or fetched.status not in _REDIRECTS or not location:
        return None
    try:
        target = ask.url.join(location)
    except httpx.InvalidURL as error:
        raise RedirectLoop(
            f"{shown_url(str(ask.url))} redirects to {location!r}, which is no address: {error}."
        ) from None
    return _checked_url(str(target))


def _next_ask(ask: _Ask, target: httpx.URL) -> _Ask:
    same_host = (ask.url.scheme, ask.url.host, ask.url.port) == (target.scheme, target.host, target.port)
    kept = {name: value for name, value in ask.headers.items() if same_host or name.lower() not in _FOR_FIRST_HOST_ONLY}
    return replace(ask, url=target, headers=kept)


def _too_large(host: str, size: str, limit: int) -> TooLarge:
    return TooLarge(
        f"{host} sent {size}; at most {limit / 1e6:,.0f} MB are taken.",
        fix="Look for a shorter feed of the same source, or raise the limit in the settings.",
    )
