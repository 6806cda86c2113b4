"""One poll of one feed, from its address to the events: everything that it writes is written in one transaction."""

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
from services.ingest.fetch_and_parse import Answer, ask, digest
from services.ingest.identity.dedupe import Change, compare, first_seen
from services.ingest.repository import FeedState, Quarantined, Repository
from services.ingest.schedule.pacing import Outcome, PollSettings, judge_health, with_news

__all__ = ["SOURCE", "PollResult", "Poller", "health_event"]

#: The CloudEvents ``source`` of what ingest publishes.
SOURCE = "firstword/ingest"
#: Of a body that can't be read, so much is kept.
QUARANTINE_BYTES = 65_536
#: What a feed lists no more is forgotten after so long; should it come back, it is old news by its date.
FORGET_AFTER = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class PollResult:
    """What one poll brought. ``copies`` are items that repeat others of the feed under another guid."""

    feed_id: str
    outcome: Outcome
    health: FeedHealth
    new: int = 0
    revised: int = 0
    copies: int = 0
    warnings: tuple[str, ...] = ()


class Poller:
    """Polls feeds, one at a call; calls for different feeds may overlap."""

    def __init__(
        self, engine: Engine, fetcher: Fetcher, publisher: EventPublisher, clock: Clock, settings: PollSettings
    ) -> None:
        self._engine = engine
        self._fetcher = fetcher
        self._publisher = publisher
        self._clock = clock
        self._settings = settings
        self._repository = Repository()

    async def poll(self, feed_id: str) -> PollResult | None:
        """Fetch, parse, compare, and write what is new; None if the feed is not listed (any more), or paused.

        A crash before the transaction loses nothing: the feed is due still, and nothing was written. A crash inside of
        it is rolled back to the same. A crash after it repeats nothing: the events, what was seen and the next poll are
        written together, and the validators with them, so that a server can't answer "not modified" to items that we
        never stored. Two polls of one feed at once (two processes) take turns at the lock, and the second finds
        everything seen.
        """
        with reading(self._engine) as connection:
            state = self._repository.get(connection, feed_id)
        if state is None or state.paused:
            return None
        answer = await ask(self._fetcher, state, self._clock)
        # Once begun it runs to its end in its thread, even if this poll is cancelled meanwhile.
        return await asyncio.shield(asyncio.to_thread(self._record, feed_id, answer, self._clock.now()))

    def _record(self, feed_id: str, answer: Answer, now: datetime) -> PollResult | None:
        """The one transaction: what was seen, the feed's state, and the events."""
        with self._engine.begin() as connection:
            before = self._repository.lock(connection, feed_id)
            if before is None or before.paused:  # removed or paused while it was fetched
                return None
            changes = self._compare(connection, feed_id, answer, now)
            after = _next_state(before, answer, changes, now, self._settings)
            self._repository.save(connection, after)
            if answer.outcome.kind == "broken" and answer.response is not None:
                self._repository.put_aside(connection, _quarantined(feed_id, answer.outcome, answer.response, now))
            events = [_item_event(change, now) for change in changes if change.kind in ("new", "revised")]
            if after.health.status != before.health.status:
                events.append(health_event(after, before.health.status, now))
            self._publisher.publish(connection, events)
        return _result(feed_id, answer, after, changes)

    def _compare(self, connection: Connection, feed_id: str, answer: Answer, now: datetime) -> Sequence[Change]:
        """The items that are new or changed, remembered; rows of all others are left alone."""
        if answer.parsed is None:
            return ()
        items = answer.parsed.items
        known = self._repository.seen(
            connection,
            feed_id,
            [entry.item.id for entry in items],
            [first_seen(entry.item, now).seen.fingerprint for entry in items],
        )
        changes = compare(known, items, now)
        moved = [change.seen for change in changes if change.seen != known.get(change.item.id)]
        self._repository.remember(connection, feed_id, moved)
        if any(change.kind == "new" for change in changes):  # else the table does not grow either
            self._repository.forget(connection, feed_id, now - FORGET_AFTER, {entry.item.id for entry in items})
        return [change for change in changes if change.kind != "unchanged"]


def health_event(state: FeedState, previous: FeedStatus, now: datetime) -> AnyEvent:
    """That the feed's status is another than ``previous``."""
    status = state.health.status
    return event(
        FeedHealthChanged(feed=state.feed, health=state.health, previous=previous),
        key=state.feed.id,
        id=content_id("evt", state.feed.id, previous, status, now.isoformat()),
        source=SOURCE,
        time=now,
    )


def _item_event(change: Change, now: datetime) -> AnyEvent:
    data = ItemIngested(
        item=change.item,
        revision=change.revision,
        change="revised" if change.kind == "revised" else "new",
        changed=change.changed,
    )
    id = content_id("evt", change.item.id, change.revision, change.seen.fingerprint)
    return event(data, key=change.item.id, id=id, source=SOURCE, time=now)


def _next_state(
    before: FeedState, answer: Answer, changes: Sequence[Change], now: datetime, settings: PollSettings
) -> FeedState:
    news = [_dated(change, now) for change in changes if change.kind in ("new", "revised")]
    rhythm = before.rhythm
    if answer.outcome.kind in ("fetched", "not_modified") and answer.response is not None:
        rhythm = replace(rhythm, max_age_seconds=answer.response.max_age_seconds)
    if answer.parsed is not None:
        rhythm = replace(rhythm, ttl_seconds=answer.parsed.ttl_seconds)
    if news:
        rhythm = with_news(rhythm, news, now, settings)
    health = judge_health(before.health, answer.outcome, rhythm, now, settings, had_news=bool(news))
    after = replace(before, health=health, rhythm=rhythm, last_poll_at=now)
    if answer.response is None:
        return after
    if answer.parsed is None:
        # A 304 may bring newer validators of the same content; those of an unusable body are worth nothing.
        same = answer.outcome.kind == "not_modified"
        return replace(after, validators=answer.response.validators) if same else after
    feed = before.feed.model_copy(
        update={
            "title": before.feed.title or answer.parsed.title,
            "site_url": before.feed.site_url or answer.parsed.site_url,
        }
    )
    return replace(
        after,
        feed=feed,
        validators=answer.response.validators,
        body_digest=digest(answer.response.body),
        fetch_url=answer.response.permanent_url or before.fetch_url,
    )


def _dated(change: Change, now: datetime) -> datetime:
    """When the item came, for the feed's rhythm; a revision comes when it is found."""
    return (change.item.published_at or now) if change.kind == "new" else now


def _quarantined(feed_id: str, outcome: Outcome, response: Response, now: datetime) -> Quarantined:
    return Quarantined(
        feed_id=feed_id,
        at=now,
        url=response.url,
        reason=outcome.reason or "",
        content_type=response.content_type,
        size_bytes=len(response.body),
        beginning=response.body[:QUARANTINE_BYTES],
    )


def _result(feed_id: str, answer: Answer, after: FeedState, changes: Sequence[Change]) -> PollResult:
    kinds = [change.kind for change in changes]
    return PollResult(
        feed_id=feed_id,
        outcome=answer.outcome,
        health=after.health,
        new=kinds.count("new"),
        revised=kinds.count("revised"),
        copies=kinds.count("copy"),
        warnings=answer.parsed.warnings if answer.parsed is not None else (),
    )
