"""Poll thousands of misbehaving feeds for an hour while processes, database and clock fail, and count every item.

    python bench/soak_ingest.py [--minutes 60] [--feeds 2000] [--readers 1] [--seed 1]

A server in a process of its own serves the feeds, on many addresses of the loopback. Half of them behave; the others
answer slowly, hang, limit requests (429), redirect for now or for good, or answer with errors and broken bodies. Two
workers of their own processes share the feeds as the stack's do, on a PostgreSQL of their own. While they run,

- the second worker is killed every tenth of the time, and starts again; so are the processes of the first that read;
- the database is cut off for a while, after three tenths of the time;
- the clock is ten years ahead for a while, after half of the time.

In the last fifteenth, the feeds bring nothing new and behave. Then every item that a feed has listed must have been
published once, and no other. It prints, for each tenth of the time, the answers of the server by kind, the items that
were published, how long after their publication, and the memory and processor time of the first worker, which is never
killed, with its readers. At the end, it prints the longest time that a feed of each kind was not asked. The exit status
is 1 if an item was lost, invented or published twice. Needs Linux and Debian's package postgresql.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import multiprocessing
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path

from sqlalchemy import func, select, update

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the PostgreSQL of the tests

from firstword.storage.engine import open_database
from firstword.storage.event_log import EventLog
from firstword.storage.migrate import migrate
from firstword.storage.tables import events
from schemas.feeds import Feed
from services.common.db import reading
from services.common.http import GuardedClient, HttpSettings
from services.common.logs import configure_logs
from services.ingest.fetch.fetchers import HttpFetcher
from services.ingest.identity.ids import item_id
from services.ingest.opml import feed_id
from services.ingest.readers import InProcesses
from services.ingest.repository import Repository
from services.ingest.schedule.pacing import PollSettings
from services.ingest.service import IngestService, IngestSettings
from services.ingest.tables import feed_items, feeds
from tests.postgres_server import LocalPostgres, debians_postgres

#: Kinds of feeds, their share, and how many of them one host has.
KINDS = (
    ("steady", 0.50, 4), ("slow", 0.12, 240), ("hanging", 0.05, 5), ("limited", 0.10, 100), ("redirected", 0.05, 4),
    ("moved", 0.05, 4), ("broken", 0.13, 4),
)  # fmt: skip
#: A feed brings a new item this often, in seconds.
SHORTEST_PERIOD, LONGEST_PERIOD = 90, 600
#: Items that a feed has at the beginning.
FIRST_ITEMS = 3
#: Feeds are polled at least this often, in seconds: an hour of the test is to be like days of the world.
POLLING = PollSettings(min_seconds=45, max_seconds=240, unknown_seconds=45, retry_seconds=20)
#: The client's limit for an answer, and the time after which the slow answer and those that hang give up.
TOTAL_SECONDS, SLOW_SECONDS, HANGING_SECONDS = 8.0, 1.5, 20.0
#: A host with a limit answers so many requests in so many seconds, and asks the others to wait.
LIMIT, LIMIT_SECONDS, RETRY_AFTER = 30, 60.0, 30
#: The share of answers that go wrong, of the kinds where some do.
WRONG = 0.4
ROWS = 10
#: At the end, all feeds are polled, and again those that were not well then; a round may take so many seconds.
MOST_ROUNDS, ROUND_SECONDS = 3, 400


@dataclass(frozen=True)
class Plan:
    """The plan that all processes share: the feeds, and when their items appear. Times are of the machine."""

    feeds: int
    port: int
    started: float
    minutes: float

    @property
    def calm_from(self) -> float:
        """The time from which no item is new and every feed behaves."""
        return self.started + 60 * self.minutes * 14 / 15

    def kind(self, number: int) -> str:
        """Return the kind of a feed."""
        share = (number % 100 + 0.5) / 100
        for name, part, _ in KINDS:
            share -= part
            if share < 0:
                return name
        return KINDS[0][0]

    def url(self, number: int) -> str:
        """Return the address of a feed: a host of its kind, and its number."""
        at, (_, _, per_host) = next((at, given) for at, given in enumerate(KINDS) if given[0] == self.kind(number))
        of_kind = [other for other in range(100) if self.kind(other) == self.kind(number)]
        place = (number // 100 * len(of_kind) + of_kind.index(number % 100)) // per_host
        return f"http://127.{at + 1}.{place // 250}.{place % 250 + 1}:{self.port}/{number}"

    def items(self, number: int, now: float) -> Sequence[tuple[int, float]]:
        """Return number and time of the items that a feed lists at ``now``, oldest first."""
        dice = random.Random(number)  # noqa: S311 - the same feeds each time
        period = dice.uniform(SHORTEST_PERIOD, LONGEST_PERIOD)
        first = self.started + dice.uniform(0, period)
        new = int(max(0.0, min(now, self.calm_from) - first) // period) + (min(now, self.calm_from) >= first)
        earlier = [(item, self.started - 60 * (FIRST_ITEMS - item)) for item in range(FIRST_ITEMS)]
        return [*earlier, *((FIRST_ITEMS + item, first + item * period) for item in range(new))]


def document(plan: Plan, number: int, now: float) -> bytes:
    """Return a feed as it is at ``now``."""
    items = "".join(
        f"<item><title>Feed {number} reports item {item} of its day</title><link>https://paper{number}.example/{item}"
        f'</link><guid isPermaLink="false">{number}-{item}</guid><pubDate>'
        f"{format_datetime(datetime.fromtimestamp(int(at), UTC))}</pubDate><description>Item {item} of feed {number}, "
        f"{'with a sentence about nothing that matters, ' * 5}and its end.</description></item>\n"
        for item, at in reversed(plan.items(number, now))
    )
    head = f"<title>Paper {number}</title><link>https://paper{number}.example/</link><description>-</description>"
    return f'<?xml version="1.0"?>\n<rss version="2.0"><channel>{head}\n{items}</channel></rss>'.encode()


@dataclass
class Answers:
    """The state of the server."""

    plan: Plan
    dice: random.Random
    given: Counter[str] = field(default_factory=Counter)
    asked: dict[int, list[float]] = field(default_factory=dict)
    limited: dict[str, list[float]] = field(default_factory=dict)

    async def answer(self, path: str, host: str, headers: str) -> tuple[bytes, bool]:
        """Return the bytes of an answer, and whether to close the connection after them."""
        number, now = int(path.rpartition("/")[2]), time.time()
        if not path.startswith("/to/"):
            self.asked.setdefault(number, []).append(now)
        kind = self.plan.kind(number) if now < self.plan.calm_from else "steady"
        wrong = self.dice.random() < WRONG
        match kind:
            case "slow":
                await asyncio.sleep(SLOW_SECONDS)
            case "hanging" if wrong:
                self.given["hung"] += 1
                await asyncio.sleep(HANGING_SECONDS)
                return b"", True
            case "limited" if self._over_limit(host, now):
                return self._reply(429, b"slow down", f"Retry-After: {RETRY_AFTER}\r\n")
            case "redirected" | "moved" if not path.startswith("/to/"):
                status = 308 if kind == "moved" else 302
                return self._reply(status, b"", f"Location: /to{path}\r\n")
            case "broken" if wrong:
                return self._broken(document(self.plan, number, now))
        body = document(self.plan, number, now)
        tag = f'"{number}-{len(self.plan.items(number, now))}"'
        if tag in headers:
            return self._reply(304, b"", f"ETag: {tag}\r\n")
        if number % 2:
            return self._reply(200, gzip.compress(body, 1), f"ETag: {tag}\r\nContent-Encoding: gzip\r\n")
        return self._reply(200, body, f"ETag: {tag}\r\n")

    def _over_limit(self, host: str, now: float) -> bool:
        recent = [at for at in self.limited.get(host, []) if at > now - LIMIT_SECONDS]
        self.limited[host] = recent
        if len(recent) >= LIMIT:
            return True
        recent.append(now)
        return False

    def _broken(self, body: bytes) -> tuple[bytes, bool]:
        self.given["broken"] += 1
        half = body[: self.dice.randrange(len(body))]
        match self.dice.randrange(9):
            case 0:
                return self._reply(200, half)
            case 1:
                return self._reply(200, b"<!DOCTYPE html><html><body><h1>Back soon</h1></body></html>")
            case 2:
                return self._reply(200, b"")
            case 3:
                return self._reply(self.dice.choice((500, 502, 503, 404, 403)), b"<html>sorry</html>")
            case 4:
                return self._reply(200, gzip.compress(body)[:-20], "Content-Encoding: gzip\r\n")
            case 5:
                return self._reply(200, body.replace(b"reports", b"rep\xff\x00orts", 1).replace(b"</item>", b"", 1))
            case 6:
                return self._reply(200, bytes(self.dice.randrange(256) for _ in range(500)))
            case 7:
                sent, _ = self._reply(200, body)
                return sent[: len(sent) // 2], True
            case _:
                return b"", True

    def _reply(self, status: int, body: bytes, headers: str = "") -> tuple[bytes, bool]:
        self.given[str(status)] += 1
        head = (
            f"HTTP/1.1 {status} -\r\nContent-Type: application/rss+xml\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body, False


def serve(control: Connection, seed: int) -> None:
    """Send the port to ``control``, and serve the plan that it sends until it is closed.

    To whatever it sends after that, answer with the counts since the last time.
    """

    async def main() -> None:
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        state: Answers | None = None

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            host = writer.get_extra_info("sockname")[0]
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while not stopped.is_set():
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                    assert state is not None
                    sent, close = await state.answer(head.split(" ", 2)[1], host, head)
                    writer.write(sent)
                    await writer.drain()
                    if close:
                        break
            writer.close()

        server = await asyncio.start_server(talk, "0.0.0.0", 0, backlog=2_000)  # noqa: S104 - all of 127.*.*.*
        control.send(server.sockets[0].getsockname()[1])
        state = Answers(await asyncio.to_thread(control.recv), random.Random(seed))  # noqa: S311 - repeatable

        def report() -> None:
            try:
                control.recv()
            except (EOFError, OSError):
                loop.remove_reader(control.fileno())
                stopped.set()
                return
            control.send((state.given.copy(), {number: tuple(at) for number, at in state.asked.items()}))
            state.given.clear()

        loop.add_reader(control.fileno(), report)
        await stopped.wait()
        server.close()

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(main())


class ShiftedClock:
    """The machine's clock, moved by the seconds in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC) + timedelta(seconds=float(self._file.read_text()))


async def work(database: str, clock: Path, readers: int) -> None:
    """Poll as a worker of the stack does, until this process is told to end."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    http = HttpSettings(
        allow_private=("127.0.0.0/8",), total_seconds=TOTAL_SECONDS, host_interval_seconds=0.05, pool_per_host=True
    )
    settings = IngestSettings(POLLING, concurrency=32, lease_seconds=45.0, rest_after_fault_seconds=10.0)
    service = IngestService(
        open_database(database),
        HttpFetcher(GuardedClient(http)),
        EventLog(),
        ShiftedClock(clock),
        settings,
        readers=InProcesses(readers),
    )
    await service.run(stop)


class Worker:
    """A worker in a process of its own."""

    def __init__(self, database: str, clock: Path, readers: int, log: Path) -> None:
        self._command = [sys.executable, __file__, "--worker", database, str(clock), "--readers", str(readers)]
        self._log = log
        self.start()

    def start(self) -> None:
        """Start it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stderr=log)  # noqa: S603 - this program

    def kill(self) -> None:
        """Kill it as the kernel does when memory runs out."""
        self._process.kill()
        self._process.wait()

    def kill_readers(self) -> None:
        """Kill the processes that read for it."""
        for reader in self._readers():
            with suppress(ProcessLookupError):
                os.kill(reader, signal.SIGKILL)

    def end(self) -> float:
        """Ask it to end; return the seconds that it took."""
        started = time.monotonic()
        self._process.terminate()
        self._process.wait(60)
        return time.monotonic() - started

    @property
    def ended(self) -> bool:
        """Return whether it has ended by itself."""
        return self._process.poll() is not None

    def megabytes(self) -> tuple[float, float]:
        """Return the resident memory of the process, and of its readers."""
        return _megabytes(self._process.pid), sum(map(_megabytes, self._readers()))

    def cpu_seconds(self) -> float:
        """Return the processor seconds of the process and its readers, those that ended included."""
        ticks = 0
        for process in (self._process.pid, *self._readers()):
            with suppress(OSError):
                fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
                ticks += sum(map(int, fields[11 : 15 if process == self._process.pid else 13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def _readers(self) -> Sequence[int]:
        found: list[int] = []
        with suppress(OSError):
            for thread in Path(f"/proc/{self._process.pid}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
        return found


def _megabytes(process: int) -> float:
    with suppress(OSError):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return 0.0


HEADING = (
    f"{'min':>4}{'answers':>9}{'304':>7}{'429':>6}{'30x':>6}{'broken':>8}{'hung':>6}{'items':>7}{'p50 s':>7}"
    f"{'p95 s':>7}{'main MB':>9}{'readers MB':>12}{'ms/answer':>11}  disturbed by"
)


class Soak:
    """The test: what disturbs the workers, and what is measured."""

    def __init__(self, given: argparse.Namespace, control: Connection, postgres: LocalPostgres, folder: Path) -> None:
        self._control = control
        self._postgres = postgres
        self._clock = folder / "clock"
        self._clock.write_text("0")
        database = postgres.url.render_as_string(hide_password=False)
        self._engine = open_database(database)
        migrate(self._engine)
        self._plan = Plan(given.feeds, control.recv(), time.time(), given.minutes)
        repository, now = Repository(), datetime.now(UTC)
        with self._engine.begin() as connection:
            for number in range(given.feeds):
                url = self._plan.url(number)
                repository.add(connection, Feed(id=feed_id(url), url=url), now)
        self._plan = replace(self._plan, started=time.time())
        control.send(self._plan)
        self._workers = [Worker(database, self._clock, given.readers, folder / f"worker{at}.log") for at in (1, 2)]
        self._published: dict[str, float] = {}
        self._answered: list[tuple[datetime, datetime]] = []

    def run(self) -> bool:
        """Run and print; return whether every item was published once."""
        print(HEADING, flush=True)
        whole = 60 * self._plan.minutes
        for row in range(ROWS):
            cpu = self._workers[0].cpu_seconds()
            begins, ends = (self._plan.started + whole * part / ROWS for part in (row, row + 1))
            disturbed = ["reader and worker killed"]
            _sleep_until(begins + whole / ROWS / 3)
            self._workers[0].kill_readers()
            self._workers[1].kill()
            if row == 3:
                disturbed.append("database away")
                self._postgres.kill()
                _sleep_until(begins + whole / ROWS * 2 / 3)
                self._postgres.start()
            if row == 5:
                disturbed.append("clock ten years ahead")
                self._clock.write_text(str(10 * 365.25 * 86_400))
                _sleep_until(begins + whole / ROWS * 2 / 3)
                self._clock.write_text("0")
            _sleep_until(begins + whole / ROWS / 2)
            self._workers[1].start()
            _sleep_until(ends)
            self._print_row(row, self._workers[0].cpu_seconds() - cpu, disturbed)
        return self._is_complete()

    def _print_row(self, row: int, cpu_seconds: float, disturbed: Sequence[str]) -> None:
        given, _ = self._counts()
        main, readers = self._workers[0].megabytes()
        delays = self._new_delays()
        answers = sum(given.values()) - given["broken"]
        quantiles = statistics.quantiles(delays, n=20) if len(delays) > 1 else [float("nan")] * 19
        print(
            f"{(row + 1) * self._plan.minutes / ROWS:>4.0f}{answers:>9,}{given['304']:>7,}{given['429']:>6,}"
            f"{given['302'] + given['308']:>6,}{given['broken']:>8,}{given['hung']:>6,}{len(delays):>7,}"
            f"{quantiles[9]:>7.0f}{quantiles[18]:>7.0f}{main:>9.0f}{readers:>12.0f}"
            f"{1_000 * cpu_seconds / max(answers, 1):>11.2f}  {', '.join(disturbed)}",
            flush=True,
        )

    def _counts(self) -> tuple[Counter[str], dict[int, tuple[float, ...]]]:
        self._control.send(True)
        given, asked = self._control.recv()
        return given, asked

    def _new_delays(self) -> list[float]:
        """Return the seconds from publication until they were seen, of items that are new since the last time.

        Those seen by a clock ahead are left out.
        """
        now = time.time()
        with reading(self._engine) as connection:
            rows = connection.execute(select(feed_items.c.item_id, feed_items.c.first_seen_at)).all()
        times = self._expected(now)
        fresh = {item: seen.timestamp() for item, seen in rows if item not in self._published}
        self._published.update(fresh)
        return [seen - times[item] for item, seen in fresh.items() if item in times and seen <= now]

    def _expected(self, now: float) -> dict[str, float]:
        """Return the times of all items that should be published, by id."""
        found: dict[str, float] = {}
        for number in range(self._plan.feeds):
            url = self._plan.url(number)
            for item, at in self._plan.items(number, now):
                found[item_id(url, f"{number}-{item}", None, "", None)] = at
        return found

    def _is_complete(self) -> bool:
        """Let every feed be polled once more, and compare what was published with what the feeds have listed."""
        expected = self._expected(time.time())
        again = ~feeds.c.paused
        for _ in range(MOST_ROUNDS):
            with self._engine.begin() as connection:
                connection.execute(update(feeds).where(again).values(next_poll_at=None))
            until = time.monotonic() + ROUND_SECONDS
            waiting = unwell = self._plan.feeds
            while waiting and time.monotonic() < until:
                time.sleep(2)
                with reading(self._engine) as connection:
                    waiting = connection.scalar(select(func.count()).where(feeds.c.next_poll_at.is_(None), again)) or 0
                    unwell = connection.scalar(select(func.count()).where(feeds.c.status != "ok", again)) or 0
            if not waiting and not unwell:
                break
            again = again & (feeds.c.status != "ok")
        ended_by_themselves = sum(worker.ended for worker in self._workers)
        seconds = max(worker.end() for worker in self._workers)
        with reading(self._engine) as connection:
            rows = connection.execute(select(events.c.key, events.c.payload).where(events.c.topic == "items")).all()
            stored = set(connection.scalars(select(feed_items.c.item_id)))
            paused = connection.scalar(select(func.count()).where(feeds.c.paused))
        new = Counter(key for key, payload in rows if b'"change":"new"' in payload)
        lost, invented = expected.keys() - new.keys(), new.keys() - expected.keys()
        twice = sum(count > 1 for count in new.values())
        print(
            f"\nItems listed {len(expected):,}, published {len(new):,}; lost {len(lost)}, invented {len(invented)}, "
            f"published twice {twice}, recorded otherwise {len(stored ^ new.keys())}, "
            f"revised {len(rows) - new.total()}."
        )
        print(f"Feeds that are not well at the end: {unwell}, paused: {paused}, not polled at the end: {waiting}.")
        print(f"Workers that ended by themselves: {ended_by_themselves}. Told to end, the slower took {seconds:.1f} s.")
        self._print_gaps()
        return not (lost or invented or twice or ended_by_themselves)

    def _print_gaps(self) -> None:
        _, asked = self._counts()
        longest: dict[str, list[float]] = {}
        for number in range(self._plan.feeds):
            times = [self._plan.started, *asked.get(number, ()), self._plan.started + 60 * self._plan.minutes]
            gap = max(later - earlier for earlier, later in pairwise(sorted(times)))
            longest.setdefault(self._plan.kind(number), []).append(gap)
        print("Longest time that a feed was not asked, in seconds, the median and the longest of each kind:")
        for kind, gaps in longest.items():
            print(f"  {kind:<11}{statistics.median(gaps):>6.0f}{max(gaps):>6.0f}   ({len(gaps):,} feeds)")

    def close(self) -> None:
        """End what still runs."""
        for worker in self._workers:
            worker.kill()
        self._engine.dispose()


def _sleep_until(moment: float) -> None:
    while (left := moment - time.time()) > 0:
        time.sleep(min(left, 1.0))


@contextmanager
def own_postgres() -> Iterator[LocalPostgres]:
    """Run a PostgreSQL that loses nothing when it is killed."""
    binaries = debians_postgres()
    if binaries is None:
        sys.exit("There is no PostgreSQL. Install Debian's package postgresql.")
    server = LocalPostgres(binaries)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (default: 60)")
    parser.add_argument("--feeds", type=int, default=2_000)
    parser.add_argument("--readers", type=int, default=1, help="processes of a worker that parse")
    parser.add_argument("--seed", type=int, default=1, help="which answers go wrong")
    parser.add_argument("--worker", nargs=2, metavar=("DATABASE", "CLOCK"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    configure_logs(level="error")
    if given.worker is not None:
        asyncio.run(work(given.worker[0], Path(given.worker[1]), given.readers))
        return
    with own_postgres() as postgres, tempfile.TemporaryDirectory() as folder:
        control, far = multiprocessing.Pipe()
        server = multiprocessing.get_context("fork").Process(target=serve, args=(far, given.seed), daemon=True)
        server.start()
        far.close()
        soak = Soak(given, control, postgres, Path(folder))
        try:
            complete = soak.run()
        finally:
            soak.close()
            control.close()
            server.join(5)
            for log in sorted(Path(folder).glob("*.log")):
                print(f"{log.stem}: {sum(1 for _ in log.open('rb')):,} lines of errors in its log", file=sys.stderr)
    sys.exit(0 if complete else 1)


if __name__ == "__main__":
    main()
