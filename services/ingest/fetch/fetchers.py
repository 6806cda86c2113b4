"""Fetches feeds: over HTTP with conditional requests, or from files in allowed folders."""

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

from services.common.addresses import redact_url
from services.common.errors import BadInput, Unreachable
from services.common.http import GuardedClient

__all__ = [
    "ACCEPT",
    "ACCEPT_PAGES",
    "Fetcher",
    "FetcherByScheme",
    "FileFetcher",
    "HttpFetcher",
    "Response",
    "Validators",
]

#: Prefers feeds, but accepts a page as well, because its feeds can be discovered.
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
#: Prefers pages, where a server has both at one address.
ACCEPT_PAGES = "text/html, application/xhtml+xml, */*;q=0.1"
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})")
#: A freshness of more than a year means "for ever" (RFC 2616, 14.21).
_MOST_SECONDS = 365 * 86_400
_NO_REUSE = re.compile(r"(?:^|[,\s])no-(?:cache|store)\b")


@dataclass(frozen=True, slots=True)
class Validators:
    """HTTP validators (RFC 9110, 8.8) of the last body, for conditional requests."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """A response with an HTTP status, for files too. ``body`` is empty for 304 (not modified).

    ``permanent_url`` is the feed's new URL after permanent redirects. ``max_age_seconds`` is the time for which the
    server calls the response fresh; ``retry_after_seconds`` the time it asks clients to wait, whatever the status.
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
    """Fetches the document at a URL."""

    async def fetch(
        self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
    ) -> Response:
        """Fetch ``url``; the status is 304 if the document still matches ``validators``.

        ``secret_headers`` go to the origin of ``url`` and to no other.

        Raises:
            FirstwordError: nothing usable came back; the message has the reason and the fix.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections. Fetching again is allowed, in another event loop too."""
        ...


class HttpFetcher:
    """Fetches over HTTP with conditional GET, through the guarded client."""

    def __init__(self, client: GuardedClient, accept: str = ACCEPT) -> None:
        self._client = client
        self._accept = accept

    async def fetch(
        self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
    ) -> Response:
        headers = {"accept": self._accept}
        if validators.etag:
            headers["if-none-match"] = validators.etag
        if validators.last_modified:
            headers["if-modified-since"] = validators.last_modified
        response = await self._client.get(url, headers, secret_headers=secret_headers)
        fresh = Validators(_sendable(response.headers.get("etag")), _sendable(response.headers.get("last-modified")))
        if response.status == 304:  # it may leave out unchanged validators
            fresh = Validators(fresh.etag or validators.etag, fresh.last_modified or validators.last_modified)
        return Response(
            status=response.status,
            url=response.url,
            body=response.body,
            content_type=response.headers.get("content-type"),
            validators=fresh,
            permanent_url=response.permanent_url,
            retry_after_seconds=_retry_after(response.headers.get("retry-after"), now),
            max_age_seconds=_max_age(response.headers, now),
            elapsed_seconds=response.elapsed_seconds,
        )

    async def aclose(self) -> None:
        await self._client.aclose()


class FileFetcher:
    """Reads ``file:`` URLs below ``roots`` and never outside: no link, symbolic or hard, is followed on the way.

    ``roots`` must hold nothing but feeds. The validator is the file's time.
    """

    def __init__(self, roots: Sequence[Path], *, max_bytes: int = 10_000_000) -> None:
        self._roots = tuple(root.absolute() for root in roots)
        self._max_bytes = max_bytes

    async def fetch(
        self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
    ) -> Response:
        return await asyncio.to_thread(self._read, url, validators)

    async def aclose(self) -> None:
        """Do nothing: there are no connections."""

    def _read(self, url: str, validators: Validators) -> Response:
        root, inside = self._allowed_path(url)
        path = root / inside
        try:
            with os.fdopen(_open_below(root, inside.parts), "rb") as file:
                facts = os.fstat(file.fileno())
                if not stat.S_ISREG(facts.st_mode):
                    raise BadInput(f"{path} is not a regular file.", fix="Give the path of a feed file.")
                if facts.st_size > self._max_bytes:
                    raise BadInput(
                        f"{path} has {facts.st_size / 1e6:,.0f} MB; at most {self._max_bytes / 1e6:,.0f} MB are read.",
                        fix="Use a shorter file.",
                    )
                fresh = Validators(etag=f"{facts.st_mtime_ns}-{facts.st_size}")
                if fresh.etag == validators.etag:
                    return Response(304, url, validators=fresh)
                return Response(200, url, file.read(self._max_bytes), validators=fresh)
        except OSError as error:
            if _leads_through_link(root, inside):
                raise BadInput(f"{path} leads through a link.", fix="Put the file itself into the folder.") from error
            raise Unreachable(
                f"{path} can't be read: {error.strerror}.", fix="Check that it exists and may be read."
            ) from error

    def _allowed_path(self, url: str) -> tuple[Path, Path]:
        """Return the root and the path below it. The path is taken as written: nothing on it is looked up."""
        parts = urlsplit(url)
        if parts.scheme != "file" or parts.netloc not in ("", "localhost") or "\0" in url or "%00" in url:
            raise BadInput(f"{url!r} is not a valid local file URL.", fix="Write it as file:///folder/feed.xml.")
        path = Path(url2pathname(parts.path))
        for root in self._roots:
            for start in (root, root.resolve()):
                if ".." not in path.parts and path.is_relative_to(start) and path != start:
                    return root, path.relative_to(start)
        allowed = ", ".join(str(root) for root in self._roots) or "none"
        raise BadInput(
            f"{path} is outside the folders that feeds may be read from ({allowed}).",
            fix="Move the file into one of these folders, and add the feed again.",
        )


class FetcherByScheme:
    """Passes each URL to the fetcher for its scheme."""

    def __init__(self, fetchers: Mapping[str, Fetcher]) -> None:
        self._fetchers = dict(fetchers)

    async def fetch(
        self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
    ) -> Response:
        fetcher = self._fetchers.get(url.partition(":")[0].lower())
        if fetcher is None:
            known = ", ".join(sorted(self._fetchers))
            raise BadInput(
                f"{redact_url(url)!r} can't be fetched: its scheme is not one of {known}.",
                fix="Check the beginning of the address.",
            )
        return await fetcher.fetch(url, validators, now, secret_headers)

    async def aclose(self) -> None:
        for fetcher in dict.fromkeys(self._fetchers.values()):
            await fetcher.aclose()


def _open_below(root: Path, parts: Sequence[str]) -> int:
    """Open the file at ``parts`` below ``root`` without following a link, or waiting on a pipe for a writer.

    A file with a second name may be the database: to open and close that would drop its locks, so it is not opened.

    Raises:
        OSError: something on the way is missing, a link, or no folder.
        BadInput: the file has a second name.
    """
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            folder = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = folder
        found = os.stat(parts[-1], dir_fd=here, follow_symlinks=False)
        if stat.S_ISREG(found.st_mode) and found.st_nlink != 1:
            raise BadInput(
                f"{root.joinpath(*parts)} has a second name (a hard link).", fix="Put a copy into the folder instead."
            )
        return os.open(parts[-1], os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW, dir_fd=here)
    finally:
        os.close(here)


def _leads_through_link(root: Path, inside: Path) -> bool:
    return any((root / place).is_symlink() for place in (inside, *inside.parents[:-1]))


def _sendable(value: str | None) -> str | None:
    """Return ``value`` if it can be sent in a header; a validator that can't be sent back is useless."""
    return value if value and value.isascii() and value.isprintable() else None


def _retry_after(value: str | None, now: datetime) -> float | None:
    """Return seconds from a number or an HTTP date (RFC 9110, 10.2.3); None for anything else."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value.strip()[:12])
    moment = _http_date(value)
    return max(0.0, (moment - now).total_seconds()) if moment is not None else None


def _http_date(value: str | None) -> datetime | None:
    """Return an HTTP date (RFC 9110, 5.6.7); None for anything else."""
    try:
        moment = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _max_age(headers: Mapping[str, str], now: datetime) -> int | None:
    """Return the seconds for which the response stays fresh (RFC 9111, 4.2).

    It is max-age minus its age in caches, or without one the time to Expires.
    """
    control = headers.get("cache-control", "").lower()
    match = _MAX_AGE.search(control)
    if _NO_REUSE.search(control):
        return None
    if match is None:
        until = _retry_after(headers.get("expires"), _http_date(headers.get("date")) or now)
        return min(int(until), _MOST_SECONDS) if until else None
    age = headers.get("age", "0").strip()
    return max(0, int(match[1]) - (int(age) if age.isdecimal() else 0))
