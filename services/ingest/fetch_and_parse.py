"""Asking one feed: fetch and parse, with every way in which that can end. Stores nothing, and raises for no feed."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

from services.common.clock import Clock
from services.common.errors import FirstwordError
from services.common.logs import get_logger
from services.ingest.fetch.fetchers import Fetcher, Response
from services.ingest.health.http_status import outcome_of_status
from services.ingest.parse.feed import NotAFeed, ParsedFeed, parse_feed
from services.ingest.repository import FeedState
from services.ingest.schedule.pacing import Outcome

__all__ = ["Answer", "ask", "digest"]

#: Parsing takes some ten milliseconds for 20 kB; what takes longer would hold up other polls, and the desk.
_THREAD_ABOVE_BYTES = 20_000
_REPORT = "Please report it."

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking: ``parsed`` only if the outcome is fetched, ``response`` if the server answered at all."""

    outcome: Outcome
    response: Response | None = None
    parsed: ParsedFeed | None = None


async def ask(fetcher: Fetcher, state: FeedState, clock: Clock) -> Answer:
    """What the feed has now. A fault of our own is an outcome too, lest one feed stop others or be forgotten."""
    try:
        response = await fetcher.fetch(state.fetch_url, state.validators, clock.now())
    except FirstwordError as error:
        return Answer(Outcome("unreachable", error.message, error.fix))
    except Exception as error:
        log.exception("Fetching a feed failed unexpectedly.", action="feed.fetch_failed", feed_id=state.feed.id)
        return Answer(Outcome("unreachable", _fault("Fetching", error), _REPORT))
    wait = response.retry_after_seconds
    if response.status == 304 and state.body_digest is None:
        reason = "The server says that nothing has changed, but never sent a feed (HTTP status 304)."
        return Answer(Outcome("unreachable", reason, "It is tried again later.", wait), response)
    if response.status == 304 or (response.status == 200 and digest(response.body) == state.body_digest):
        return Answer(Outcome("not_modified", retry_after_seconds=wait), response)
    if not 200 <= response.status <= 299:
        return Answer(outcome_of_status(response.status, wait), response)
    try:
        parsed = await _parse(state, response, clock)
    except NotAFeed as error:
        return Answer(Outcome("broken", error.message, error.fix, wait), response)
    except Exception as error:
        log.exception("Parsing a feed failed unexpectedly.", action="feed.parse_failed", feed_id=state.feed.id)
        return Answer(Outcome("broken", _fault("Reading", error), _REPORT, wait), response)
    return Answer(Outcome("fetched", retry_after_seconds=wait), response, parsed)


def digest(body: bytes) -> str:
    """What tells one body from another."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


async def _parse(state: FeedState, response: Response, clock: Clock) -> ParsedFeed:
    def parse() -> ParsedFeed:
        return parse_feed(
            response.body,
            feed_url=state.feed.url,
            content_type=response.content_type,
            publisher=state.feed.publisher,
            fetched_at=clock.now(),
        )

    return await asyncio.to_thread(parse) if len(response.body) > _THREAD_ABOVE_BYTES else parse()


def _fault(what: str, error: Exception) -> str:
    return f"{what} this feed failed by a fault of Firstword's own ({type(error).__name__})."
