"""The ingest service: the list of feeds, and the loop that polls those that are due."""

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
from services.common.addresses import redact_url
from services.common.clock import Clock
from services.common.db import reading
from services.common.errors import BadInput
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.processing import EventPublisher
from services.ingest.dry_run import DryRunResult, dry_run
from services.ingest.fetch.fetchers import Fetcher
from services.ingest.opml import OpmlProblem, feed_id, read_opml, write_opml
from services.ingest.poll import Poller, PollResult, health_event
from services.ingest.readers import InThreads, Readers
from services.ingest.repository import FeedState, Repository
from services.ingest.schedule.pacing import PollSettings

__all__ = ["ImportResult", "IngestService", "IngestSettings"]

#: Due feeds considered at a time; if more are due, the rest waits for the next round.
MOST_DUE = 1000

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """``concurrency`` polls run at once, at most ``host_concurrency`` of them per host, so a slow host blocks no other.

    Feeds that other processes add are noticed after ``idle_seconds`` at the latest. With ``lease_seconds``, several
    workers share the feeds: each leases a feed for this time before polling it, and renews the lease every
    ``idle_seconds``; after it, others poll the feeds of a worker that was killed. Without it, this must be the only
    worker.
    """

    schedule: PollSettings = field(default_factory=PollSettings)
    concurrency: int = 16
    host_concurrency: int = 3
    idle_seconds: float = 5.0
    stop_grace_seconds: float = 3.0
    rest_after_fault_seconds: float = 60.0
    lease_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The result of an import: feeds added, feeds listed before, and entries that could not be read."""

    added: tuple[Feed, ...]
    already: tuple[Feed, ...]
    problems: tuple[OpmlProblem, ...]


@dataclass
class _RunningPolls:
    """Polls in flight, and when feeds may be polled again after an error in Firstword."""

    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    hosts: Counter[str] = field(default_factory=Counter)
    resting: dict[str, datetime] = field(default_factory=dict)


class IngestService:
    """The interface of ingest: polling, and the list of feeds."""

    def __init__(
        self,
        engine: Engine,
        fetcher: Fetcher,
        publisher: EventPublisher,
        clock: Clock,
        settings: IngestSettings | None = None,
        metrics: Metrics | None = None,
        readers: Readers | None = None,
    ) -> None:
        self._engine = engine
        self._fetcher = fetcher
        self._publisher = publisher
        self._clock = clock
        self._settings = settings or IngestSettings()
        self._repository = Repository()
        self._readers = readers or InThreads()
        self._poller = Poller(engine, fetcher, self._readers, publisher, clock, self._settings.schedule)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        metrics = metrics or Metrics()
        self._polls = metrics.counter("feed_polls", "Polls of feeds, by outcome", ["outcome"])
        self._items = metrics.counter("feed_items", "Items of feeds, by kind of change", ["change"])
        self._poll_seconds = metrics.histogram("feed_poll_seconds", "Duration of a poll, from URL to events")

    # -- polling

    async def poll(self, feed_id: str) -> PollResult | None:
        """Poll one feed now, due or not; None if it is paused or not listed. See :meth:`Poller.poll` about crashes."""
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
        """Poll due feeds until ``stop`` is set. No error of a feed or of the database ends the loop."""
        self._loop = asyncio.get_running_loop()
        running = _RunningPolls()
        try:
            while not stop.is_set():
                self._wake.clear()
                try:
                    self._start_due(running)
                except Exception:  # the database is unavailable or locked: try again
                    log.exception("The list of feeds that are due could not be read.", action="ingest.schedule_failed")
                await self._wait(stop, running, self._settings.idle_seconds)
        finally:
            self._loop = None
            await self._finish(running)
            await self.aclose()

    async def aclose(self) -> None:
        """Close connections after :meth:`poll` or :meth:`test_feed`; :meth:`run` does it by itself."""
        await self._fetcher.aclose()
        await self._readers.aclose()

    def _start_due(self, running: _RunningPolls) -> None:
        """Start polls of due feeds, up to the limits."""
        now = self._clock.now()
        running.resting = {feed: until for feed, until in running.resting.items() if until > now}
        with reading(self._engine) as connection:
            chosen = self._chosen(connection, now, running)
        if (chosen or running.tasks) and self._settings.lease_seconds is not None:
            until = now + timedelta(seconds=self._settings.lease_seconds)
            with self._engine.begin() as connection:
                self._repository.renew(connection, list(running.tasks), until)
                leased = self._repository.lease(connection, list(chosen), now, until)
            chosen = {feed: host for feed, host in chosen.items() if feed in leased}
        for feed, host in chosen.items():
            running.hosts[host] += 1
            running.tasks[feed] = asyncio.create_task(self._poll_safely(feed, host, running), name=f"poll {feed}")

    def _chosen(self, connection: Connection, now: datetime, running: _RunningPolls) -> dict[str, str]:
        """Choose from the feeds that are due those within the limits; return their hosts by id.

        Feeds of hosts that are busy are not even read, so that thousands of them starve no other.
        """
        hosts = running.hosts.copy()
        chosen: dict[str, str] = {}
        while (free := self._settings.concurrency - len(running.tasks) - len(chosen)) > 0:
            busy = {host for host, count in hosts.items() if count >= self._settings.host_concurrency}
            due = self._repository.due(connection, now, MOST_DUE, busy)
            before = len(chosen)
            for feed, host in due:
                if feed in chosen or feed in running.tasks or feed in running.resting:
                    continue
                if hosts[host] < self._settings.host_concurrency and len(chosen) - before < free:
                    hosts[host] += 1
                    chosen[feed] = host
            if len(due) < MOST_DUE or len(chosen) == before:
                break
        return chosen

    async def _poll_safely(self, feed: str, host: str, running: _RunningPolls) -> None:
        try:
            await self.poll(feed)
        except Exception:
            # An error in Firstword or in the database: the feed is still due, so without a rest this would loop.
            log.exception("Polling a feed failed.", action="feed.poll_failed", feed_id=feed)
            self._polls.labels("fault").inc()
            rest = timedelta(seconds=self._settings.rest_after_fault_seconds)
            running.resting[feed] = self._clock.now() + rest
        finally:
            running.tasks.pop(feed, None)
            running.hosts[host] -= 1
            if running.hosts[host] <= 0:
                del running.hosts[host]

    async def _wait(self, stop: asyncio.Event, running: _RunningPolls, seconds: float) -> None:
        """Wait until a poll ends, the list changes, ``stop`` is set, or ``seconds`` have passed."""
        signals = [asyncio.create_task(stop.wait()), asyncio.create_task(self._wake.wait())]
        try:
            await asyncio.wait(
                [*signals, *running.tasks.values()], timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for signal in signals:
                signal.cancel()
            await asyncio.gather(*signals, return_exceptions=True)

    async def _finish(self, running: _RunningPolls) -> None:
        """Let running polls finish for a moment, then cancel the rest, which have written nothing."""
        tasks = dict(running.tasks)
        if not tasks:
            return
        _, late = await asyncio.wait(tasks.values(), timeout=self._settings.stop_grace_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if self._settings.lease_seconds is not None:
            dropped = [feed for feed, task in tasks.items() if task in late]
            # If the database is unavailable, the leases expire by themselves.
            with suppress(OperationalError), self._engine.begin() as connection:
                self._repository.release(connection, dropped)

    def _wake_up(self) -> None:
        """Wake the loop; may be called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    # -- the list

    def add_feed(
        self,
        url: str,
        *,
        title: str | None = None,
        publisher: str | None = None,
        group: str | None = None,
        speaks_for: tuple[str, ...] = (),
        ground: str | None = None,
    ) -> Feed:
        """Add the feed at ``url``, to be polled at once. A feed that is listed already is returned.

        ``speaks_for`` are the domains of publishers for which the caller vouches, for the reason in ``ground``. Of a
        feed that is listed already, only they change, and they count for the items that come from then on.

        Raises:
            BadInput: ``url`` is not a valid feed address, or ``speaks_for`` has no ground.
        """
        address = _checked(url)
        if speaks_for and not (ground or "").strip():
            raise BadInput(
                f"Nothing says why {redact_url(address)} speaks for {', '.join(speaks_for)}.",
                fix="Give the reason in one sentence; it is kept with the feed.",
            )
        feed = Feed(
            id=feed_id(address),
            url=address,
            title=title,
            publisher=publisher,
            group=group,
            speaks_for=speaks_for,
            ground=ground.strip() if ground and speaks_for else None,
        )
        with self._engine.begin() as connection:
            is_new = self._repository.add(connection, feed, self._clock.now())
            state = self._repository.lock(connection, feed.id)
            if state is not None and speaks_for and not is_new:
                vouched = {"speaks_for": feed.speaks_for, "ground": feed.ground}
                state = replace(state, feed=state.feed.model_copy(update=vouched))
                self._repository.save(connection, state)
        self._wake_up()
        return state.feed if state is not None else feed

    def import_feeds(self, opml: bytes, name: str = "the list") -> ImportResult:
        """Add all feeds of an OPML file, called ``name`` in messages.

        Raises:
            BadInput: it is not OPML.
        """
        listing = read_opml(opml, name)
        added: list[Feed] = []
        already: list[Feed] = []
        with self._engine.begin() as connection:
            for feed in listing.feeds:
                is_new = self._repository.add(connection, feed, self._clock.now())
                (added if is_new else already).append(feed)
        self._wake_up()
        return ImportResult(tuple(added), tuple(already), listing.problems)

    def export_feeds(self) -> bytes:
        """Return all feeds as OPML."""
        return write_opml(state.feed for state in self.list_feeds())

    def list_feeds(self) -> Sequence[FeedState]:
        """Return all feeds with their state, in the order in which they were added."""
        with reading(self._engine) as connection:
            return self._repository.all(connection)

    def remove_feed(self, feed: str) -> Feed:
        """Remove the feed with this id or URL from the list. Items that it brought stay.

        Raises:
            BadInput: the feed is not listed.
        """
        with self._engine.begin() as connection:
            state = self._find(connection, feed)
            self._repository.remove(connection, state.feed.id)
        return state.feed

    def pause_feed(self, feed: str) -> Feed:
        """Stop polling the feed with this id or URL until :meth:`resume_feed`.

        Raises:
            BadInput: the feed is not listed.
        """
        return self._set_paused(feed, True)

    def resume_feed(self, feed: str) -> Feed:
        """Poll the feed again, starting at once.

        Raises:
            BadInput: the feed is not listed.
        """
        return self._set_paused(feed, False)

    def set_speakers(self, feed: str, speaks_for: tuple[str, ...], ground: str | None) -> Feed:
        """Set the publishers for which the feed with this id or URL speaks; they count for later items.

        Raises:
            BadInput: the feed is not listed, or there is no ground.
        """
        if not speaks_for:
            with self._engine.begin() as connection:
                state = self._find(connection, feed)
                alone = replace(state, feed=state.feed.model_copy(update={"speaks_for": (), "ground": None}))
                self._repository.save(connection, alone)
            return alone.feed
        with reading(self._engine) as connection:
            url = self._find(connection, feed).feed.url
        return self.add_feed(url, speaks_for=speaks_for, ground=ground)

    async def test_feed(self, url: str) -> DryRunResult:
        """Fetch ``url`` without storing anything; if it is a web page, find its feeds.

        Raises:
            BadInput: ``url`` is not a valid feed address.
        """
        return await dry_run(self._fetcher, self._readers, _checked(url), self._clock.now())

    def _set_paused(self, feed: str, paused: bool) -> Feed:
        now = self._clock.now()
        with self._engine.begin() as connection:
            before = self._find(connection, feed)
            if before.paused == paused:
                return before.feed
            status: FeedStatus = "paused" if paused else "waiting"
            health = before.health.model_copy(
                update={
                    "status": status,
                    "reason": None,
                    "mend": None,
                    "failures_in_a_row": 0,
                    "next_poll_at": None if paused else now,
                }
            )
            after = replace(before, paused=paused, health=health)
            self._repository.save(connection, after)
            self._publisher.publish(connection, [health_event(after, before.health.status, now)])
        self._wake_up()
        return after.feed

    def _find(self, connection: Connection, feed: str) -> FeedState:
        state = self._repository.lock(connection, feed) or self._repository.lock(connection, feed_id(feed.strip()))
        if state is None:
            raise BadInput(
                f"The feed {redact_url(feed)!r} is not listed.", fix="See all feeds with `firstword feeds list`."
            )
        return state


def _checked(url: str) -> str:
    """Return ``url`` without surrounding whitespace and fragment.

    Raises:
        BadInput: it is not an http, https or file URL.
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
        raise BadInput(f"{redact_url(url)!r} is not a valid feed address.", fix=f"Write it as {wanted}")
    return address


def _log_poll(result: PollResult) -> None:
    health = result.health
    values = {
        "feed_id": result.feed_id,
        "outcome": result.outcome.kind,
        "status": health.status,
        "reason": result.outcome.reason,
        "new": result.new,
        "background": result.background,
        "revised": result.revised,
        "next_poll_at": health.next_poll_at.isoformat() if health.next_poll_at else None,
    }
    # A feed that keeps failing is logged twice, when it fails and when that is certain; the Feeds page shows it.
    if 0 < health.failures_in_a_row <= 2 or health.status == "paused":
        log.warning("A feed could not be polled.", action="feed.failed", **values)
    elif result.new or result.revised:
        log.info("A feed brought new or revised items.", action="feed.polled", **values)
    else:
        log.debug("A feed was polled.", action="feed.polled", **values)
