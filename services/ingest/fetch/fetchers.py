"""From a feed's address to its bytes: by HTTP, asking only for what changed, or from a file in an allowed folder."""

from __future__ import annotations

import asyncio
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from services.common.addresses import shown_url
from services.common.errors import BadInput, Unreachable
from services.common.http import GuardedClient

__all__ = ["Fetcher", "FetcherByScheme", "FileFetcher", "HttpFetcher", "Response", "Validators"]

#: What is a feed comes first; a page is taken too, for feeds are found in it.
_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})")
_NO_REUSE = re.compile(r"(?:^|[,\s])no-(?:cache|store)\b")


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave along with a body, to ask later whether that is still the newest."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What was answered; ``status`` is HTTP's, for files too. ``body`` is empty for 304 (nothing changed).

    ``permanent_url`` is where the feed has moved for good. ``max_age_seconds`` is how long the server deems the answer
    fresh, ``retry_after_seconds`` how long it asks to be left alone, whatever the status.
    """

    status: int
    url: str
    body: bytes = field(default=b"", repr=False)
    content_type: str | None = None
    validators: Validators = Validators()
    permanent_url: str | None = None
    retry_after_seconds: float | None = None
    max_age_seconds: int | None = None
    elapsed_seconds: float = 0.0


class Fetcher(Protocol):
    """Gets what is at an address."""

    async def fetch(self, url: str, validators: Validators, now: datetime) -> Response:
        """The answer for ``url``, 304 if it is still what ``validators`` stand for.

        Raises:
            FirstwordError: nothing usable came; the message says why and what to do.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections. More may be fetched afterwards, in another event loop too."""
        ...


class HttpFetcher:
    """Conditional GET by the guarded client."""

    def __init__(self, client: GuardedClient) -> None:
        self._client = client

    async def fetch(self, url: str, validators: Validators, now: datetime) -> Response:
        headers = {"accept": _ACCEPT}
        if validators.etag:
            headers["if-none-match"] = validators.etag
        if validators.last_modified:
            headers["if-modified-since"] = validators.last_modified
        got = await self._client.get(url, headers)
        fresh = Validators(_sendable(got.headers.get("etag")), _sendable(got.headers.get("last-modified")))
        if got.status == 304:  # which may leave out what did not change
            fresh = Validators(fresh.etag or validators.etag, fresh.last_modified or validators.last_modified)
        return Response(
            status=got.status,
            url=got.url,
            body=got.body,
            content_type=got.headers.get("content-type"),
            validators=fresh,
            permanent_url=got.permanent_url,
            retry_after_seconds=_retry_after(got.headers.get("retry-after"), now),
            max_age_seconds=_max_age(got.headers),
            elapsed_seconds=got.elapsed_seconds,
        )

    async def aclose(self) -> None:
        await self._client.aclose()


class FileFetcher:
    """Reads ``file:`` addresses, below ``roots`` only, wherever links may lead. The time of change is the validator."""

    def __init__(self, roots: Sequence[Path], *, max_bytes: int = 10_000_000) -> None:
        self._roots = tuple(root.resolve() for root in roots)
        self._max_bytes = max_bytes

    async def fetch(self, url: str, validators: Validators, now: datetime) -> Response:
        return await asyncio.to_thread(self._read, url, validators)

    async def aclose(self) -> None:
        """There is nothing to let go of."""

    def _read(self, url: str, validators: Validators) -> Response:
        path = self._allowed_path(url)
        try:
            with open(path, "rb", opener=_open_without_waiting) as file:
                facts = os.fstat(file.fileno())
                if not stat.S_ISREG(facts.st_mode):
                    raise BadInput(f"{path} is no file.", fix="Name a feed file.")
                if facts.st_size > self._max_bytes:
                    raise BadInput(
                        f"{path} has {facts.st_size / 1e6:,.0f} MB; at most {self._max_bytes / 1e6:,.0f} MB are taken.",
                        fix="Use a shorter file.",
                    )
                fresh = Validators(etag=f"{facts.st_mtime_ns}-{facts.st_size}")
                if fresh.etag == validators.etag:
                    return Response(304, url, validators=fresh)
                return Response(200, url, file.read(self._max_bytes), validators=fresh)
        except OSError as error:
            raise Unreachable(
                f"{path} can't be read: {error.strerror}.", fix="Check that it exists and may be read."
            ) from error

    def _allowed_path(self, url: str) -> Path:
        parts = urlsplit(url)
        if parts.scheme != "file" or parts.netloc not in ("", "localhost") or "\0" in url or "%00" in url:
            raise BadInput(f"{url!r} is no address of a local file.", fix="Write it as file:///folder/feed.xml.")
        path = Path(url2pathname(parts.path)).resolve()
        if not any(path.is_relative_to(root) for root in self._roots):
            allowed = ", ".join(str(root) for root in self._roots) or "none"
            raise BadInput(
                f"{path} lies outside of the folders that feeds may be read from ({allowed}).",
                fix="Put it there, or allow its folder in the settings.",
            )
        return path


class FetcherByScheme:
    """Gives each address to the fetcher of its scheme."""

    def __init__(self, fetchers: Mapping[str, Fetcher]) -> None:
        self._fetchers = dict(fetchers)

    async def fetch(self, url: str, validators: Validators, now: datetime) -> Response:
        fetcher = self._fetchers.get(url.partition(":")[0].lower())
        if fetcher is None:
            known = ", ".join(sorted(self._fetchers))
            raise BadInput(
                f"{shown_url(url)!r} is no address that can be fetched ({known}).", fix="Check its beginning."
            )
        return await fetcher.fetch(url, validators, now)

    async def aclose(self) -> None:
        for fetcher in dict.fromkeys(self._fetchers.values()):
            await fetcher.aclose()


def _open_without_waiting(path: str, flags: int) -> int:
    """A named pipe must not hold us up until somebody writes."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))


def _sendable(value: str | None) -> str | None:
    """``value`` if it can be sent back as a header; a validator that can't be is worth nothing."""
    return value if value and value.isascii() and value.isprintable() else None


def _retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds from a number or an HTTP date (RFC 9110, 10.2.3); None for anything else."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value.strip()[:12])
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return max(0.0, (moment - now).total_seconds())


def _max_age(headers: Mapping[str, str]) -> int | None:
    """How long the answer stays fresh from now on: max-age less the time it has spent in caches (RFC 9111, 4.2)."""
    control = headers.get("cache-control", "").lower()
    found = _MAX_AGE.search(control)
    if found is None or _NO_REUSE.search(control):
        return None
    age = headers.get("age", "0").strip()
    return max(0, int(found[1]) - (int(age) if age.isdecimal() else 0))
