"""Trying an address without storing anything: what is there, and where the feeds are if it is a page."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from schemas.items import Item
from services.common.errors import FirstwordError
from services.ingest.fetch.discover import FoundFeed, feeds_in_page, likely_addresses
from services.ingest.fetch.fetchers import Fetcher, Response, Validators
from services.ingest.health.http_status import outcome_of_status
from services.ingest.parse.feed import NotAFeed, ParsedFeed, parse_feed

__all__ = ["Trial", "try_feed"]

#: Of a page that names no feed, so many likely addresses are asked.
MOST_GUESSES = 6


@dataclass(frozen=True, slots=True)
class Trial:
    """What an address holds. ``problem`` and ``fix`` are None if it is a feed; ``found`` are feeds of a page."""

    url: str
    permanent_url: str | None = None
    format: str | None = None
    title: str | None = None
    items: tuple[Item, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: str | None = None
    fix: str | None = None
    found: tuple[FoundFeed, ...] = ()
    elapsed_seconds: float = 0.0

    @property
    def is_feed(self) -> bool:
        """Whether it can be added as it is."""
        return self.problem is None


async def try_feed(fetcher: Fetcher, url: str, now: datetime) -> Trial:
    """Fetch and parse ``url``. If it is a page, the feeds that it names are looked up, or guessed and checked."""
    try:
        response = await fetcher.fetch(url, Validators(), now)
    except FirstwordError as error:
        return Trial(url, problem=error.message, fix=error.fix)
    if not 200 <= response.status <= 299:
        outcome = outcome_of_status(response.status, response.retry_after_seconds)
        return Trial(url, problem=outcome.reason, fix=outcome.fix, elapsed_seconds=response.elapsed_seconds)
    try:
        parsed = _parsed(response, url, now)
    except NotAFeed as error:
        found = await _found(fetcher, response, now)
        fix = "Add one of the feeds that it names." if found else error.fix
        return Trial(url, problem=error.message, fix=fix, found=found, elapsed_seconds=response.elapsed_seconds)
    return Trial(
        url,
        permanent_url=response.permanent_url,
        format=parsed.format,
        title=parsed.title,
        items=tuple(entry.item for entry in parsed.items),
        warnings=parsed.warnings,
        elapsed_seconds=response.elapsed_seconds,
    )


async def _found(fetcher: Fetcher, page: Response, now: datetime) -> tuple[FoundFeed, ...]:
    if b"<" not in page.body[:1024]:
        return ()
    named = feeds_in_page(page.body, page.url)
    if named:
        return named
    guesses = likely_addresses(page.url)[:MOST_GUESSES]
    answers = await asyncio.gather(*(_guess(fetcher, address, now) for address in guesses))
    return tuple(found for found in answers if found is not None)


async def _guess(fetcher: Fetcher, url: str, now: datetime) -> FoundFeed | None:
    try:
        response = await fetcher.fetch(url, Validators(), now)
        if not 200 <= response.status <= 299:
            return None
        return FoundFeed(response.url, _parsed(response, url, now).title, "guessed")
    except FirstwordError:  # no feed there; that is all the question was
        return None


def _parsed(response: Response, url: str, now: datetime) -> ParsedFeed:
    return parse_feed(response.body, feed_url=url, content_type=response.content_type, fetched_at=now)
