"""The HTTP client for everything that Firstword fetches and sends.

It connects only to allowed addresses, follows redirects itself and checks each hop, and limits time, size and
decompressed size while reading. It keeps no cookies, and ignores proxies and certificates from the environment.
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

from services.common.addresses import AllowedAddresses, redact_url, refusal_reason
from services.common.dialer import GuardedBackend, PoolPerHost, PoolTransport, Resolver, SystemResolver
from services.common.http_errors import (
    ForbiddenAddress,
    InvalidResponse,
    InvalidUrl,
    RedirectLoop,
    TooLarge,
    explain,
    timed_out,
)
from services.common.rate_limit import HostRateLimiter
from services.common.unpack import ACCEPT_ENCODING, CorruptData, Unpacker

__all__ = ["GuardedClient", "HttpResponse", "HttpSettings", "user_agent"]

_PERMANENT = (301, 308)
_REDIRECTS = (301, 302, 303, 307, 308)
#: Headers that are not sent to another host after a redirect (RFC 9110, 15.4).
_FOR_FIRST_HOST_ONLY = frozenset({"authorization", "cookie", "proxy-authorization"})
_NETWORK_ERRORS = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError)
#: Bodies up to this size may be compressed as well as they like: long runs of blanks compress a thousandfold.
_RATIO_COUNTS_FROM = 1_000_000
#: Time for reading the beginning of a body where only the status counts.
CUT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Limits of the client. ``total_seconds`` covers all hops of a request, but not the wait for the rate limit.

    ``allow_private`` lists private networks (``10.1.0.0/16``) and hosts (``feeds.intranet:8080``) that may be reached.
    ``proxy`` is the URL of a proxy, which then resolves host names and has to check them itself. With ``cut_bodies``,
    a body that is large, slow or corrupt is cut off instead of raising an error, for callers that only need the status.
    ``max_connections`` applies to all hosts together, or with ``pool_per_host`` to each. A body may decompress to
    ``max_unpacked_bytes``, and beyond a megabyte to ``max_unpacked_ratio`` times what was received. With ``http2``,
    hosts that offer HTTP/2 over TLS are spoken to in it; that changes nothing about the addresses that are allowed.
    """

    total_seconds: float = 30.0
    connect_seconds: float = 10.0
    max_body_bytes: int = 10_000_000
    max_unpacked_bytes: int = 20_000_000
    max_unpacked_ratio: int = 250
    max_redirects: int = 5
    host_concurrency: int = 2
    host_interval_seconds: float = 1.0
    max_connections: int = 200
    pool_per_host: bool = False
    http2: bool = False
    cut_bodies: bool = False
    allow_private: tuple[str, ...] = ()
    user_agent: str | None = None
    ca_file: str | None = None
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response with any status. Header names are lower-case.

    ``url`` is the URL of the last hop. ``permanent_url`` is the new URL after permanent redirects; None without them.
    """

    status: int
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    permanent_url: str | None = None
    elapsed_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    content: bytes | None
    secret_headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class GuardedClient:
    """The client. Create one, share it, and close it at the end, or use it as an asynchronous context manager."""

    def __init__(self, settings: HttpSettings | None = None, *, resolver: Resolver | None = None) -> None:
        self.settings = settings or HttpSettings()
        allowed = self._allowed = AllowedAddresses.parse(self.settings.allow_private)
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
                http2=self.settings.http2,
                network_backend=backend,
            )

        self._transport = PoolPerHost(pool) if self.settings.pool_per_host else PoolTransport(pool())
        self._client = httpx.AsyncClient(
            transport=self._transport,
            trust_env=False,
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            headers={
                "user-agent": self.settings.user_agent or user_agent(),
                "accept-encoding": ACCEPT_ENCODING,
            },
            # Only the first of these is ever reached, in a TLS handshake, which httpcore must end itself to close.
            timeout=httpx.Timeout(self.settings.total_seconds, connect=self.settings.connect_seconds, pool=None),
        )
        self._rate_limiter = self._new_rate_limiter()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections. The client can be used again, in another event loop too."""
        await self._transport.aclose()
        self._rate_limiter = self._new_rate_limiter()

    async def get(
        self, url: str, headers: Mapping[str, str] | None = None, *, secret_headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        """GET ``url``, following redirects. Any status is a response, not an error.

        ``secret_headers`` are sent to the origin of ``url`` only, whatever it redirects to.

        Raises:
            FetchFailed: there is no usable response; subclass and message have the reason.
        """
        return await self.request("GET", url, headers=headers, secret_headers=secret_headers)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        secret_headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """Send a request. Redirects are followed for GET and HEAD; for other methods, a 3xx response is returned.

        Raises:
            FetchFailed: there is no usable response; subclass and message have the reason.
        """
        request = _Request(method.upper(), _checked_url(url), dict(headers or {}), content, dict(secret_headers or {}))
        left = self.settings.total_seconds
        seen = [str(request.url)]
        permanent: str | None = None
        all_permanent = True
        while True:
            response = await self._send(request, left)
            left -= response.elapsed_seconds
            target = _redirect_target(response, request)
            if target is None:
                spent = self.settings.total_seconds - left
                return replace(response, permanent_url=permanent, elapsed_seconds=spent)
            # A move is permanent if every hop up to here is, and if it does not give up encryption.
            all_permanent = all_permanent and response.status in _PERMANENT
            if all_permanent and not (request.url.scheme == "https" and target.scheme == "http"):
                permanent = str(target)
            self._check_hops(seen, target)
            seen.append(str(target))
            request = _next_request(request, target)

    def _check_hops(self, seen: list[str], target: httpx.URL) -> None:
        first = redact_url(seen[0])
        if str(target) in seen:
            raise RedirectLoop(
                f"{first} redirects in a loop, back to {redact_url(str(target))}.",
                fix="Open it in a browser. Sites that require cookies do this; look for another address of the feed.",
            )
        if len(seen) > self.settings.max_redirects:
            raise RedirectLoop(
                f"{first} redirects more than {self.settings.max_redirects} times.",
                fix="Open it in a browser, and use the address that it ends at.",
            )

    async def _send(self, request: _Request, seconds: float) -> HttpResponse:
        host = request.url.host
        if self.settings.proxy is not None:
            self._check_literal(request.url)
        loop = asyncio.get_running_loop()
        async with self._rate_limiter.turn(host):
            started = loop.time()
            try:
                async with asyncio.timeout(max(seconds, 0.001)):
                    prepared = self._client.build_request(
                        request.method,
                        request.url,
                        headers={**request.headers, **request.secret_headers},
                        content=request.content,
                    )
                    # Not through the client, which would look for redirects, credentials and cookies.
                    response = await self._transport.handle_async_request(prepared)
                    response.request = prepared
                    try:
                        cut = self.settings.cut_bodies
                        body = await (self._read_beginning(response) if cut else self._read(response, host))
                    finally:
                        await response.aclose()
            except TimeoutError:
                raise timed_out(host, self.settings.total_seconds) from None
            except (*_NETWORK_ERRORS, httpcore.ProxyError, httpcore.UnsupportedProtocol, httpx.InvalidURL) as error:
                raise explain(error, host) from error
            elapsed = loop.time() - started
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(response.status_code, str(request.url), headers, body, elapsed_seconds=elapsed)

    def _check_literal(self, url: httpx.URL) -> None:
        """Raise if the host is a forbidden IP address. Behind a proxy, host names are the proxy's responsibility."""
        try:
            ip_address(url.host)
        except ValueError:
            return
        port = url.port or (443 if url.scheme == "https" else 80)
        reason = refusal_reason(url.host, url.host, port, self._allowed)
        if reason is not None:
            raise ForbiddenAddress(f"{url.host} is {reason}. Firstword does not connect there.")

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
                        raise _too_large(host, f"more than {unpacked_limit / 1e6:,.0f} MB decompressed", unpacked_limit)
                    if len(body) > max(_RATIO_COUNTS_FROM, received * self.settings.max_unpacked_ratio):
                        raise _compressed_too_well(host, self.settings.max_unpacked_ratio)
            unpacker.finish()
        except CorruptData as error:
            raise InvalidResponse(
                f"{host} sent {error}.", fix="Firstword tries again later. If this continues, tell the site's owner."
            ) from error
        return bytes(body)

    async def _read_beginning(self, response: httpx.Response) -> bytes:
        body = bytearray()
        with suppress(*_NETWORK_ERRORS, CorruptData):  # TimeoutError is an OSError
            async with asyncio.timeout(CUT_SECONDS):
                unpacker = Unpacker(response.headers.get("content-encoding", ""))
                async for chunk in response.aiter_raw():
                    for piece in unpacker.feed(chunk):
                        body += piece
                        if len(body) >= self.settings.max_body_bytes:
                            return bytes(body[: self.settings.max_body_bytes])
        return bytes(body[: self.settings.max_body_bytes])

    def _new_rate_limiter(self) -> HostRateLimiter:
        return HostRateLimiter(self.settings.host_concurrency, self.settings.host_interval_seconds)

    def _proxy(self) -> httpcore.Proxy | None:
        if self.settings.proxy is None:
            return None
        url = httpx.URL(self.settings.proxy)
        auth = (url.username, url.password) if url.username else None
        return httpcore.Proxy(str(url.copy_with(username=None, password=None)), auth=auth)


def user_agent(contact: str | None = None) -> str:
    """Return product and version (RFC 9110, 10.1.5), and a mail address or URL at which a server's owner can ask."""
    product = f"Firstword/{version('firstword')}"
    if not contact:
        return product
    return f"{product} (+{contact if '://' in contact else f'mailto:{contact}'})"


def _checked_url(url: str) -> httpx.URL:
    fix = "Give an address such as https://news.example/feed.xml."
    try:
        parsed = httpx.URL(url.strip())
    except (httpx.InvalidURL, UnicodeError) as error:
        raise InvalidUrl(f"{redact_url(url)!r} is not a valid address ({error}).", fix=fix) from None
    if parsed.scheme not in ("http", "https"):
        raise InvalidUrl(f"{redact_url(url)!r} is not an http or https address.", fix=fix)
    if not parsed.host or "%" in parsed.host:
        raise InvalidUrl(f"{redact_url(url)!r} has no host.", fix=fix)
    return parsed.copy_with(fragment=None)


def _redirect_target(response: HttpResponse, request: _Request) -> httpx.URL | None:
    location = response.headers.get("location")
    if request.method not in ("GET", "HEAD") or response.status not in _REDIRECTS or not location:
        return None
    try:
        target = request.url.join(location)
    except httpx.InvalidURL as error:
        raise RedirectLoop(
            f"{redact_url(str(request.url))} redirects to {location!r}, which is not a valid address: {error}."
        ) from None
    return _checked_url(str(target))


def _next_request(request: _Request, target: httpx.URL) -> _Request:
    same_host = (request.url.scheme, request.url.host, request.url.port) == (target.scheme, target.host, target.port)
    kept = {
        name: value for name, value in request.headers.items() if same_host or name.lower() not in _FOR_FIRST_HOST_ONLY
    }
    return replace(request, url=target, headers=kept, secret_headers=request.secret_headers if same_host else {})


def _compressed_too_well(host: str, ratio: int) -> TooLarge:
    return TooLarge(
        f"{host} sent data that decompresses to more than {ratio} times its size; feeds don't, so it is not read on.",
        fix="Tell the site's owner, or look for another feed of the same source.",
    )


def _too_large(host: str, size: str, limit: int) -> TooLarge:
    return TooLarge(
        f"{host} sent {size}; the limit is {limit / 1e6:,.0f} MB.",
        fix="Look for a shorter feed from the same source.",
    )
