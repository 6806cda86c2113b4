"""Fetches and parses one feed, and turns every possible failure into an outcome. Stores nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from services.common.clock import Clock
from services.common.errors import FirstwordError
from services.common.logs import get_logger
from services.ingest.fetch.fetchers import Fetcher, Response
from services.ingest.health.http_status import outcome_of_status
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import ParsedFeed, parse_feed
from services.ingest.readers import Readers
from services.ingest.repository import FeedState
from services.ingest.schedule.pacing import PollOutcome

__all__ = ["FetchResult", "body_digest", "fetch_and_parse"]

_REPORT = "Please report it."

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FetchResult:
    """The result of fetching a feed: ``response`` if the server answered, ``parsed`` if the outcome is fetched."""

    outcome: PollOutcome
    response: Response | None = None
    parsed: ParsedFeed | None = None


async def fetch_and_parse(fetcher: Fetcher, readers: Readers, state: FeedState, clock: Clock) -> FetchResult:
    """Fetch and parse the feed. Unexpected errors are outcomes too, so that one feed can't stop the others."""
    try:
        response = await fetcher.fetch(state.fetch_url, state.validators, clock.now())
    except FirstwordError as error:
        return FetchResult(PollOutcome("unreachable", error.message, error.fix))
    except Exception as error:
        log.exception("Fetching a feed failed unexpectedly.", action="feed.fetch_failed", feed_id=state.feed.id)
        return FetchResult(PollOutcome("unreachable", _own_error("Fetching", error), _REPORT))
    wait = response.retry_after_seconds
    if response.status == 304 and state.body_digest is None:
        reason = "The server says that nothing has changed, but has never sent a feed (HTTP status 304)."
        return FetchResult(PollOutcome("unreachable", reason, "Firstword tries again later.", wait), response)
    if response.status == 304 or (response.status == 200 and body_digest(response.body) == state.body_digest):
        return FetchResult(PollOutcome("not_modified", retry_after_seconds=wait), response)
    if not 200 <= response.status <= 299:
        return FetchResult(outcome_of_status(response.status, wait), response)
    try:
        parsed = await _parse(readers, state, response, clock)
    except NotAFeed as error:
        return FetchResult(PollOutcome("broken", error.message, error.fix, wait), response)
    except Exception as error:
        log.exception("Parsing a feed failed unexpectedly.", action="feed.parse_failed", feed_id=state.feed.id)
        return FetchResult(PollOutcome("broken", _own_error("Parsing", error), _REPORT, wait), response)
    return FetchResult(PollOutcome("fetched", retry_after_seconds=wait), response, parsed)


def body_digest(body: bytes) -> str:
    """Return a digest by which an unchanged body is recognized."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


async def _parse(readers: Readers, state: FeedState, response: Response, clock: Clock) -> ParsedFeed:
    return await readers.run(
        parse_feed,
        response.body,
        feed_url=state.feed.url,
        fetched_url=response.url,
        content_type=response.content_type,
        publisher=state.feed.publisher,
        speaks_for=state.feed.speaks_for,
        fetched_at=clock.now(),
    )


def _own_error(step: str, error: Exception) -> str:
    return f"{step} this feed failed because of an error in Firstword ({type(error).__name__})."
