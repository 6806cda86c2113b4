"""Polls feeds, from their URLs to the published events, and writes all of a poll in one transaction.

Polls that end at about the same time share a transaction: committing takes longer than writing, and SQLite lets one
write at a time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from schemas.feeds import FeedHealth, FeedStatus
from schemas.items import ArticleReading
from services.common.clock import Clock
from services.common.db import reading
from services.common.processing import AnyEvent, EventPublisher
from services.ingest.articles.fetcher import ArticleFetcher, wants_article
from services.ingest.entry_memory import EntryMemory
from services.ingest.fetch.fetchers import Fetcher, Validators
from services.ingest.fetch.polite import PoliteFetcher
from services.ingest.fetch_and_parse import FetchResult, body_digest, fetch_and_parse
from services.ingest.health.assess import assess_health
from services.ingest.identity.dedupe import ItemChange, detect_changes
from services.ingest.listed_advisories import AdvisoryFetcher
from services.ingest.parse.extent import MAX_EXTENTS, Extent, extent_of
from services.ingest.quarantine import Quarantine
from services.ingest.readers import Readers
from services.ingest.record import NEWS_BEFORE_ADDED, Brought, health_event, item_event, record_items
from services.ingest.repository import FeedState, Repository, polled_host
from services.ingest.schedule.moves import after_answer, stays_on_site
from services.ingest.schedule.pacing import PollOutcome, PollSettings, with_delays, with_news

__all__ = ["PollResult", "Poller", "finish_inlet"]

#: Fewer links than this that are all new are news of a page that lists few.
FEWEST_LINKS = 5
#: Polls in a row, one a day, that must find a feed gone for good before it is no longer polled.
POLLS_UNTIL_GONE = 3
#: Polls and items that are written in one transaction. A poll with more items has one of its own. At the slowest, the
#: others who write to the database wait for it as long as a person does not notice.
MOST_POLLS, MOST_ITEMS = 64, 500
#: A batch waits this long, in turns of so many seconds, while more polls are under way than wait to be written.
GATHER_TURNS, GATHER_SECONDS = 10, 0.005


@dataclass(frozen=True, slots=True)
class PollResult:
    """The result of one poll. ``copies`` are items that repeat others of the feed under another guid.

    ``background`` counts those of the ``new`` items that are older than the feed's listing, and no news.
    ``delays`` are the seconds from publication to this poll of new items that say when they were published, and
    ``articles`` what became of the articles that were to be read.
    """

    feed_id: str
    outcome: PollOutcome
    health: FeedHealth
    new: int = 0
    revised: int = 0
    copies: int = 0
    background: int = 0
    warnings: tuple[str, ...] = ()
    delays: tuple[float, ...] = ()
    articles: tuple[ArticleReading, ...] = ()


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A poll that is to be written; ``done`` gets its result."""

    state: FeedState
    fetched: FetchResult
    now: datetime
    done: asyncio.Future[PollResult | None]

    @property
    def items(self) -> int:
        """The number of items that were read."""
        return len(self.fetched.parsed.items) if self.fetched.parsed is not None else 0


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
        articles: ArticleFetcher | None = None,
    ) -> None:
        """``articles`` reads the articles of feeds that want them; without it, none are read."""
        self._engine = engine
        self._fetcher = fetcher
        self._polite = PoliteFetcher(fetcher)
        self._readers = readers
        self._publisher = publisher
        self._clock = clock
        self._settings = settings
        self._repository = Repository()
        self._advisories = AdvisoryFetcher()
        self._entries = EntryMemory()
        self._articles = articles
        self._waiting: deque[_Fetched] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._under_way = 0

    async def poll(self, feed_id: str, state: FeedState | None = None) -> PollResult | None:
        """Fetch and parse the feed, and write new and revised items; None if the feed is paused or not listed.

        ``state`` is the feed's, if it has just been read.

        A crash before or inside the transaction loses nothing: nothing is written, and the feed is still due. A crash
        after it repeats nothing: events, seen items, the next poll and the validators are written together, so a server
        can't answer "not modified" for items that were never stored. Two simultaneous polls of one feed (by two
        processes) wait for each other at the lock, and the second finds that all items were seen.
        """
        if state is None:
            with reading(self._engine) as connection:
                state = self._repository.get(connection, feed_id)
        if state is None or state.paused:
            return None
        self._under_way += 1
        try:
            return await self._poll(feed_id, state)
        finally:
            self._under_way -= 1

    async def _poll(self, feed_id: str, state: FeedState) -> PollResult | None:
        fetcher = self._polite if state.feed.kind in ("page", "text") else self._fetcher
        read_at = partial(self._read_at, feed_id)
        known = self._entries.of(feed_id, state.body_digest) if state.feed.kind == "feed" else None
        fetched = await fetch_and_parse(fetcher, self._readers, state, self._clock, self._advisories, read_at, known)
        if fetched.parsed is not None and fetched.parsed.entries is not None:
            self._entries.keep(feed_id, fetched.digest, fetched.parsed.entries)
        if self._articles is not None and state.feed.full_text:
            fetched = await self._with_articles(self._articles, state, fetched)
        done: asyncio.Future[PollResult | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Fetched(state, fetched, self._clock.now(), done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="write polls")
        return await done

    async def _with_articles(self, articles: ArticleFetcher, state: FeedState, fetched: FetchResult) -> FetchResult:
        """Return what was fetched with the articles of those items that are news and have only a headline or a teaser.

        The fingerprints stay those of what the feed says: by them an item is recognized again, whatever its page says.
        """
        if fetched.parsed is None:
            return fetched
        parsed, now = fetched.parsed, self._clock.now()
        prints = {entry.item.id: entry.fingerprint for entry in parsed.items}
        with reading(self._engine) as connection:
            known = self._repository.seen(connection, {state.feed.id: prints})
        compared = detect_changes(
            known[state.feed.id], [entry.item for entry in parsed.items], now, list(prints.values())
        )
        is_rebuilt, is_list = state.feed.kind == "page" and _is_rebuilt(state, compared), _is_list(fetched)
        wanted = [
            change.item
            for change in compared
            if change.kind in ("new", "revised")
            and not _is_background(state, change, is_rebuilt, is_list)
            and wants_article(state.feed, change.item)
        ]
        if not wanted:
            return fetched
        read = await articles.read(state.feed, wanted, now)
        items = {item.id: item for item in read.items}
        entries = tuple(replace(entry, item=items.get(entry.item.id, entry.item)) for entry in parsed.items)
        waits = [wait for wait in (fetched.outcome.retry_after_seconds, read.retry_after_seconds) if wait is not None]
        outcome = replace(fetched.outcome, retry_after_seconds=max(waits, default=None))
        return replace(fetched, outcome=outcome, parsed=replace(parsed, items=entries))

    def _read_at(self, feed_id: str, item_ids: Collection[str]) -> Mapping[str, datetime | None]:
        """Return the newest date that each of a feed's items has stated; items that were never seen are left out."""
        with reading(self._engine) as connection:
            return self._repository.stated(connection, feed_id, item_ids)

    async def finish(self) -> None:
        """Wait until nothing is being written. What polls that were canceled have fetched is not written any more."""
        if self._writing is not None and not self._writing.done():
            await asyncio.wait([self._writing])

    async def _write(self) -> None:
        """Write what waits, batch by batch; what arrives in the meantime forms the next one."""
        while self._waiting:
            await self._gather()
            batch = self._next_batch()
            if not batch:
                continue
            try:
                await self._write_together(batch)
            except OperationalError as error:  # the database is away: none of them would succeed
                _fail(batch, error)
            except Exception as error:
                if len(batch) == 1:
                    _fail(batch, error)
                    continue
                for alone in batch:  # so that what is wrong with one costs no other
                    try:
                        await self._write_together([alone])
                    except Exception as own:
                        _fail([alone], own)

    async def _gather(self) -> None:
        """Wait a moment for polls that are under way: most of what a transaction costs, it costs once."""
        for _ in range(GATHER_TURNS):
            waiting = len(self._waiting)
            if 2 * waiting >= min(self._under_way, 2 * MOST_POLLS):
                return
            if sum(poll.items for poll in self._waiting) >= MOST_ITEMS:
                return
            await asyncio.sleep(GATHER_SECONDS)

    def _next_batch(self) -> list[_Fetched]:
        """Take polls of different feeds that wait, within the limits."""
        batch: list[_Fetched] = []
        items = 0
        while self._waiting and len(batch) < MOST_POLLS:
            first = self._waiting[0]
            feeds = {poll.state.feed.id for poll in batch}
            if batch and (items + first.items > MOST_ITEMS or first.state.feed.id in feeds):
                break
            self._waiting.popleft()
            if not first.done.done():  # it was not canceled
                batch.append(first)
                items += first.items
        return batch

    async def _write_together(self, batch: Sequence[_Fetched]) -> None:
        """Write ``batch``. The thread runs to its end even if the task is canceled in the meantime."""
        results = await asyncio.shield(asyncio.to_thread(self._finish, batch))
        for poll in batch:
            if not poll.done.done():
                poll.done.set_result(results.get(poll.state.feed.id))

    def _finish(self, batch: Sequence[_Fetched]) -> dict[str, PollResult]:
        results = self._record(batch)
        for poll in batch:
            result = results.get(poll.state.feed.id)
            if result is None or not _asks_for_rest(poll.fetched):
                continue
            wait = (result.health.next_poll_at or poll.now) - poll.now
            until = poll.now + min(wait, timedelta(seconds=self._settings.max_seconds))
            with self._engine.begin() as connection:  # apart, so that no two polls wait for each other's feeds
                self._repository.hold_host(connection, polled_host(poll.state.fetch_url), until)
        return results

    def _record(self, batch: Sequence[_Fetched]) -> dict[str, PollResult]:
        """Write seen items, the feeds' states and the events in one transaction; return the results by feed."""
        results: dict[str, PollResult] = {}
        states: list[FeedState] = []
        events: list[AnyEvent] = []
        with self._engine.begin() as connection:
            listed = self._repository.lock_all(connection, [poll.state.feed.id for poll in batch])
            polls = [poll for poll in batch if _counts(poll, listed.get(poll.state.feed.id))]
            found = self._compare(connection, polls)
            for poll, compared in zip(polls, found, strict=True):
                before, fetched, now = listed[poll.state.feed.id], poll.fetched, poll.now
                changes = [change for change in compared if change.kind != "unchanged"]
                is_rebuilt = before.feed.kind == "page" and _is_rebuilt(before, compared)
                after = _next_state(before, fetched, changes, now, self._settings)
                states.append(after)
                _set_aside(connection, before.feed.id, fetched, now)
                is_list = _is_list(fetched)
                background = {
                    change.item.id for change in changes if _is_background(before, change, is_rebuilt, is_list)
                }
                events += [
                    item_event(change, now, background=change.item.id in background)
                    for change in changes
                    if change.kind in ("new", "revised")
                ]
                if after.health.status != before.health.status:
                    events.append(health_event(after, before.health.status, now))
                delays = _delays(before, changes, now, is_list)
                results[before.feed.id] = _result(before.feed.id, fetched, after, changes, len(background), delays)
            self._repository.save(connection, *states)
            self._publisher.publish(connection, events)
        return results

    def _compare(self, connection: Connection, polls: Sequence[_Fetched]) -> list[Sequence[ItemChange]]:
        """Return the change of each item, and store the records of those that are new or changed, and no other rows."""
        brought: list[Brought] = []
        for poll in polls:
            parsed = poll.fetched.parsed
            entries, listed = (parsed.items, parsed.still_listed or parsed.same) if parsed is not None else ((), ())
            brought.append(
                Brought(
                    poll.state.feed.id,
                    [entry.item for entry in entries],
                    [entry.fingerprint for entry in entries],
                    poll.now,
                    listed,
                )
            )
        return record_items(self._repository, connection, brought)


def _counts(poll: _Fetched, now_listed: FeedState | None) -> bool:
    """Return whether what a poll fetched is to be written.

    Not if the feed was removed or paused in the meantime, nor if entries were left out that are as in the feed's
    document before and another process has read another document since.
    """
    if now_listed is None or now_listed.paused:
        return False
    parsed = poll.fetched.parsed
    return parsed is None or not parsed.same or now_listed.body_digest == poll.state.body_digest


def finish_inlet(
    engine: Engine,
    repository: Repository,
    publisher: EventPublisher,
    feed_id: str,
    outcome: PollOutcome,
    changes: Sequence[ItemChange],
    now: datetime,
    next_poll_at: datetime,
) -> PollResult | None:
    """Write the health of an inlet whose items were taken; None if it was paused or removed in the meantime."""
    kinds = [change.kind for change in changes]
    status: FeedStatus = {"broken": "broken", "unreachable": "unreachable"}.get(outcome.kind, "ok")  # type: ignore[assignment]
    with engine.begin() as connection:
        before = repository.lock(connection, feed_id)
        if before is None or before.paused:
            return None
        had_news = "new" in kinds or "revised" in kinds
        health = before.health.model_copy(
            update={
                "status": status,
                "reason": outcome.reason,
                "mend": outcome.fix,
                "failures_in_a_row": before.health.failures_in_a_row + 1 if status == "unreachable" else 0,
                "last_ok_at": before.health.last_ok_at if status == "unreachable" else now,
                "last_new_at": now if had_news else before.health.last_new_at,
                "next_poll_at": next_poll_at,
            }
        )
        after = replace(before, health=health, last_poll_at=now)
        repository.save(connection, after)
        if status != before.health.status:
            publisher.publish(connection, [health_event(after, before.health.status, now)])
    return PollResult(feed_id, outcome, health, kinds.count("new"), kinds.count("revised"), kinds.count("copy"))


def _fail(batch: Sequence[_Fetched], error: Exception) -> None:
    for poll in batch:
        if not poll.done.done():
            poll.done.set_exception(error)


def _asks_for_rest(fetched: FetchResult) -> bool:
    """Return whether the server asks for fewer requests; that concerns all feeds of its host."""
    if fetched.response is None:
        return False
    return fetched.response.status == 429 or (
        fetched.response.status == 503 and fetched.outcome.retry_after_seconds is not None
    )


def _is_rebuilt(before: FeedState, compared: Sequence[ItemChange]) -> bool:
    """Return whether a page has none of the links that it had before: the site gave all of them new addresses."""
    return (
        before.body_digest is not None
        and len(compared) >= FEWEST_LINKS
        and all(change.kind == "new" for change in compared)
    )


def _is_background(before: FeedState, change: ItemChange, is_rebuilt: bool, is_list: bool) -> bool:
    """Return whether the feed's first poll brought an item from before the feed was added.

    What a list of advisories names is fetched in several polls, and is background if it was last revised before that.

    Later polls bring no background, however long the feed could not be read: what it brings then is missed news. Only
    on a page whose links are all new, those without a date are background again: nothing says that they are news.
    """
    if change.kind != "new":
        return False
    stated = change.item.stated_at()
    if is_list:
        revised = max((moment for moment in (stated, change.item.updated_at) if moment), default=None)
        return revised is None or revised < before.rhythm.watched_since - NEWS_BEFORE_ADDED
    if is_rebuilt:
        return stated is None
    if before.body_digest is not None:
        return False
    return stated is None or stated < before.rhythm.watched_since - NEWS_BEFORE_ADDED


def _next_state(
    before: FeedState, fetched: FetchResult, changes: Sequence[ItemChange], now: datetime, settings: PollSettings
) -> FeedState:
    is_list = _is_list(fetched)
    news = [_dated(change, now, is_list) for change in changes if change.kind in ("new", "revised")]
    rhythm = before.rhythm
    if fetched.outcome.kind in ("fetched", "not_modified") and fetched.response is not None:
        rhythm = replace(rhythm, max_age_seconds=fetched.response.max_age_seconds)
    if fetched.parsed is not None:
        parsed = fetched.parsed
        rhythm = replace(
            rhythm, ttl_seconds=parsed.ttl_seconds, skip_hours=parsed.skip_hours, skip_days=parsed.skip_days
        )
    if news:
        rhythm = with_delays(with_news(rhythm, news, now, settings), _delays(before, changes, now, is_list))
    health = assess_health(before.health, fetched.outcome, rhythm, now, settings, had_news=bool(news))
    after = replace(before, health=health, rhythm=rhythm, last_poll_at=now, extents=_extents(before, changes))
    if fetched.outcome.kind == "gone" and health.failures_in_a_row >= POLLS_UNTIL_GONE:
        return _given_up(after)
    if fetched.response is None:
        return after
    if not fetched.outcome.failed:
        move = after_answer(before.move, fetched.response.permanent_url, now)
        if move is not None and move.believed and stays_on_site(before.feed.url, move.url):
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
        validators=fetched.response.validators if fetched.is_complete else Validators(),
        body_digest=fetched.digest or body_digest(fetched.response.body) if fetched.is_complete else "",
    )


def _extents(before: FeedState, changes: Sequence[ItemChange]) -> tuple[Extent, ...]:
    """Return how much of their articles the feed's latest items had by themselves."""
    if before.feed.full_text:
        return before.extents
    new = [change.item for change in changes if change.kind == "new"][:MAX_EXTENTS]  # the newest are listed first
    return (*before.extents, *map(extent_of, reversed(new)))[-MAX_EXTENTS:]


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


def _is_list(fetched: FetchResult) -> bool:
    """Return whether the document names advisories, which may be years old when they are revised and fetched first."""
    return fetched.parsed is not None and fetched.parsed.still_listed is not None


def _dated(change: ItemChange, now: datetime, is_list: bool) -> datetime:
    """Return the time that counts for the feed's rhythm; a revision counts when it is found."""
    stated = change.seen.stated_at if is_list else change.item.published_at
    return (stated or now) if change.kind == "new" else now


def _delays(before: FeedState, changes: Sequence[ItemChange], now: datetime, is_list: bool) -> tuple[float, ...]:
    """Return the seconds from publication to now of new items that say when they were published.

    What was there before the feed was read for the first time says nothing about how fast it is read.
    """
    if before.body_digest is None:
        return ()
    dated = [change for change in changes if change.kind == "new" and change.item.dated == "stated"]
    stated = [change.seen.stated_at if is_list else change.item.published_at for change in dated]
    return tuple((now - moment).total_seconds() for moment in stated if moment is not None and moment <= now)


def _set_aside(connection: Connection, feed_id: str, fetched: FetchResult, now: datetime) -> None:
    """Put what could not be read of the document into the quarantine, with the reason."""
    if fetched.response is None:
        return
    if fetched.outcome.kind == "broken":
        Quarantine().put(connection, feed_id, fetched.response, fetched.outcome.reason or "", fetched.outcome.fix, now)
    elif fetched.parsed is not None and fetched.parsed.unreadable:
        reason, count = fetched.parsed.first_unreadable or "", fetched.parsed.unreadable
        unread = fetched.unread or fetched.response
        Quarantine().put(connection, feed_id, unread, reason, None, now, entries=count)


def _result(
    feed_id: str,
    fetched: FetchResult,
    after: FeedState,
    changes: Sequence[ItemChange],
    background: int,
    delays: tuple[float, ...],
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
        delays=delays,
        articles=tuple(
            change.item.article for change in changes if change.kind in ("new", "revised") and change.item.article
        ),
    )
