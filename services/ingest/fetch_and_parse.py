"""Fetches and parses one feed, and turns every possible failure into an outcome. Stores nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.common.clock import Clock
from services.common.errors import FirstwordError
from services.common.logs import get_logger
from services.ingest.fetch.credentials import Credential, credentials_at
from services.ingest.fetch.discover import discover_feeds
from services.ingest.fetch.fetchers import Fetcher, Response
from services.ingest.health.http_status import outcome_of_status
from services.ingest.inlets.page import parse_page
from services.ingest.inlets.page_text import parse_page_text
from services.ingest.listed_advisories import AdvisoryFetcher, ReadAt
from services.ingest.parse.csaf_lists import NotAnAdvisoryList
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import ParsedFeed, parse_feed
from services.ingest.parse.known import KnownEntries
from services.ingest.readers import Readers
from services.ingest.repository import FeedState
from services.ingest.schedule.pacing import PollOutcome

__all__ = ["FetchResult", "body_digest", "fetch_and_parse"]

_REPORT = "Please report it."
#: Feeds of a page that are named, and the longest address of one, in characters.
_MOST_NAMED, _LONGEST_NAMED = 3, 200

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FetchResult:
    """The result of fetching a feed: ``response`` if the server answered, ``parsed`` if the outcome is fetched.

    ``unread`` is a document that the feed lists and that could not be read. ``is_complete``: nothing that it lists is
    left to fetch, so that its next poll may ask whether anything has changed. ``digest`` is that of the body
    of a feed.
    """

    outcome: PollOutcome
    response: Response | None = None
    parsed: ParsedFeed | None = None
    unread: Response | None = None
    is_complete: bool = True
    digest: str = ""


async def fetch_and_parse(
    fetcher: Fetcher,
    readers: Readers,
    state: FeedState,
    clock: Clock,
    advisories: AdvisoryFetcher | None = None,
    read_at: ReadAt | None = None,
    known: KnownEntries | None = None,
) -> FetchResult:
    """Fetch and parse the feed. Unexpected errors are outcomes too, so that one feed can't stop the others.

    Entries of a feed that are written as one of ``known`` are left out; those of others are all read.

    If it is a list of security advisories, ``advisories`` fetches those that are newer than ``read_at`` says.
    """
    try:
        credential = state.credential.open() if state.credential is not None else None
        secret_headers = credential.headers_for(state.fetch_url) if credential is not None else None
        response = await fetcher.fetch(state.fetch_url, state.validators, clock.now(), secret_headers)
    except FirstwordError as error:
        return FetchResult(PollOutcome("unreachable", error.message, error.fix))
    except Exception as error:
        log.exception("Fetching a feed failed unexpectedly.", action="feed.fetch_failed", feed_id=state.feed.id)
        return FetchResult(PollOutcome("unreachable", _own_error("Fetching", error), _REPORT))
    wait = response.retry_after_seconds
    if response.status == 304 and state.body_digest is None:
        reason = "The server says that nothing has changed, but has never sent a feed (HTTP status 304)."
        return FetchResult(PollOutcome("unreachable", reason, "Firstword tries again later.", wait), response)
    digest = body_digest(response.body) if response.status == 200 else ""
    if response.status == 304 or (digest and digest == state.body_digest):
        return FetchResult(PollOutcome("not_modified", retry_after_seconds=wait), response)
    if not 200 <= response.status <= 299:
        return FetchResult(outcome_of_status(response.status, wait, credentials_at(response.url, credential)), response)
    try:
        parsed = await _parse(readers, state, response, clock, known)
    except NotAFeed as error:
        listed = None
        if state.feed.kind == "feed" and response.body.lstrip()[:1] != b"<":
            listed = await _advisories(fetcher, readers, state, response, credential, clock, advisories, read_at)
        if listed is not None:
            return listed
        fix = await _naming_feeds(readers, response, error.fix) if state.feed.kind == "feed" else error.fix
        return FetchResult(PollOutcome("broken", error.message, fix, wait), response)
    except Exception as error:
        log.exception("Parsing a feed failed unexpectedly.", action="feed.parse_failed", feed_id=state.feed.id)
        return FetchResult(PollOutcome("broken", _own_error("Parsing", error), _REPORT, wait), response)
    return FetchResult(PollOutcome("fetched", retry_after_seconds=wait), response, parsed, digest=digest)


async def _naming_feeds(readers: Readers, response: Response, fix: str | None) -> str | None:
    """Return what to do about a document that is no feed: if it is a page with feeds of its own, add one of them."""
    if response.body.lstrip()[:1] != b"<":
        return fix
    try:
        found = await readers.run(discover_feeds, response.body, response.url)
    except Exception:  # whatever it is, the advice for all such documents stands
        return fix
    declared = [feed.url for feed in found if feed.how == "declared" and len(feed.url) <= _LONGEST_NAMED]
    if not declared:
        return fix
    return f"Remove it, and add a feed that the page names instead: {', '.join(declared[:_MOST_NAMED])}"


async def _advisories(
    fetcher: Fetcher,
    readers: Readers,
    state: FeedState,
    response: Response,
    credential: Credential | None,
    clock: Clock,
    advisories: AdvisoryFetcher | None,
    read_at: ReadAt | None,
) -> FetchResult | None:
    """Return the result if the document is a list of security advisories; None if it is something else."""
    source = advisories or AdvisoryFetcher()
    try:
        found = await source.fetch(
            fetcher, readers, state, response, credential, read_at or (lambda _: {}), clock.now()
        )
    except NotAnAdvisoryList:
        return None
    except NotAFeed as error:
        return FetchResult(PollOutcome("broken", error.message, error.fix, response.retry_after_seconds), response)
    except FirstwordError as error:
        return FetchResult(PollOutcome("unreachable", error.message, error.fix))
    except Exception as error:
        log.exception("Fetching advisories failed unexpectedly.", action="feed.fetch_failed", feed_id=state.feed.id)
        return FetchResult(PollOutcome("unreachable", _own_error("Fetching", error), _REPORT))
    return FetchResult(found.outcome, found.response, found.parsed, found.unread, found.is_complete)


def body_digest(body: bytes) -> str:
    """Return a digest by which an unchanged body is recognized."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


async def _parse(
    readers: Readers, state: FeedState, response: Response, clock: Clock, known: KnownEntries | None
) -> ParsedFeed:
    feed = state.feed
    parse: Callable[..., ParsedFeed] = parse_feed
    settings: dict[str, Any] = {"known": known}
    if feed.kind == "text":
        parse, settings = parse_page_text, {"part": feed.links_in}
    elif feed.kind == "page":
        parse, settings = parse_page, {"links_under": feed.links_under, "links_in": feed.links_in}
    return await readers.run(
        parse,
        response.body,
        feed_url=feed.url,
        fetched_url=response.url,
        content_type=response.content_type,
        publisher=feed.publisher,
        speaks_for=feed.speaks_for,
        fetched_at=clock.now(),
        **settings,
    )


def _own_error(step: str, error: Exception) -> str:
    return f"{step} this feed failed because of an error in Firstword ({type(error).__name__})."
