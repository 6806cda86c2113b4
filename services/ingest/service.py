"""The ingest service: the list of feeds, and the loop that polls those that are due."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from urllib.parse import urldefrag, urlsplit

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from schemas.feeds import Feed, FeedHealth, FeedKind, FeedStatus
from schemas.inlets import PushedItem
from schemas.items import ArticleReading
from services.common.addresses import AllowedAddresses, redact_url
from services.common.clock import Clock
from services.common.db import reading
from services.common.errors import BadInput, Unreachable
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.processing import EventPublisher
from services.ingest.articles.fetcher import ArticleFetcher
from services.ingest.articles.pages import ArticlePages
from services.ingest.dry_run import DryRunResult, dry_run
from services.ingest.fetch.credentials import Credential, without_user
from services.ingest.fetch.fetchers import Fetcher, Validators
from services.ingest.fetch.imap import MailboxPlace
from services.ingest.fetch.polite import PoliteFetcher
from services.ingest.fetch_and_parse import FetchResult, fetch_and_parse
from services.ingest.folder_poll import FolderPoller
from services.ingest.health.http_status import outcome_of_status
from services.ingest.health.progress import PollProgress
from services.ingest.identity.dedupe import ItemChange
from services.ingest.identity.inlet_addresses import inlet_name, inlet_url, is_inlet_url
from services.ingest.inlets.drop_folder import create_drop_folder
from services.ingest.inlets.lines import ReadLines, read_lines
from services.ingest.inlets.mail import MailboxLook
from services.ingest.inlets.page import PartOfPage
from services.ingest.inlets.pushed import PushedBatch, read_pushed
from services.ingest.inlets.taking import UnknownInlet, take_items
from services.ingest.mailbox_poll import MailboxPoller
from services.ingest.opml import OpmlProblem, feed_id, read_opml, write_opml
from services.ingest.packs.sec_filings import COMPANIES_URL, filings_feed
from services.ingest.packs.shipped import find_pack
from services.ingest.parse.extent import has_articles
from services.ingest.parse.sec_companies import SecCompany, read_companies
from services.ingest.poll import Poller, PollResult
from services.ingest.quarantine import KEPT_FOR, Quarantine, QuarantinedDocument, Reading, StoredDocument
from services.ingest.readers import InThreads, Readers
from services.ingest.record import health_event
from services.ingest.repository import POLLED, FeedState, Mailbox, Repository
from services.ingest.schedule.pacing import PollSettings, Rhythm
from services.ingest.unread_mail import UnreadMail, UnreadMessage
from services.ingest.websub.subscriptions import Subscriptions

__all__ = ["ImportResult", "IngestService", "IngestSettings"]

#: Due feeds considered at a time; if more are due, the rest waits for the next round.
MOST_DUE = 1000
#: Feeds that are due are looked for this often while polls end all the time: that reads the whole list.
LOOK_SECONDS = 0.2
#: From a minute to a day, in seconds.
DELAY_BUCKETS = (60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 10_800.0, 21_600.0, 86_400.0)

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """``concurrency`` polls run at once, at most ``host_concurrency`` of them per host, so a slow host blocks no other.

    Feeds that other processes add are noticed after ``idle_seconds`` at the latest. With ``lease_seconds``, several
    workers share the feeds: each leases a feed for this time before polling it, and renews the lease every
    ``idle_seconds``; after it, others poll the feeds of a worker that was killed. Without it, this must be the only
    worker. If no poll ends for ``stall_seconds`` though feeds are due, readiness says so.
    """

    schedule: PollSettings = field(default_factory=PollSettings)
    concurrency: int = 16
    host_concurrency: int = 3
    idle_seconds: float = 5.0
    stop_grace_seconds: float = 3.0
    rest_after_fault_seconds: float = 60.0
    lease_seconds: float | None = None
    stall_seconds: float = 180.0


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The result of an import: feeds added, feeds listed before, and entries that could not be read."""

    added: tuple[Feed, ...]
    already: tuple[Feed, ...]
    problems: tuple[OpmlProblem, ...]


@dataclass
class _RunningPolls:
    """Polls in flight, and when feeds may be polled again after an error in Firstword.

    ``due`` are feeds that were due when they were last looked for, longest waiting first, with their hosts. From
    ``look_at`` on, others are looked for; at ``renew_at``, leases are renewed. Both are times of the event loop.
    """

    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    hosts: Counter[str] = field(default_factory=Counter)
    resting: dict[str, datetime] = field(default_factory=dict)
    due: dict[str, str] = field(default_factory=dict)
    look_at: float = 0.0
    renew_at: float = 0.0


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
        inlet_folders: Path | None = None,
        allow_private: tuple[str, ...] = (),
        pages: Fetcher | None = None,
    ) -> None:
        """``inlet_folders`` is the folder with those of inlets; without it, such inlets can't be set up.

        ``pages`` fetches the pages of articles; without it, ``fetcher`` does.

        ``allow_private`` lists private networks and hosts whose mail servers may be reached.
        """
        self._engine = engine
        self._fetcher = fetcher
        self._publisher = publisher
        self._clock = clock
        self._settings = settings or IngestSettings()
        self._repository = Repository()
        self._readers = readers or InThreads()
        articles = ArticleFetcher(engine, pages or fetcher, self._readers)
        self._poller = Poller(engine, fetcher, self._readers, publisher, clock, self._settings.schedule, articles)
        self._folders = (
            None if inlet_folders is None else FolderPoller(engine, inlet_folders, self._readers, publisher, clock)
        )
        self._mailboxes = MailboxPoller(engine, self._readers, publisher, clock, AllowedAddresses.parse(allow_private))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._changed = False
        self._progress = PollProgress(self._settings.stall_seconds)
        metrics = metrics or Metrics()
        self._polls = metrics.counter("feed_polls", "Polls of feeds, by outcome", ["outcome"])
        self._items = metrics.counter("feed_items", "Items of feeds, by kind of change", ["change"])
        self._delays = metrics.histogram(
            "feed_item_delay_seconds", "Time from an item's publication to the poll that brought it", (), DELAY_BUCKETS
        )
        self._articles = metrics.counter(
            "feed_articles", "Articles that were to be read on their pages, by feed and result", ["feed", "result"]
        )
        self._poll_seconds = metrics.histogram("feed_poll_seconds", "Duration of a poll, from URL to events")

    # -- polling

    async def poll(self, feed_id: str) -> PollResult | None:
        """Poll one feed now, due or not; None if it is paused or not listed. See :meth:`Poller.poll` about crashes."""
        return await self._counted(feed_id, None)

    async def _counted(self, feed_id: str, state: FeedState | None) -> PollResult | None:
        """Poll a feed, whose ``state`` is given if it has just been read, and count and log the result."""
        with self._poll_seconds.time():
            result = await self._poll(feed_id, state)
        if result is None:
            return None
        self._polls.labels(result.outcome.kind).inc()
        for change, count in (("new", result.new), ("revised", result.revised), ("copy", result.copies)):
            self._items.labels(change).inc(count)
        for delay in result.delays:
            self._delays.observe(delay)
        for became, number in Counter(result.articles).items():
            self._articles.labels(feed_id, became).inc(number)
        _log_poll(result)
        return result

    async def _poll(self, feed_id: str, state: FeedState | None) -> PollResult | None:
        if state is None:
            with reading(self._engine) as connection:
                state = self._repository.get(connection, feed_id)
        if state is None or state.paused or state.feed.kind not in POLLED:
            return None
        if state.feed.kind == "mailbox":
            return await self._mailboxes.poll(state)
        if state.feed.kind == "folder":
            return None if self._folders is None else await self._folders.poll(state)
        return await self._poller.poll(feed_id, state)

    async def run(self, stop: asyncio.Event) -> None:
        """Poll due feeds until ``stop`` is set. No error of a feed or of the database ends the loop."""
        self._loop = asyncio.get_running_loop()
        running = _RunningPolls()
        stopped = asyncio.create_task(stop.wait())
        stopped.add_done_callback(lambda _: self._wake.set())
        self._progress.start(monotonic())
        try:
            while not stop.is_set():
                self._wake.clear()
                try:
                    self._start_due(running)
                    self._progress.looked(monotonic(), idle=not running.tasks and not running.resting)
                except Exception:  # the database is unavailable or locked: try again
                    log.exception("The list of feeds that are due could not be read.", action="ingest.schedule_failed")
                wait = self._settings.idle_seconds if not running.tasks else LOOK_SECONDS
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(wait, self._settings.idle_seconds)):
                        await self._wake.wait()  # until a poll ends, the list changes, or it must stop
        finally:
            self._loop = None
            self._progress.stop()
            stopped.cancel()
            await self._finish(running)
            await self._poller.finish()
            await self.aclose()

    def not_ready(self) -> Sequence[str]:
        """Return what stalls in the loop of this process, for readiness; from any thread."""
        problem = self._progress.problem(monotonic())
        return [problem] if problem is not None else []

    async def aclose(self) -> None:
        """Close connections after :meth:`poll` or :meth:`test_feed`; :meth:`run` does it by itself."""
        await self._fetcher.aclose()
        await self._mailboxes.aclose()
        await self._readers.aclose()

    def _start_due(self, running: _RunningPolls) -> None:
        """Start polls of due feeds, up to the limits."""
        now = self._clock.now()
        running.resting = {feed: until for feed, until in running.resting.items() if until > now}
        if self._changed:
            self._changed = False
            running.due, running.look_at = {}, 0.0
        lease = self._settings.lease_seconds
        if lease is not None:
            self._renew(running, now, lease)
        for _ in range(self._settings.concurrency):
            with reading(self._engine) as connection:
                hosts = self._chosen(connection, now, running)
                states = self._repository.states(connection, hosts, due_at=now) if hosts else {}
            if len(states) < len(hosts):  # polled, paused, removed or held back since they were found
                running.due, running.look_at = {}, 0.0
            for feed in hosts:
                running.due.pop(feed, None)
            if lease is not None and states:
                with self._engine.begin() as connection:
                    leased = self._repository.lease(connection, list(states), now, now + timedelta(seconds=lease))
                states = {feed: state for feed, state in states.items() if feed in leased}
            for feed, state in states.items():
                running.hosts[hosts[feed]] += 1
                poll = self._poll_safely(feed, hosts[feed], state, running)
                running.tasks[feed] = asyncio.create_task(poll, name=f"poll {feed}")
            if not hosts or len(running.tasks) >= self._settings.concurrency:
                return

    def _renew(self, running: _RunningPolls, now: datetime, lease_seconds: float) -> None:
        """Renew the leases of feeds that are being polled, in time and not more often than that."""
        time = asyncio.get_running_loop().time()
        if running.tasks and time >= running.renew_at:
            with self._engine.begin() as connection:
                self._repository.renew(connection, list(running.tasks), now + timedelta(seconds=lease_seconds))
            running.renew_at = time + min(self._settings.idle_seconds, lease_seconds / 3)

    def _chosen(self, connection: Connection, now: datetime, running: _RunningPolls) -> dict[str, str]:
        """Choose from the feeds that are due those within the limits; return their hosts by id.

        They are looked for only when those that were found before do not suffice. Feeds of hosts that are busy are not
        even read then, so that thousands of them starve no other.
        """
        chosen = self._startable(running)
        time = asyncio.get_running_loop().time()
        if chosen or time < running.look_at or len(running.tasks) >= self._settings.concurrency:
            return chosen
        busy = {host for host, count in running.hosts.items() if count >= self._settings.host_concurrency}
        due = self._repository.due(connection, now, MOST_DUE, busy)
        running.due = dict(due)
        if len(due) < MOST_DUE:
            running.look_at = time + min(LOOK_SECONDS, self._settings.idle_seconds)
        return self._startable(running)

    def _startable(self, running: _RunningPolls) -> dict[str, str]:
        """Return the feeds among those found that may be polled now, as many as the limits allow."""
        free = self._settings.concurrency - len(running.tasks)
        hosts = running.hosts.copy()
        startable: dict[str, str] = {}
        for feed, host in running.due.items():
            if len(startable) >= free:
                break
            if feed in running.tasks or feed in running.resting or hosts[host] >= self._settings.host_concurrency:
                continue
            hosts[host] += 1
            startable[feed] = host
        return startable

    async def _poll_safely(self, feed: str, host: str, state: FeedState | None, running: _RunningPolls) -> None:
        failed = False
        self._progress.poll_began(monotonic())
        try:
            await self._counted(feed, state)
        except Exception:
            failed = True
            # An error in Firstword or in the database: the feed is still due, so without a rest this would loop.
            log.exception("Polling a feed failed.", action="feed.poll_failed", feed_id=feed)
            self._polls.labels("fault").inc()
            rest = timedelta(seconds=self._settings.rest_after_fault_seconds)
            running.resting[feed] = self._clock.now() + rest
        finally:
            self._progress.poll_ended(monotonic(), failed=failed)
            running.tasks.pop(feed, None)
            running.hosts[host] -= 1
            if running.hosts[host] <= 0:
                del running.hosts[host]
            # To begin a poll is to read the database: if many run, several begin together, at the next look.
            if len(running.tasks) <= self._settings.concurrency * 3 // 4:
                self._wake.set()

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

    def look_for_due_feeds(self) -> None:
        """Let the loop, if it runs in this process, look at once for feeds that are due; from any thread."""
        self._wake_up()

    def _wake_up(self) -> None:
        """Wake the loop, because the list has changed; may be called from any thread."""
        self._changed = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    # -- inlets

    def add_inlet(
        self,
        name: str,
        *,
        title: str,
        speaks_for: tuple[str, ...] = (),
        ground: str | None = None,
        folder: bool = False,
    ) -> Feed:
        """Add an inlet into which programs put items, or files into its ``folder``.

        Its channel speaks for itself, or for those vouched for.

        Raises:
            BadInput: the name can't be used, or is in use, or ``speaks_for`` has no ground.
            FolderUnusable: the folder can't be created.
        """
        kind: FeedKind = "folder" if folder else "push"
        inlet = _channel(inlet_url(name), kind=kind, title=title, speaks_for=speaks_for, ground=ground)
        if folder:
            create_drop_folder(self.folder_of(name))
        with self._engine.begin() as connection:
            self._add_inlet(connection, inlet, name)
        self._wake_up()
        return inlet

    def add_mailbox(
        self,
        name: str,
        place: MailboxPlace,
        password: str,
        *,
        title: str,
        verified_by: str | None = None,
        speaks_for: tuple[str, ...] = (),
        ground: str | None = None,
    ) -> Feed:
        """Add an inlet that reads a mailbox. ``verified_by`` names the mail server that says where messages come from.

        Raises:
            BadInput: the name can't be used, or is in use, or ``speaks_for`` has no ground.
        """
        inlet = _channel(inlet_url(name), kind="mailbox", title=title, speaks_for=speaks_for, ground=ground)
        with self._engine.begin() as connection:
            self._add_inlet(connection, inlet, name)
            self._repository.set_mailbox(connection, inlet.id, Mailbox(place, verified_by))
            self._repository.set_credential(connection, inlet.id, _password(place, password), self._clock.now())
        self._wake_up()
        return inlet

    def _add_inlet(self, connection: Connection, inlet: Feed, name: str) -> None:
        if not self._repository.add(connection, inlet, self._clock.now()):
            raise BadInput(
                f"There is an inlet {inlet_name(name)!r} already.",
                fix="Choose another name.",
            )

    def set_mailbox_password(self, name: str, password: str) -> str:
        """Set the password of an inlet's mailbox; return the server that alone gets it. It is read at once.

        Raises:
            BadInput: there is no such inlet, or it reads no mailbox.
        """
        inlet = self.inlet(name)
        with self._engine.begin() as connection:
            state, mailbox = self._find(connection, inlet.feed.id), self._repository.mailbox(connection, inlet.feed.id)
            if mailbox is None:
                raise BadInput(f"The inlet {name!r} reads no mailbox.", fix="Look at the list of inlets.")
            credential = _password(mailbox.place, password)
            self._repository.set_credential(connection, inlet.feed.id, credential, self._clock.now())
            self._make_due(connection, state)
        self._wake_up()
        return credential.origin

    def mailbox(self, feed_id: str) -> Mailbox | None:
        """Return the mailbox that an inlet reads; None if it reads none."""
        with reading(self._engine) as connection:
            return self._repository.mailbox(connection, feed_id)

    def set_inlet_title(self, feed: str, title: str) -> Feed:
        """Set the name that account managers see of an inlet, for its later items.

        Raises:
            BadInput: it is not listed, or no inlet.
        """
        with self._engine.begin() as connection:
            state = self._find(connection, feed)
            if not is_inlet_url(state.feed.url):
                raise BadInput("Only an inlet has a title of its own.", fix="Look at the list of feeds.")
            after = replace(state, feed=state.feed.model_copy(update={"title": title}))
            self._repository.save(connection, after)
        return after.feed

    def change_mailbox(self, feed: str, place: MailboxPlace, verified_by: str | None) -> None:
        """Change where an inlet's mailbox is; it is read at once.

        Another server needs its password anew. In another folder or mailbox, the newest messages are read as at first.

        Raises:
            BadInput: it is not listed, or reads no mailbox.
        """
        with self._engine.begin() as connection:
            state = self._find(connection, feed)
            before = self._repository.mailbox(connection, state.feed.id)
            if before is None:
                raise BadInput("This inlet reads no mailbox.", fix="Look at the list of feeds.")
            position = before.position if place == before.place else None
            self._repository.set_mailbox(connection, state.feed.id, Mailbox(place, verified_by, position))
            self._make_due(connection, state)
        self._wake_up()

    async def look_into_mailbox(self, place: MailboxPlace, password: str) -> MailboxLook:
        """Sign in to a mailbox and look at its newest messages, without storing anything.

        Raises:
            FirstwordError: it can't be read; the message says why.
        """
        return await self._mailboxes.look(place, _password(place, password).value)

    def folder_of(self, name: str) -> Path:
        """Return the folder of the inlet of this name, whether or not there is one.

        Raises:
            BadInput: there are no folders here.
        """
        if self._folders is None:
            raise BadInput("There is no folder for inlets here.", fix="Set up an inlet without one.")
        return self._folders.folder(inlet_url(name))

    def inlet(self, name: str) -> FeedState:
        """Return the inlet of this name.

        Raises:
            BadInput: there is none.
        """
        with reading(self._engine) as connection:
            state = self._repository.get(connection, feed_id(inlet_url(name)))
        if state is None:
            raise BadInput(
                f"There is no inlet {inlet_name(name)!r}.", fix="See all inlets with 'firstword inlets list'."
            )
        return state

    async def read_pushed(self, inlet_id: str, pushed: Sequence[PushedItem]) -> PushedBatch:
        """Read items for an inlet, apart from everything else, because their texts come from outside.

        Raises:
            UnknownInlet: there is no such inlet.
        """
        return await self._readers.run(read_pushed, pushed, self._inlet(inlet_id).feed, self._clock.now())

    async def read_lines(self, inlet: Feed, raw: bytes, file: str) -> ReadLines:
        """Read a file with a JSON object per line for an inlet, apart from everything else."""
        return await self._readers.run(read_lines, raw, file, inlet, self._clock.now())

    def take_items(self, connection: Connection, inlet_id: str, batch: PushedBatch) -> Sequence[ItemChange]:
        """Store and publish a batch in the caller's transaction. See :func:`inlets.taking.take_items`."""
        now = self._clock.now()
        changes = take_items(connection, self._repository, self._publisher, inlet_id, batch, now)
        for change in changes:
            if change.kind != "unchanged":
                self._items.labels(change.kind).inc()
        return changes

    def _inlet(self, inlet_id: str) -> FeedState:
        with reading(self._engine) as connection:
            state = self._repository.get(connection, inlet_id)
        if state is None or state.feed.kind != "push":
            raise UnknownInlet("This inlet does not exist any more.", fix="Ask the owner for another token.")
        return state

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

        A user and password in ``url`` become its credentials, and are not in its address.

        ``speaks_for`` are the domains of publishers for which the caller vouches, for the reason in ``ground``. Of a
        feed that is listed already, only they change, and they count for the items that come from then on.

        Raises:
            BadInput: ``url`` is not a valid feed address, or ``speaks_for`` has no ground.
        """
        address, credential = without_user(_checked(url))
        if is_inlet_url(address):
            raise BadInput(
                f"{redact_url(address)} is the address of an inlet, which no feed can have.",
                fix="Set up an inlet with 'firstword inlets create NAME'.",
            )
        feed = _channel(
            address, kind="feed", title=title, publisher=publisher, group=group, speaks_for=speaks_for, ground=ground
        )
        with self._engine.begin() as connection:
            is_new = self._repository.add(connection, feed, self._clock.now())
            if credential is not None:
                self._set_credential(connection, feed.id, address, credential)
            state = self._repository.lock(connection, feed.id)
            if state is not None and speaks_for and not is_new:
                vouched = {"speaks_for": feed.speaks_for, "ground": feed.ground}
                state = replace(state, feed=state.feed.model_copy(update=vouched))
                self._repository.save(connection, state)
        self._wake_up()
        return state.feed if state is not None else feed

    def watch_page(
        self,
        url: str,
        *,
        title: str | None = None,
        links_under: str | None = None,
        links_in: str | None = None,
        text: bool = False,
        group: str | None = None,
        speaks_for: tuple[str, ...] = (),
        ground: str | None = None,
    ) -> Feed:
        """Watch the page or news sitemap at ``url`` for new links.

        With ``links_under``, those to a path below it count; with ``links_in``, those in such a part of the page. What
        it lists at first is background. Its channel is its address, as with a feed. With ``text``, its text is watched
        instead, or that of the part ``links_in``: one item, which each change revises.

        Raises:
            BadInput: the address can't be watched or is listed already, or ``speaks_for`` has no ground.
        """
        address, credential = without_user(_checked(url))
        if credential is not None:
            raise BadInput("The address has a password in it.", fix="Leave it out.")
        if is_inlet_url(address) or not address.startswith(("http://", "https://")):
            raise BadInput(f"{redact_url(address)} can't be watched.", fix="Give the address of a page: https://…")
        _check_links(links_under, links_in)
        if text and links_under is not None:
            raise BadInput("The text of a page has no path.", fix="Name the part of the page that has the text.")
        kind: FeedKind = "text" if text else "page"
        page = _channel(address, kind=kind, title=title, group=group, speaks_for=speaks_for, ground=ground)
        page = page.model_copy(update={"links_under": links_under, "links_in": links_in})
        with self._engine.begin() as connection:
            if not self._repository.add(connection, page, self._clock.now()):
                raise BadInput(f"{redact_url(address)} is listed already.", fix="Change it there, or remove it first.")
        self._wake_up()
        return page

    def change_page(self, feed: str, *, title: str | None, links_under: str | None, links_in: str | None) -> Feed:
        """Change how a page is watched; it is read at once. What it lists then and has no date is background.

        Raises:
            BadInput: it is not listed or no page, or a value can't be used.
        """
        _check_links(links_under, links_in)
        with self._engine.begin() as connection:
            state = self._find(connection, feed)
            if state.feed.kind != "page":
                raise BadInput("Only a watched page has such settings.", fix="Look at the list of feeds.")
            values = {"title": title, "links_under": links_under, "links_in": links_in}
            page = state.feed.model_copy(update=values)
            again = replace(state, feed=page, body_digest=None, validators=Validators())
            self._repository.save(connection, again)
            self._make_due(connection, again)
        self._wake_up()
        return page

    async def test_page(
        self, url: str, links_under: str | None = None, links_in: str | None = None, *, text: bool = False
    ) -> FetchResult:
        """Read a page as :meth:`watch_page` would, without storing anything.

        Raises:
            BadInput: a value can't be used.
        """
        _check_links(links_under, links_in)
        kind: FeedKind = "text" if text else "page"
        page = Feed(id="page", url=_checked(url), kind=kind, links_under=links_under, links_in=links_in)
        health = FeedHealth(feed_id=page.id, status="waiting")
        state = FeedState(page, health, page.url, Validators(), Rhythm(watched_since=self._clock.now()))
        return await fetch_and_parse(PoliteFetcher(self._fetcher), self._readers, state, self._clock)

    def import_feeds(self, opml: bytes, name: str = "the list") -> ImportResult:
        """Add all feeds of an OPML file, called ``name`` in messages.

        Raises:
            BadInput: it is not OPML.
        """
        listing = read_opml(opml, name)
        return self._add_all(listing.feeds, listing.credentials, listing.problems)

    def add_pack(self, name: str) -> ImportResult:
        """Add all feeds of a pack that ships with Firstword; those that are listed already stay as they are.

        Raises:
            BadInput: there is no such pack.
        """
        return self._add_all(find_pack(name).feeds, {}, ())

    async def sec_companies(self) -> Sequence[SecCompany]:
        """Fetch the SEC's list of the companies that file with it.

        Raises:
            FirstwordError: it can't be fetched or read.
        """
        response = await self._fetcher.fetch(COMPANIES_URL, Validators(), self._clock.now())
        if response.status != 200:
            refused = outcome_of_status(response.status, response.retry_after_seconds)
            raise Unreachable(
                f"The SEC's list of companies can't be fetched. {refused.reason or ''}",
                fix="The SEC refuses programs that name no contact: set FIRSTWORD_CONTACT. Otherwise try again later.",
            )
        return await self._readers.run(read_companies, response.body)

    def add_sec_filings(self, companies: Sequence[SecCompany]) -> ImportResult:
        """Add the feed of filings of each of these companies; those that are listed already stay as they are."""
        return self._add_all([filings_feed(company) for company in companies], {}, ())

    def _add_all(
        self, feeds: Sequence[Feed], credentials: Mapping[str, Credential], problems: tuple[OpmlProblem, ...]
    ) -> ImportResult:
        """Add the feeds that are not listed yet, with their ``credentials`` by id."""
        added: list[Feed] = []
        already: list[Feed] = []
        with self._engine.begin() as connection:
            for feed in feeds:
                is_new = self._repository.add(connection, feed, self._clock.now())
                if is_new and feed.id in credentials:
                    self._set_credential(connection, feed.id, feed.url, credentials[feed.id])
                (added if is_new else already).append(feed)
        self._wake_up()
        return ImportResult(tuple(added), tuple(already), problems)

    def export_feeds(self) -> bytes:
        """Return all feeds as OPML, without watched pages, and inlets, which exist in this installation only."""
        return write_opml(state.feed for state in self.list_feeds() if state.feed.kind == "feed")

    def list_feeds(self) -> Sequence[FeedState]:
        """Return all feeds with their state, in the order in which they were added."""
        with reading(self._engine) as connection:
            return self._repository.all(connection)

    def feeds_with_hub(self) -> frozenset[str]:
        """Return the ids of the feeds of which a hub reports news at once."""
        with reading(self._engine) as connection:
            return Subscriptions().active(connection, self._clock.now())

    def find_feed(self, feed: str) -> Feed:
        """Return the feed with this id or URL.

        Raises:
            BadInput: the feed is not listed.
        """
        with self._engine.begin() as connection:
            return self._find(connection, feed).feed

    def remove_feed(self, feed: str) -> Feed:
        """Remove the feed with this id or URL from the list. Items that it brought stay.

        Raises:
            BadInput: the feed is not listed.
        """
        with self._engine.begin() as connection:
            state = self._find(connection, feed)
            self._repository.remove(connection, state.feed.id)
        return state.feed

    def set_credential(self, feed: str, credential: Credential, *, unencrypted: bool = False) -> str:
        """Set what the server of the feed with this id or URL asks for; return the only origin that gets it.

        That is where the feed is fetched now, after permanent moves. It is polled at once. ``unencrypted`` permits
        addresses with http, on whose way anybody can read the credential.

        Raises:
            BadInput: the feed is not listed, is none that is fetched, or its address is not encrypted.
        """
        with self._engine.begin() as connection:
            state = self._find(connection, feed)
            bound = self._set_credential(connection, state.feed.id, state.fetch_url, credential, unencrypted)
            self._make_due(connection, state)
        self._wake_up()
        return bound.origin

    def _make_due(self, connection: Connection, state: FeedState) -> None:
        """Let the feed be polled at once, unless it is paused."""
        if not state.paused:
            due = state.health.model_copy(update={"next_poll_at": self._clock.now()})
            self._repository.save(connection, replace(state, health=due))

    def remove_credential(self, feed: str) -> Feed:
        """Forget what the server of the feed with this id or URL asks for.

        Raises:
            BadInput: the feed is not listed.
        """
        with self._engine.begin() as connection:
            state = self._find(connection, feed)
            self._repository.set_credential(connection, state.feed.id, None, self._clock.now())
        return state.feed

    def _set_credential(
        self, connection: Connection, feed_id: str, url: str, credential: Credential, unencrypted: bool = False
    ) -> Credential:
        bound = credential.bound_to(url)
        if not bound.origin or is_inlet_url(url):
            raise BadInput("Only a feed that is fetched from a server has credentials.", fix="Give a web address.")
        if not unencrypted and not bound.origin.startswith("https://"):
            raise BadInput(
                f"Credentials would be sent to {redact_url(url)} unencrypted.",
                fix="Use the feed's address with https; inside your own network, add --unencrypted.",
            )
        self._repository.set_credential(connection, feed_id, bound, self._clock.now())
        return bound

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
        with self._engine.begin() as connection:
            state = self._find(connection, feed)
            vouched = _channel(state.feed.url, kind=state.feed.kind, speaks_for=speaks_for, ground=ground)
            values = {"speaks_for": vouched.speaks_for, "ground": vouched.ground}
            after = replace(state, feed=state.feed.model_copy(update=values))
            self._repository.save(connection, after)
        return after.feed

    def set_full_text(self, feed: str, wanted: bool) -> Feed:
        """Set whether the articles of the feed with this id or URL are read on their pages; for later items.

        Raises:
            BadInput: the feed is not listed, or its items have no pages of their own.
        """
        with self._engine.begin() as connection:
            state = self._find(connection, feed)
            if wanted and not has_articles(state.feed):
                raise BadInput(
                    "Only a feed or a watched page of links leads to articles on its site.",
                    fix="Choose a feed whose address begins with https:// or http://.",
                )
            after = replace(state, feed=state.feed.model_copy(update={"full_text": wanted}))
            self._repository.save(connection, after)
        return after.feed

    def count_articles(self) -> Mapping[str, Mapping[ArticleReading, int]]:
        """Return the number of articles of the last days, by feed and by what became of them."""
        with reading(self._engine) as connection:
            return ArticlePages().count(connection)

    async def test_feed(self, url: str) -> DryRunResult:
        """Fetch ``url`` without storing anything; if it is a web page, find its feeds.

        A listed feed is fetched with its credentials.

        Raises:
            BadInput: ``url`` is not a valid feed address.
            LockedSecret: the key of its credentials is missing.
        """
        address, credential = without_user(_checked(url))
        if credential is None:
            with reading(self._engine) as connection:
                state = self._repository.get(connection, feed_id(address))
            if state is not None and state.credential is not None:
                credential = state.credential.open()
        return await dry_run(self._fetcher, self._readers, address, self._clock.now(), credential)

    # -- the quarantine

    def quarantined(self) -> Sequence[tuple[QuarantinedDocument, FeedState]]:
        """Return the documents that could not be read, newest first, each with its feed."""
        with reading(self._engine) as connection:
            documents = Quarantine().list(connection, self._clock.now() - KEPT_FOR)
            if not documents:
                return ()
            feeds = {state.feed.id: state for state in self._repository.all(connection)}
        return [(document, feeds[document.feed_id]) for document in documents if document.feed_id in feeds]

    def count_quarantined(self) -> int:
        """Return the number of documents that could not be read."""
        with reading(self._engine) as connection:
            return Quarantine().count(connection, self._clock.now() - KEPT_FOR)

    def quarantined_document(self, feed_id: str) -> QuarantinedDocument:
        """Return the feed's document that could not be read, with its contents.

        Raises:
            BadInput: there is none.
        """
        with reading(self._engine) as connection:
            document = Quarantine().get(connection, feed_id)
        if document is None:
            raise BadInput(
                f"There is no quarantined document of the feed {feed_id!r}.",
                fix="'firstword quarantine list' shows the ids. Somebody may have replayed or dropped it.",
            )
        return document

    async def read_again(self, feed_id: str) -> Reading:
        """Read a quarantined document again with this version, and publish its items like those of a poll.

        It leaves the quarantine if all of it can be read now. The feed itself is polled next.

        Raises:
            BadInput: there is no such document, it is not kept whole, or its feed is paused.
        """
        document = self.quarantined_document(feed_id)
        if document.body is None:
            raise BadInput(
                f"It can't be replayed: of its {document.size_bytes:,} bytes, only the beginning is kept.",
                fix=f"Drop it with 'firstword quarantine drop {feed_id}'; the feed is polled as usual.",
            )
        with self._engine.begin() as connection:
            state = self._repository.lock(connection, feed_id)
            if state is not None and state.body_digest is not None:  # read it even if it is what was read last
                state = replace(state, body_digest="")
                self._repository.save(connection, state)
        if state is None or state.paused:
            raise BadInput("The document's feed is paused.", fix=f"Run 'firstword feeds resume {feed_id}' first.")
        stored = StoredDocument(document, document.body)
        tried = await fetch_and_parse(stored, self._readers, state, self._clock)
        if tried.outcome.failed:
            return Reading(problem=tried.outcome.reason, fix=tried.outcome.fix)
        poller = Poller(self._engine, stored, self._readers, self._publisher, self._clock, self._settings.schedule)
        result = await poller.poll(feed_id)
        if result is None:
            raise BadInput("The document's feed was just paused or removed.", fix="Look at 'firstword feeds list'.")
        left = tried.parsed.first_unreadable if tried.parsed is not None else None
        with self._engine.begin() as connection:
            if not left:
                Quarantine().drop(connection, [feed_id])
            after = self._repository.lock(connection, feed_id)
            if after is not None:  # what it is like now says the next poll
                self._make_due(connection, after)
        self._wake_up()
        if left:
            return Reading(result.new, result.revised, left, document.fix)
        return Reading(result.new, result.revised)

    def unread_messages(self, limit: int | None = None) -> Sequence[tuple[UnreadMessage, FeedState]]:
        """Return the messages of mailboxes that could not be read, newest first, each with its inlet."""
        with reading(self._engine) as connection:
            messages = UnreadMail().list(connection, self._clock.now() - KEPT_FOR, limit)
            if not messages:
                return ()
            feeds = self._repository.states(connection, {message.feed_id for message in messages})
        found = [(message, feeds.get(message.feed_id)) for message in messages]
        return [(message, state) for message, state in found if state is not None]

    def count_unread_messages(self) -> int:
        """Return the number of messages of mailboxes that could not be read."""
        with reading(self._engine) as connection:
            return UnreadMail().count(connection, self._clock.now() - KEPT_FOR)

    def unread_message(self, id: str) -> UnreadMessage:
        """Return a message that could not be read, with its contents.

        Raises:
            BadInput: there is none with this id.
        """
        with reading(self._engine) as connection:
            message = UnreadMail().get(connection, id)
        if message is None:
            raise BadInput(
                f"There is no message {id!r} that could not be read.",
                fix="'firstword quarantine list' shows the ids. Somebody may have replayed or dropped it.",
            )
        return message

    async def read_message_again(self, id: str) -> Reading:
        """Read a message of a mailbox again with this version, and take its item. Then it leaves the quarantine.

        Raises:
            BadInput: there is no such message, it is not kept whole, or its mailbox is paused.
        """
        message = self.unread_message(id)
        if message.body is None:
            raise BadInput(
                f"It can't be replayed: its contents, {message.size_bytes:,} bytes or more, are not kept.",
                fix=f"Look at it in the mailbox, and drop it with 'firstword quarantine drop {id}'.",
            )
        with reading(self._engine) as connection:
            state = self._repository.get(connection, message.feed_id)
            mailbox = self._repository.mailbox(connection, message.feed_id)
        if state is None or mailbox is None or state.paused:
            raise BadInput("The message's mailbox is paused.", fix="Resume it first.")
        result = await self._mailboxes.read_again(message, state, mailbox)
        if result.problem is None:
            with self._engine.begin() as connection:  # the page of feeds says what is left
                after = self._repository.lock(connection, message.feed_id)
                if after is not None:
                    self._make_due(connection, after)
            self._wake_up()
        return result

    def drop_messages(self, ids: Sequence[str]) -> int:
        """Give up messages that could not be read; return their number. In the mailbox they stay."""
        with self._engine.begin() as connection:
            return UnreadMail().drop(connection, ids)

    def drop_quarantined(self, feed_ids: Sequence[str]) -> int:
        """Give up documents that could not be read; return their number."""
        with self._engine.begin() as connection:
            return Quarantine().drop(connection, feed_ids)

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
                    "next_poll_at": None if paused or before.feed.kind not in POLLED else now,
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


def _check_links(links_under: str | None, links_in: str | None) -> None:
    if links_under is not None and not links_under.startswith("/"):
        raise BadInput(f"{links_under!r} is not a path.", fix="Begin it with a slash, such as /news/.")
    if links_in is not None:
        PartOfPage.parse(links_in)


def _password(place: MailboxPlace, password: str) -> Credential:
    if not password:
        raise BadInput("The mailbox needs a password.", fix="Type it, or give it on standard input.")
    return Credential("mailbox", place.username, password, place.origin)


def _channel(
    url: str,
    *,
    kind: FeedKind,
    title: str | None = None,
    publisher: str | None = None,
    group: str | None = None,
    speaks_for: tuple[str, ...] = (),
    ground: str | None = None,
) -> Feed:
    """Return the channel at ``url``.

    Raises:
        BadInput: ``speaks_for`` has no ground.
    """
    if speaks_for and not (ground or "").strip():
        raise BadInput(
            f"Nothing says why {redact_url(url)} speaks for {', '.join(speaks_for)}.",
            fix="Give the reason in one sentence; it is kept with the feed.",
        )
    return Feed(
        id=feed_id(url),
        url=url,
        kind=kind,
        title=title,
        publisher=publisher,
        group=group,
        speaks_for=speaks_for,
        ground=ground.strip() if ground and speaks_for else None,
    )


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
