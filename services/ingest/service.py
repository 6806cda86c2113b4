"""The ingest service: the list of feeds, and the loop that polls those that are due, for ever."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urldefrag, urlsplit

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from schemas.feeds import Feed, FeedStatus
from services.common.addresses import shown_url
from services.common.clock import Clock
from services.common.db import reading
from services.common.errors import BadInput
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.processing import EventPublisher
from services.ingest.dry_run import Trial, try_feed
from services.ingest.fetch.fetchers import Fetcher
from services.ingest.opml import OpmlProblem, feed_id, read_opml, write_opml
from services.ingest.poll import Poller, PollResult, health_event
from services.ingest.repository import FeedState, Repository
from services.ingest.schedule.pacing import PollSettings

__all__ = ["Imported", "IngestService", "IngestSettings"]

#: So many due feeds are looked at to fill the free places; with thousands due, the rest waits for the next look.
MOST_DUE = 1000

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """``concurrency`` polls run at once, ``host_concurrency`` of them with one host, lest a slow one hold up all.

    What other processes add is noticed after ``idle_seconds`` at the latest. With ``lease_seconds`` several workers
    share the feeds: each takes what it is about to poll for itself, for so long, which must be more than a poll takes;
    what one that was killed had taken, the others poll after that. Without, this is the only worker.
    """

    schedule: PollSettings = field(default_factory=PollSettings)
    concurrency: int = 16
    host_concurrency: int = 3
    idle_seconds: float = 5.0
    stop_grace_seconds: float = 3.0
    rest_after_fault_seconds: float = 60.0
    lease_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: feeds added, feeds that were listed before, and entries that could not be taken."""

    added: tuple[Feed, ...]
    already: tuple[Feed, ...]
    problems: tuple[OpmlProblem, ...]


@dataclass
class _Running:
    """Polls in flight, and feeds that rest after a fault of ours, until when."""

    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    hosts: Counter[str] = field(default_factory=Counter)
    resting: dict[str, datetime] = field(default_factory=dict)


class IngestService:
    """Everything that others ask of ingest."""

    def __init__(
        self,
        engine: Engine,
        fetcher: Fetcher,
        publisher: EventPublisher,
        clock: Clock,
        settings: IngestSettings | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._engine = engine
        self._fetcher = fetcher
        self._publisher = publisher
        self._clock = clock
        self._settings = settings or IngestSettings()
        self._repository = Repository()
        self._poller = Poller(engine, fetcher, publisher, clock, self._settings.schedule)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        metrics = metrics or Metrics()
        self._polls = metrics.counter("feed_polls", "Polls of feeds, by how they ended", ["outcome"])
        self._items = metrics.counter("feed_items", "Items of feeds, by what they were", ["change"])
        self._poll_seconds = metrics.histogram("feed_poll_seconds", "How long a poll took, from address to events")

    # -- polling

    async def poll(self, feed_id: str) -> PollResult | None:
        """Poll one feed now, due or not; None if it isn't listed, or is paused. See :meth:`Poller.poll` for crashes."""
        with self._poll_seconds.time():
            result = await self._poller.poll(feed_id)
        if result is None:
            return None
        self._polls.labels(result.outcome.kind).inc()
        for change, count in (("new", result.new), ("revised", result.revised), ("copy", result.copies)):
            self._items.labels(change).inc(count)
        _log_poll(result)
        return result

    async def run(self, stop: asyncio.Event) -> None:
        """Poll whatever is due, until ``stop``. No error of a feed, or of the database, ends it."""
        self._loop = asyncio.get_running_loop()
        running = _Running()
        try:
            while not stop.is_set():
                self._wake.clear()
                try:
                    self._start_due(running)
                except Exception:  # the database is away or locked: say so, and try again
                    log.exception("The list of feeds that are due could not be read.", action="ingest.schedule_failed")
                await self._wait(stop, running, self._settings.idle_seconds)
        finally:
            self._loop = None
            await self._finish(running)
            await self._fetcher.aclose()

    async def aclose(self) -> None:
        """Let go of connections after :meth:`poll` or :meth:`test_feed`; :meth:`run` does so itself."""
        await self._fetcher.aclose()

    def _start_due(self, running: _Running) -> None:
        """Start polls of feeds that are due, as many as there is room for."""
        now = self._clock.now()
        running.resting = {one: until for one, until in running.resting.items() if until > now}
        with reading(self._engine) as connection:
            due = self._repository.due(connection, now, MOST_DUE)
        chosen = self._chosen(due, running)
        if chosen and self._settings.lease_seconds is not None:
            until = now + timedelta(seconds=self._settings.lease_seconds)
            with self._engine.begin() as connection:
                ours = self._repository.lease(connection, list(chosen), now, until)
            chosen = {feed: host for feed, host in chosen.items() if feed in ours}
        for feed, host in chosen.items():
            running.hosts[host] += 1
            running.tasks[feed] = asyncio.create_task(self._poll_safely(feed, host, running), name=f"poll {feed}")

    def _chosen(self, due: Sequence[tuple[str, str]], running: _Running) -> dict[str, str]:
        """Of the feeds that are ``due`` (id and address), those there is room for, each with its host."""
        hosts = running.hosts.copy()
        chosen: dict[str, str] = {}
        for feed, url in due:
            if len(running.tasks) + len(chosen) >= self._settings.concurrency:
                break
            host = urlsplit(url).netloc
            if feed in running.tasks or feed in running.resting or hosts[host] >= self._settings.host_concurrency:
                continue
            hosts[host] += 1
            chosen[feed] = host
        return chosen

    async def _poll_safely(self, feed: str, host: str, running: _Running) -> None:
        try:
            await self.poll(feed)
        except Exception:
            # Not the feed's fault but ours or the database's: the feed is due still, so it must rest or it would spin.
            log.exception("Polling a feed failed.", action="feed.poll_failed", feed_id=feed)
            self._polls.labels("fault").inc()
            rest = timedelta(seconds=self._settings.rest_after_fault_seconds)
            running.resting[feed] = self._clock.now() + rest
        finally:
            running.tasks.pop(feed, None)
            running.hosts[host] -= 1
            if running.hosts[host] <= 0:
                del running.hosts[host]

    async def _wait(self, stop: asyncio.Event, running: _Running, seconds: float) -> None:
        """Until a poll ends, somebody wakes us, it's time to stop, or ``seconds`` have passed."""
        signals = [asyncio.create_task(stop.wait()), asyncio.create_task(self._wake.wait())]
        try:
            await asyncio.wait(
                [*signals, *running.tasks.values()], timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for signal in signals:
                signal.cancel()
            await asyncio.gather(*signals, return_exceptions=True)

    async def _finish(self, running: _Running) -> None:
        """Let polls end that are about to, and drop the rest: they have written nothing."""
        tasks = dict(running.tasks)
        if not tasks:
            return
        _, late = await asyncio.wait(tasks.values(), timeout=self._settings.stop_grace_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if self._settings.lease_seconds is not None:
            dropped = [feed for feed, task in tasks.items() if task in late]
            # Where the database is away, the leases run out by themselves.
            with suppress(OperationalError), self._engine.begin() as connection:
                self._repository.release(connection, dropped)

    def _wake_up(self) -> None:
        """From any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    # -- the list

    def add_feed(
        self, url: str, *, title: str | None = None, publisher: str | None = None, group: str | None = None
    ) -> Feed:
        """List the feed at ``url``; it is polled at once. One that is listed already stays as it is, and is returned.

        Raises:
            BadInput: ``url`` is no address of a feed.
        """
        address = _checked(url)
        feed = Feed(id=feed_id(address), url=address, title=title, publisher=publisher, group=group)
        with self._engine.begin() as connection:
            self._repository.add(connection, feed, self._clock.now())
            state = self._repository.get(connection, feed.id)
        self._wake_up()
        return state.feed if state is not None else feed

    def import_feeds(self, opml: bytes, name: str = "the list") -> Imported:
        """List all feeds of an OPML file, called ``name`` in messages.

        Raises:
            BadInput: it is no OPML.
        """
        listing = read_opml(opml, name)
        added: list[Feed] = []
        already: list[Feed] = []
        with self._engine.begin() as connection:
            for feed in listing.feeds:
                is_new = self._repository.add(connection, feed, self._clock.now())
                (added if is_new else already).append(feed)
        self._wake_up()
        return Imported(tuple(added), tuple(already), listing.problems)

    def export_feeds(self) -> bytes:
        """All feeds as OPML."""
        return write_opml(state.feed for state in self.list_feeds())

    def list_feeds(self) -> Sequence[FeedState]:
        """All feeds with how they are, in the order in which they were added."""
        with reading(self._engine) as connection:
            return self._repository.all(connection)

    def remove_feed(self, feed: str) -> Feed:
        """Take the feed with this id or address off the list. Its items stay where they went.

        Raises:
            BadInput: no such feed is listed.
        """
        with self._engine.begin() as connection:
            state = self._find(connection, feed)
            self._repository.remove(connection, state.feed.id)
        return state.feed

    def pause_feed(self, feed: str) -> Feed:
        """Poll the feed with this id or address no more, until :meth:`resume_feed`.

        Raises:
            BadInput: no such feed is listed.
        """
        return self._set_paused(feed, True)

    def resume_feed(self, feed: str) -> Feed:
        """Poll it again, at once.

        Raises:
            BadInput: no such feed is listed.
        """
        return self._set_paused(feed, False)

    async def test_feed(self, url: str) -> Trial:
        """What is at ``url``, stored nowhere; if it is a page, which feeds it names.

        Raises:
            BadInput: ``url`` is no address of a feed.
        """
        return await try_feed(self._fetcher, _checked(url), self._clock.now())

    def _set_paused(self, feed: str, paused: bool) -> Feed:
        now = self._clock.now()
        with self._engine.begin() as connection:
            before = self._find(connection, feed)
            if before.paused == paused:
                return before.feed
            status: FeedStatus = "paused" if paused else "waiting"
            health = before.health.model_copy(
                update={"status": status, "reason": None, "mend": None, "next_poll_at": None if paused else now}
            )
            after = replace(before, paused=paused, health=health)
            self._repository.save(connection, after)
            self._publisher.publish(connection, [health_event(after, before.health.status, now)])
        self._wake_up()
        return after.feed

    def _find(self, connection: Connection, feed: str) -> FeedState:
        state = self._repository.lock(connection, feed) or self._repository.lock(connection, feed_id(feed.strip()))
        if state is None:
            raise BadInput(f"no feed {shown_url(feed)!r} is listed.", fix="List all with `firstword feeds list`.")
        return state


def _checked(url: str) -> str:
    """``url`` without blanks around it and without fragment.

    Raises:
        BadInput: it is no http, https or file address.
    """
    address = re.sub(r"^feed:(?=https?:)", "", url.strip())
    try:
        address = urldefrag(address).url
        parts = urlsplit(address)
        is_address = parts.scheme == "file" or (parts.scheme in ("http", "https") and bool(parts.hostname))
    except ValueError:
        is_address = False
    if not is_address:
        wanted = f"https://{url.strip()}" if re.match(r"[\w-]+(\.[\w-]+)+(/\S*)?$", url.strip()) else "https://…"
        raise BadInput(f"{shown_url(url)!r} is no address of a feed.", fix=f"Write it as {wanted}")
    return address


def _log_poll(result: PollResult) -> None:
    health = result.health
    values = {
        "feed_id": result.feed_id,
        "outcome": result.outcome.kind,
        "status": health.status,
        "reason": result.outcome.reason,
        "new": result.new,
        "revised": result.revised,
        "next_poll_at": health.next_poll_at.isoformat() if health.next_poll_at else None,
    }
    # A feed that keeps failing is logged twice, when it fails and when that is certain; the Feeds page shows it.
    if 0 < health.failures_in_a_row <= 2:
        log.warning("Polling a feed brought no feed.", action="feed.failed", **values)
    elif result.new or result.revised:
        log.info("A feed brought new or revised items.", action="feed.polled", **values)
    else:
        log.debug("A feed was polled.", action="feed.polled", **values)
