"""Measure how fast feeds are polled: new ones, unchanged ones, and ones with one new item each.

    python bench/bench_ingest.py [--feeds 500] [--items 50] [--readers 2] [--concurrency 32] [--per-host 1]
        [--database postgresql://…]

A server in a process of its own serves the feeds, half RSS and half Atom, of about 100 kB. The ingest service polls
them through the guarded client as it does in a running system, in four rounds:

- new: every feed for the first time;
- not modified: every feed again; the server answers 304 to the validators;
- same body: every feed again; the server ignores the validators and sends the same bytes;
- one new item: every feed has one more item.

It prints, for each, feeds per second, processor time per feed (of this process and its readers, without the server),
the feeds per second that two cores would give if nothing else ran on them, and the sum of the peak memory of this
process and its readers. Then, in the same run, the processor time of parsing alone: as Firstword does it, as it does
with feedparser in place of its own reader, and with feedparser alone. Ratios within a run count, not absolutes. Every
round checks that all items arrived, each once. Needs Linux.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from multiprocessing.connection import Connection
from pathlib import Path
from unittest import mock

import feedparser
from sqlalchemy import func, select, update

from firstword.storage.engine import open_database
from firstword.storage.event_log import EventLog
from firstword.storage.migrate import migrate
from firstword.storage.tables import events
from schemas.feeds import Feed
from services.common.clock import SystemClock
from services.common.db import reading
from services.common.http import GuardedClient, HttpSettings
from services.common.logs import configure_logs
from services.common.metrics import Metrics
from services.ingest.fetch.fetchers import HttpFetcher
from services.ingest.opml import feed_id
from services.ingest.parse import xmlfeed
from services.ingest.parse.clean import plain_text
from services.ingest.parse.feed import parse_feed
from services.ingest.readers import InProcesses
from services.ingest.repository import Repository
from services.ingest.service import IngestService, IngestSettings
from services.ingest.tables import feed_items, feeds

#: Bytes that stand for the number of a feed in a document made for all of them.
NUMBER = b"@@@@@@"
PARSED = 60
WORDS = [
    *("the", "company", "said", "on", "Monday", "that", "it", "would", "close", "its", "plant", "in", "the", "north"),
    *("after", "a", "review", "of", "costs", "while", "analysts", "had", "expected", "a", "smaller", "loss", "shares"),
    *("fell", "in", "early", "trading", "and", "the", "chief", "executive", "wrote", "to", "customers", "about", "it"),
]


@dataclass(frozen=True)
class Documents:
    """The documents of one generation: RSS and Atom with :data:`NUMBER` for the number of the feed."""

    rss: bytes
    atom: bytes

    @classmethod
    def make(cls, items: int, more: int) -> Documents:
        """Return documents of ``items`` items, after ``more`` newer ones."""
        numbers = range(items + more, 0, -1)
        rss = "".join(_rss_item(number) for number in numbers)
        atom = "".join(_atom_entry(number) for number in numbers)
        return cls(
            (
                '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
                'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
                "<channel><title>Paper @@@@@@</title><link>https://paper@@@@@@.example/</link>"
                f"<description>News</description><language>en-us</language>{rss}</channel></rss>"
            ).encode(),
            (
                '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
                "<title>Paper @@@@@@</title><id>urn:paper:@@@@@@</id><updated>2026-03-01T00:00:00Z</updated>"
                f'<link rel="alternate" href="https://paper@@@@@@.example/"/>{atom}</feed>'
            ).encode(),
        )

    def of(self, number: int) -> bytes:
        """Return the document of a feed."""
        return (self.atom if number % 2 else self.rss).replace(NUMBER, b"%06d" % number)


def _text(number: int) -> tuple[str, str, str]:
    """Return title, teaser and HTML of an item, the same for the same number."""
    dice = random.Random(number)  # noqa: S311 - the same load each time

    def words(count: int) -> str:
        return " ".join(dice.choices(WORDS, k=count))

    title = f"Feed @@@@@@ item {number}: {words(8)} &amp; more"
    paragraphs = "".join(
        f'<p>{words(60).capitalize()} <a href="https://paper@@@@@@.example/more/{number}?utm_source=rss">{words(3)}'
        f"</a>, it said.</p>\n"
        for _ in range(3)
    )
    picture = f'<img src="https://img.example/@@@@@@/{number}.jpg" alt="{words(3)}" width="600" height="400"/>'
    return title, words(30).capitalize(), picture + paragraphs


def _date(number: int) -> datetime:
    """Return the date of an item: today, or a little later for the newer one, so that no feed is silent."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(minutes=90 - number)


def _rss_item(number: int) -> str:
    title, teaser, html = _text(number)
    return (
        f"<item><title>{title}</title><link>https://paper@@@@@@.example/{number}?utm_source=rss</link>"
        f'<guid isPermaLink="false">https://paper@@@@@@.example/?p={number}</guid>'
        f"<pubDate>{format_datetime(_date(number))}</pubDate>"
        f"<dc:creator><![CDATA[Ann Lee]]></dc:creator><category>Business</category><category>Markets</category>"
        f"<description><![CDATA[<p>{teaser} [&#8230;]</p>]]></description>"
        f"<content:encoded><![CDATA[{html}]]></content:encoded></item>\n"
    )


def _atom_entry(number: int) -> str:
    title, teaser, html = _text(number)
    escaped = html.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f"<entry><title>{title}</title><id>tag:paper@@@@@@.example,2026:{number}</id>"
        f'<link rel="alternate" type="text/html" href="https://paper@@@@@@.example/{number}?utm_source=rss"/>'
        f"<published>{_date(number):%Y-%m-%dT%H:%M:%SZ}</published><updated>{_date(number):%Y-%m-%dT%H:%M:%SZ}</updated>"
        f'<author><name>Ann Lee</name></author><category term="business" label="Business"/>'
        f'<summary type="text">{teaser}</summary><content type="html">{escaped}</content></entry>\n'
    )


@dataclass
class _State:
    """The documents of a generation, and whether the server heeds the validators of a request."""

    documents: Documents
    generation: int = 0
    conditional: bool = True


class _Server(asyncio.Protocol):
    """Answers requests for ``/NUMBER``."""

    def __init__(self, state: _State) -> None:
        self._state = state
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, self._received = self._received.split(b"\r\n\r\n", 1)
            self._transport.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        number = int(head.split(b" ", 2)[1][1:])
        tag = b'"%d-%d"' % (number, self._state.generation)
        validators = b"ETag: %s\r\nLast-Modified: Sun, 01 Mar 2026 00:00:00 GMT\r\n" % tag
        if self._state.conditional and b"if-none-match: " + tag in head.lower():
            return b"HTTP/1.1 304 Not Modified\r\n%s\r\n" % validators
        body = self._state.documents.of(number)
        kind = b"application/atom+xml" if number % 2 else b"application/rss+xml"
        return b"HTTP/1.1 200 OK\r\nContent-Type: %s; charset=utf-8\r\n%sContent-Length: %d\r\n\r\n%s" % (
            kind, validators, len(body), body,
        )  # fmt: skip


def serve(control: Connection, items: int) -> None:
    """Serve on all addresses of this machine's loopback until ``control`` is closed; it sends changes of the state."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        state = _State(Documents.make(items, 0))
        server = await loop.create_server(lambda: _Server(state), "0.0.0.0", 0, backlog=2_000)  # noqa: S104 - 127.*.*.*
        stopped = asyncio.Event()

        def changed() -> None:
            try:
                generation, conditional = control.recv()
            except (EOFError, OSError):
                loop.remove_reader(control.fileno())
                stopped.set()
                return
            state.generation, state.conditional = generation, conditional
            state.documents = Documents.make(items, min(generation, 1))
            control.send(True)

        loop.add_reader(control.fileno(), changed)
        control.send(server.sockets[0].getsockname()[1])
        await stopped.wait()
        server.close()

    asyncio.run(main())


@dataclass(frozen=True)
class Round:
    """The figures of one round over all feeds."""

    name: str
    feeds: int
    seconds: float
    main_seconds: float
    reader_seconds: float
    peak_bytes: int

    def __str__(self) -> str:
        busy = self.main_seconds + self.reader_seconds
        return (
            f"{self.name:<14}{self.feeds / self.seconds:>9,.0f}{1_000 * busy / self.feeds:>10.2f}"
            f"{1_000 * self.main_seconds / self.feeds:>10.2f}{1_000 * self.reader_seconds / self.feeds:>10.2f}"
            f"{self.feeds / busy * 2:>12,.0f}{self.peak_bytes / 1e6:>8.0f}"
        )


HEADING = f"{'round':<14}{'feeds/s':>9}{'ms/feed':>10}{'main':>10}{'readers':>10}{'2 cores':>12}{'MB':>8}"


class Bench:
    """The ingest service on a database, and the server."""

    def __init__(self, given: argparse.Namespace, url: str, port: int, control: Connection) -> None:
        self._given = given
        self._control = control
        self._engine = open_database(url)
        migrate(self._engine)
        hosts = [
            f"127.{1 + n // 62_500}.{n // 250 % 250}.{1 + n % 250}" for n in range(given.feeds // given.per_host + 1)
        ]
        addresses = [f"http://{hosts[n // given.per_host]}:{port}/{n}" for n in range(given.feeds)]
        repository, clock = Repository(), SystemClock()
        with self._engine.begin() as connection:
            for address in addresses:
                repository.add(connection, Feed(id=feed_id(address), url=address), clock.now())
        settings = HttpSettings(
            allow_private=("127.0.0.0/8",), host_interval_seconds=0.0 if given.per_host > 1 else 1.0, pool_per_host=True
        )
        self._metrics = Metrics()
        self._readers = InProcesses(given.readers)
        lease = None if self._engine.dialect.name == "sqlite" else 45.0  # as several workers have it
        self._service = IngestService(
            self._engine,
            HttpFetcher(GuardedClient(settings)),
            EventLog(),
            clock,
            IngestSettings(concurrency=given.concurrency, lease_seconds=lease, idle_seconds=0.1),
            self._metrics,
            self._readers,
        )

    async def measure(self) -> None:
        """Run and print all rounds."""
        stop = asyncio.Event()
        await asyncio.gather(*(self._readers.run(plain_text, "x") for _ in range(self._given.readers)))  # start them
        gc.collect()
        gc.freeze()  # as the system does when it starts
        running = asyncio.create_task(self._service.run(stop))
        rounds = (
            ("new", 0, True, self._given.items),
            ("not modified", 0, True, self._given.items),
            ("same body", 0, False, self._given.items),
            ("one new item", 1, True, self._given.items + 1),
        )
        print(HEADING)
        for number, (name, generation, conditional, expected) in enumerate(rounds):
            if self._given.rounds is not None and name not in self._given.rounds.split(","):
                continue
            self._control.send((generation, conditional))
            await asyncio.to_thread(self._control.recv)
            print(await self._round(name, first=number == 0), flush=True)
            self._check(expected)
        stop.set()
        await running
        self._engine.dispose()

    async def _round(self, name: str, *, first: bool) -> Round:
        before = self._polled()
        _forget_peaks()
        main, readers = time.process_time(), _children_seconds()
        started = time.perf_counter()
        if not first:
            with self._engine.begin() as connection:
                connection.execute(update(feeds).values(next_poll_at=None))
        while (done := self._polled() - before) < self._given.feeds:
            if time.perf_counter() - started > self._given.patience:
                sys.exit(f"Only {done} feeds were polled within {self._given.patience} s.")
            await asyncio.sleep(0.02)
        return Round(
            name,
            self._given.feeds,
            time.perf_counter() - started,
            time.process_time() - main,
            _children_seconds() - readers,
            _peak_bytes(),
        )

    def _polled(self) -> int:
        counted = self._metrics.registry.restricted_registry(["firstword_feed_polls_total"])
        return sum(
            int(sample.value)
            for metric in counted.collect()
            for sample in metric.samples
            if sample.name == "firstword_feed_polls_total"
        )

    def _check(self, items: int) -> None:
        """Exit if not every feed is well and every item stored once, as a record and as an event."""
        with reading(self._engine) as connection:
            well = connection.scalar(select(func.count()).where(feeds.c.status == "ok"))
            stored = connection.scalar(select(func.count()).select_from(feed_items))
            published = connection.scalar(select(func.count()).where(events.c.topic == "items"))
        wanted = (self._given.feeds, self._given.feeds * items, self._given.feeds * items)
        if (well, stored, published) != wanted:
            sys.exit(f"Feeds that are well, records and events: {well}, {stored}, {published}; expected: {wanted}.")


def _children() -> list[int]:
    """Return the processes that this one started, the server among them."""
    found: list[int] = []
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            found += map(int, (thread / "children").read_text().split())
    servers = {process.pid for process in multiprocessing.active_children()}
    return [child for child in found if child not in servers]


def _children_seconds() -> float:
    """Return the processor seconds of the readers, those that ended included, and not of the server."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = 0
    for child in _children():
        with suppress(OSError):
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ended.ru_utime + ended.ru_stime + ticks / os.sysconf("SC_CLK_TCK")


def _forget_peaks() -> None:
    for process in ("self", *_children()):
        with suppress(OSError):
            Path(f"/proc/{process}/clear_refs").write_text("5")


def _peak_bytes() -> int:
    """Return the sum of the peak resident memory of this process and its readers."""
    total = 0
    for process in ("self", *_children()):
        with suppress(OSError):
            for line in Path(f"/proc/{process}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    total += int(line.split()[1]) * 1024
    return total


def compare_parsing(items: int) -> None:
    """Print the processor time of parsing alone, by Firstword's own reader and by feedparser."""
    documents = Documents.make(items, 0)
    bodies = [documents.of(number) for number in range(PARSED)]
    sizes = sum(map(len, bodies)) / len(bodies) / 1e3

    def firstword(body: bytes) -> None:
        parse_feed(body, feed_url="https://paper.example/feed")

    def bare(body: bytes) -> None:
        feedparser.parse(body)

    own = _seconds(firstword, bodies)
    with mock.patch.object(xmlfeed, "parse_plain", return_value=None):
        through = _seconds(firstword, bodies[: PARSED // 4])
    alone = _seconds(bare, bodies[: PARSED // 4])
    print(f"\nParsing alone, feeds of {items} items and {sizes:.0f} kB, processor time")
    for name, seconds in (("Firstword", own), ("Firstword by way of feedparser", through), ("feedparser alone", alone)):
        print(f"{name:<34}{1_000 * seconds:>8.2f} ms/feed{1 / seconds:>9,.0f} feeds/s{seconds / own:>8.1f} ×")


def _seconds(parse: Callable[[bytes], None], bodies: list[bytes]) -> float:
    parse(bodies[0])
    started = time.process_time()
    for body in bodies:
        parse(body)
    return (time.process_time() - started) / len(bodies)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=500)
    parser.add_argument("--items", type=int, default=50, help="items of a feed")
    parser.add_argument("--readers", type=int, default=2, help="processes that parse")
    parser.add_argument("--concurrency", type=int, default=32, help="polls at once")
    parser.add_argument("--per-host", type=int, default=1, help="feeds of one host")
    parser.add_argument("--rounds", help="only these, separated by commas; 'new' must be the first")
    parser.add_argument("--database", help="an empty one; an SQLite file by default")
    parser.add_argument("--patience", type=float, default=600, help="seconds until a round is given up")
    given = parser.parse_args()
    configure_logs(level="warning")
    control, far = multiprocessing.Pipe()
    server = multiprocessing.get_context("fork").Process(target=serve, args=(far, given.items), daemon=True)
    server.start()
    far.close()
    port = control.recv()
    try:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(given, given.database or f"sqlite:///{folder}/bench.db", port, control)
            asyncio.run(bench.measure())
    finally:
        control.close()
        server.join(5)
    compare_parsing(given.items)


if __name__ == "__main__":
    main()
