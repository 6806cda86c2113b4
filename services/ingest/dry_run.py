"""Tries out a URL without storing anything: shows the feed's items, or the feeds of a web page."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime

from schemas.feeds import Feed, FeedHealth
from schemas.items import Item
from services.common.errors import FirstwordError
from services.ingest.fetch.credentials import Credential, credentials_at
from services.ingest.fetch.discover import DiscoveredFeed, discover_feeds, likely_feed_urls
from services.ingest.fetch.fetchers import Fetcher, Response, Validators
from services.ingest.health.http_status import outcome_of_status
from services.ingest.listed_advisories import OLDEST, AdvisoryFetcher
from services.ingest.parse.csaf_lists import NotAnAdvisoryList
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import ParsedFeed, parse_feed
from services.ingest.readers import Readers, ReadingStopped
from services.ingest.repository import FeedState
from services.ingest.schedule.pacing import Rhythm

__all__ = ["DryRunResult", "dry_run"]

#: Guessed URLs that are tried for a page that links to no feed.
MOST_GUESSES = 6
#: Security advisories that are fetched of a list to show it.
MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class DryRunResult:
    """The content of a URL. For a feed, ``problem`` and ``fix`` are None; for a page, ``feeds`` are its feeds.

    ``answered_url`` is the address that answered in the end, after redirects.
    """

    url: str
    answered_url: str | None = None
    permanent_url: str | None = None
    format: str | None = None
    title: str | None = None
    items: tuple[Item, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: str | None = None
    fix: str | None = None
    feeds: tuple[DiscoveredFeed, ...] = ()
    elapsed_seconds: float = 0.0

    @property
    def is_feed(self) -> bool:
        """Return True if the URL can be added as a feed."""
        return self.problem is None


async def dry_run(
    fetcher: Fetcher, readers: Readers, url: str, now: datetime, credential: Credential | None = None
) -> DryRunResult:
    """Fetch and parse ``url``, with its ``credential`` if it needs one.

    If it is a web page, find the feeds that it links to, or else guess and check URLs.
    """
    try:
        secret_headers = credential.headers_for(url) if credential is not None else None
        response = await fetcher.fetch(url, Validators(), now, secret_headers)
    except FirstwordError as error:
        return DryRunResult(url, problem=error.message, fix=error.fix)
    elapsed = response.elapsed_seconds
    if not 200 <= response.status <= 299:
        credentials = credentials_at(response.url, credential)
        outcome = outcome_of_status(response.status, response.retry_after_seconds, credentials)
        return DryRunResult(url, problem=outcome.reason, fix=outcome.fix, elapsed_seconds=elapsed)
    try:
        parsed = await _parse(readers, response, url, now)
    except NotAFeed as error:
        listed = await _advisories(fetcher, readers, response, url, now, credential)
        if listed is not None:
            return replace(listed, elapsed_seconds=elapsed)
        feeds = await _find_feeds(fetcher, readers, response, now)
        fix = "Add one of the feeds that the page links to." if feeds else error.fix
        return DryRunResult(url, problem=error.message, fix=fix, feeds=feeds, elapsed_seconds=elapsed)
    return replace(_shown(url, response, parsed), elapsed_seconds=elapsed)


def _shown(url: str, response: Response, parsed: ParsedFeed) -> DryRunResult:
    return DryRunResult(
        url,
        answered_url=response.url,
        permanent_url=response.permanent_url,
        format=parsed.format,
        title=parsed.title,
        items=tuple(entry.item for entry in parsed.items),
        warnings=parsed.warnings,
    )


async def _advisories(
    fetcher: Fetcher, readers: Readers, response: Response, url: str, now: datetime, credential: Credential | None
) -> DryRunResult | None:
    """Return the newest of the security advisories that the document lists; None if it lists none."""
    feed = Feed(id="test", url=url)
    rhythm = Rhythm(watched_since=now - OLDEST)
    state = FeedState(feed, FeedHealth(feed_id=feed.id, status="waiting"), url, Validators(), rhythm)
    try:
        source = AdvisoryFetcher(most=MOST_SHOWN)
        found = await source.fetch(fetcher, readers, state, response, credential, lambda _: {}, now)
    except NotAnAdvisoryList:
        return None
    except FirstwordError as error:
        return DryRunResult(url, problem=error.message, fix=error.fix)
    if found.parsed is None:
        return DryRunResult(url, problem=found.outcome.reason, fix=found.outcome.fix)
    return _shown(url, response, found.parsed)


async def _find_feeds(fetcher: Fetcher, readers: Readers, page: Response, now: datetime) -> tuple[DiscoveredFeed, ...]:
    if b"<" not in page.body[:1024]:
        return ()
    try:
        linked = await readers.run(discover_feeds, page.body, page.url)
    except ReadingStopped:
        return ()
    if linked:
        return linked
    guesses = likely_feed_urls(page.url)[:MOST_GUESSES]
    checked = await asyncio.gather(*(_check_guess(fetcher, readers, guess, now) for guess in guesses))
    return tuple(feed for feed in checked if feed is not None)


async def _check_guess(fetcher: Fetcher, readers: Readers, url: str, now: datetime) -> DiscoveredFeed | None:
    try:
        response = await fetcher.fetch(url, Validators(), now)
        if not 200 <= response.status <= 299:
            return None
        parsed = await _parse(readers, response, url, now)
        return DiscoveredFeed(response.url, parsed.title, "guessed")
    except FirstwordError:  # there is no feed at this URL
        return None


async def _parse(readers: Readers, response: Response, url: str, now: datetime) -> ParsedFeed:
    return await readers.run(
        parse_feed,
        response.body,
        feed_url=url,
        fetched_url=response.url,
        content_type=response.content_type,
        fetched_at=now,
    )
