"""Polls one feed, from its URL to the published events, and writes everything in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from schemas.base import content_id, event
from schemas.feeds import FeedHealth, FeedHealthChanged, FeedStatus
from schemas.items import ItemIngested
from services.common.clock import Clock
from services.common.db import reading
from services.common.processing import AnyEvent, EventPublisher
from services.ingest.fetch.fetchers import Fetcher, Response
from services.ingest.fetch_and_parse import FetchResult, body_digest, fetch_and_parse
from services.ingest.health.assess import assess_health
from services.ingest.identity.dedupe import ItemChange, detect_changes, new_item
from services.ingest.readers import Readers
from services.ingest.repository import FeedState, QuarantinedBody, Repository, polled_host
from services.ingest.schedule.moves import after_answer
from services.ingest.schedule.pacing import PollOutcome, PollSettings, with_news

__all__ = ["SOURCE", "PollResult", "Poller", "health_event"]

#: The CloudEvents ``source`` of what ingest publishes.
SOURCE = "firstword/ingest"
#: On a feed's first poll, items older than this when the feed was added are background, and so are undated ones.
NEWS_BEFORE_ADDED = timedelta(hours=24)
#: Bytes kept of a body that can't be parsed.
QUARANTINE_BYTES = 65_536
#: Items that a feed no longer lists are forgotten after this time; if one returns, its date shows that it is old.
FORGET_AFTER = timedelta(days=90)
#: Polls in a row, one a day, that must find a feed gone for good before it is no longer polled.
POLLS_UNTIL_GONE = 3


@dataclass(frozen=True, slots=True)
class PollResult:
    """The result of one poll. ``copies`` are items that repeat others of the feed under another guid.

    ``background`` counts those of the ``new`` items that are older than the feed's listing, and no news.
    """

    feed_id: str
    outcome: PollOutcome
    health: FeedHealth
    new: int = 0
    revised: int = 0
    copies: int = 0
    background: int = 0
    warnings: tuple[str, ...] = ()


class Poller:
    """Polls one feed per call; calls for different feeds may overlap."""

    def __init__(
        self,
        engine: Engine,
        fetcher: Fetcher,
        readers: Readers,
        publisher: EventPublisher,
        clock: Clock,
        settings: PollSettings,
    ) -> None:
        self._engine = engine
        self._fetcher = fetcher
        self._readers = readers
        self._publisher = publisher
        self._clock = clock
        self._settings = settings
        self._repository = Repository()

    async def poll(self, feed_id: str) -> PollResult | None:
        """Fetch and parse the feed, and write new and revised items; None if the feed is paused or not listed.

        A crash before or inside the transaction loses nothing: nothing is written, and the feed is still due. A crash
        after it repeats nothing: events, seen items, the next poll and the validators are written together, so a server
        can't answer "not modified" for items that were never stored. Two simultaneous polls of one feed (by two
        processes) wait for each other at the lock, and the second finds that all items were seen.
        """
        with reading(self._engine) as connection:
            state = self._repository.get(connection, feed_id)
        if state is None or state.paused:
            return None
        fetched = await fetch_and_parse(self._fetcher, self._readers, state, self._clock)
        # The thread runs to its end even if this poll is canceled in the meantime.
        return await asyncio.shield(asyncio.to_thread(self._finish, state, fetched, self._clock.now()))

    def _finish(self, state: FeedState, fetched: FetchResult, now: datetime) -> PollResult | None:
        result = self._record(state.feed.id, fetched, now)
        if result is not None and _asks_for_rest(fetched):
            wait = (result.health.next_poll_at or now) - now
            longest = timedelta(seconds=self._settings.max_seconds)
            with self._engine.begin() as connection:  # apart, so that no two polls wait for each other's feeds
                self._repository.hold_host(connection, polled_host(state.fetch_url), now + min(wait, longest))
        return result

    def _record(self, feed_id: str, fetched: FetchResult, now: datetime) -> PollResult | None:
        """Write seen items, the feed's state and the events in one transaction."""
        with self._engine.begin() as connection:
            before = self._repository.lock(connection, feed_id)
            if before is None or before.paused:  # removed or paused in the meantime
                return None
            changes = self._compare(connection, feed_id, fetched, now)
            after = _next_state(before, fetched, changes, now, self._settings)
            self._repository.save(connection, after)
            if fetched.outcome.kind == "broken" and fetched.response is not None:
                self._repository.quarantine_body(
                    connection, _quarantined(feed_id, fetched.outcome, fetched.response, now)
                )
            background = {change.item.id for change in changes if _is_background(before, change)}
            events = [
                _item_event(change, now, background=change.item.id in background)
                for change in changes
                if change.kind in ("new", "revised")
            ]
            if after.health.status != before.health.status:
                events.append(health_event(after, before.health.status, now))
            self._publisher.publish(connection, events)
        return _result(feed_id, fetched, after, changes, len(background))

    def _compare(
        self, connection: Connection, feed_id: str, fetched: FetchResult, now: datetime
    ) -> Sequence[ItemChange]:
        """Return the items that are new or changed, and store their records; other rows are not written."""
        if fetched.parsed is None:
            return ()
        items = [parsed.item for parsed in fetched.parsed.items]
        known = self._repository.seen(
            connection,
            feed_id,
            [item.id for item in items],
            [new_item(item, now).seen.fingerprint for item in items],
        )
        changes = detect_changes(known, items, now)
        updated = [change.seen for change in changes if change.seen != known.get(change.item.id)]
        self._repository.remember(connection, feed_id, updated)
        if any(change.kind == "new" for change in changes):  # otherwise the table does not grow
            self._repository.forget(connection, feed_id, now - FORGET_AFTER, {item.id for item in items})
        return [change for change in changes if change.kind != "unchanged"]


def _asks_for_rest(fetched: FetchResult) -> bool:
    """Return whether the server asks for fewer requests; that concerns all feeds of its host."""
    if fetched.response is None:
        return False
    return fetched.response.status == 429 or (
        fetched.response.status == 503 and fetched.outcome.retry_after_seconds is not None
    )


def health_event(state: FeedState, previous: FeedStatus, now: datetime) -> AnyEvent:
    """Return the event that the feed's status is no longer ``previous``."""
    status = state.health.status
    return event(
        FeedHealthChanged(feed=state.feed, health=state.health, previous=previous),
        key=state.feed.id,
        id=content_id("evt", state.feed.id, previous, status, now.isoformat()),
        source=SOURCE,
        time=now,
    )


def _is_background(before: FeedState, change: ItemChange) -> bool:
    """Return whether the feed's first poll brought an item from before the feed was added.

    Later polls bring no background, however long the feed could not be read: what it brings then is missed news.
    """
    if before.body_digest is not None or change.kind != "new":
        return False
    stated = change.item.stated_at()
    return stated is None or stated < before.rhythm.watched_since - NEWS_BEFORE_ADDED


def _item_event(change: ItemChange, now: datetime, *, background: bool) -> AnyEvent:
    data = ItemIngested(
        item=change.item,
        revision=change.revision,
        change="revised" if change.kind == "revised" else "new",
        changed=change.changed,
        background=background,
    )
    id = content_id("evt", change.item.id, change.revision, change.seen.fingerprint)
    return event(data, key=change.item.id, id=id, source=SOURCE, time=now)


def _next_state(
    before: FeedState, fetched: FetchResult, changes: Sequence[ItemChange], now: datetime, settings: PollSettings
) -> FeedState:
    news = [_dated(change, now) for change in changes if change.kind in ("new", "revised")]
    rhythm = before.rhythm
    if fetched.outcome.kind in ("fetched", "not_modified") and fetched.response is not None:
        rhythm = replace(rhythm, max_age_seconds=fetched.response.max_age_seconds)
    if fetched.parsed is not None:
        parsed = fetched.parsed
        rhythm = replace(
            rhythm, ttl_seconds=parsed.ttl_seconds, skip_hours=parsed.skip_hours, skip_days=parsed.skip_days
        )
    if news:
        rhythm = with_news(rhythm, news, now, settings)
    health = assess_health(before.health, fetched.outcome, rhythm, now, settings, had_news=bool(news))
    after = replace(before, health=health, rhythm=rhythm, last_poll_at=now)
    if fetched.outcome.kind == "gone" and health.failures_in_a_row >= POLLS_UNTIL_GONE:
        return _given_up(after)
    if fetched.response is None:
        return after
    if not fetched.outcome.failed:
        move = after_answer(before.move, fetched.response.permanent_url, now)
        if move is not None and move.believed:
            after = replace(after, fetch_url=move.url, move=None)
        else:
            after = replace(after, move=move)
    if fetched.parsed is None:
        # A 304 may bring newer validators of the same content; those of an unusable body are useless.
        same = fetched.outcome.kind == "not_modified"
        return replace(after, validators=fetched.response.validators) if same else after
    feed = before.feed.model_copy(
        update={
            "title": before.feed.title or fetched.parsed.title,
            "site_url": before.feed.site_url or fetched.parsed.site_url,
        }
    )
    return replace(
        after,
        feed=feed,
        validators=fetched.response.validators,
        body_digest=body_digest(fetched.response.body),
    )


def _given_up(state: FeedState) -> FeedState:
    """Return ``state`` paused, because the server keeps saying that the feed is gone for good."""
    health = state.health.model_copy(
        update={
            "status": "paused",
            "reason": f"{state.health.reason or ''} It said so {POLLS_UNTIL_GONE} times, on as many days, so Firstword "
            "no longer asks.".strip(),
            "mend": "Look for its new address on the site and add that, or resume it if the server was wrong.",
            "next_poll_at": None,
        }
    )
    return replace(state, health=health, paused=True)


def _dated(change: ItemChange, now: datetime) -> datetime:
    """Return the time that counts for the feed's rhythm; a revision counts when it is found."""
    return (change.item.published_at or now) if change.kind == "new" else now


def _quarantined(feed_id: str, outcome: PollOutcome, response: Response, now: datetime) -> QuarantinedBody:
    return QuarantinedBody(
        feed_id=feed_id,
        at=now,
        url=response.url,
        reason=outcome.reason or "",
        content_type=response.content_type,
        size_bytes=len(response.body),
        beginning=response.body[:QUARANTINE_BYTES],
    )


def _result(
    feed_id: str, fetched: FetchResult, after: FeedState, changes: Sequence[ItemChange], background: int
) -> PollResult:
    kinds = [change.kind for change in changes]
    return PollResult(
        feed_id=feed_id,
        outcome=fetched.outcome,
        health=after.health,
        new=kinds.count("new"),
        revised=kinds.count("revised"),
        copies=kinds.count("copy"),
        background=background,
        warnings=fetched.parsed.warnings if fetched.parsed is not None else (),
    )
