"""Fetch and parse damaged feeds for as long as wanted, over real HTTP, and stop at the first that breaks a promise.

    python -m tests.fuzz.feeds --seconds 3600 --seed 7
    python -m tests.fuzz.feeds --seed 7 --case 12345     # one case again

Every case depends on the seed and its number alone. Documents come from the corpus of tests, and from --corpus FOLDER.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import random
import sys
import time
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import brotli

from schemas.feeds import Feed, FeedHealth
from services.common.http import GuardedClient, HttpSettings
from services.ingest.fetch.discover import discover_feeds
from services.ingest.fetch.fetchers import HttpFetcher, Validators
from services.ingest.fetch_and_parse import FetchResult, fetch_and_parse
from services.ingest.parse.feed import MAX_TEXT, MAX_TITLE
from services.ingest.parse.item_lines import dump_item
from services.ingest.readers import InThreads
from services.ingest.repository import FeedState
from services.ingest.schedule.pacing import Rhythm
from services.ingest.websub.discovery import find_hub
from tests.fakes import FakeClock
from tests.http_server import Reply, Request, Server, serving
from tests.unit.services.ingest.harness import NOON
from tests.unit.services.ingest.parse.corpus import documents

__all__ = ["BrokenPromise", "Summary", "fuzz", "seeds"]

#: Documents to begin with, and damaged ones, are not larger: speed is measured elsewhere.
LARGEST_SEED, LARGEST = 150_000, 400_000
#: Processor time that a document may take, in seconds.
WORST_SECONDS = 8.0
#: What has broken readers of feeds before.
TOKENS = (
    b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&#0;", b"&#x1F;", b"&amp;#x202e;", b"&bogus;", b"<?xml version='1.1'?>",
    b"<item>", b"</item>", b"</channel>", b"<entry xml:base='//'>", b"<title type='xhtml'>",
    b"<link href='javascript:x'>",
    b"<guid isPermaLink='true'>", b"<pubDate>Thu, 32 Foo 2026 25:61:61 +9999</pubDate>", b"\xff\xfe", b"\xef\xbb\xbf",
    b"\0", b"\xed\xa0\x80", b"<!DOCTYPE r [<!ENTITY a 'b'>]>", b"{", b"[", b"\"items\":", b"null", b"1e999", b"\\ud800",
    "\u2028\u202e\u0000\u0085".encode(), b"<form><iframe>", b"xmlns:a='b' ", b"<ttl>-1</ttl>",
    b"<skipHours><hour>24</hour>",
    b"<atom:link rel='hub' href='http://[::1'/>", b"http://a@b:99999/", b"data:image/png;base64,AAAA",
)  # fmt: skip
CONTENT_TYPES = (
    "application/rss+xml", "text/xml; charset=utf-16", "text/html; charset=x-unknown", "application/json", "", "\u00e9",
    "text/xml; charset=iso-8859-1", "multipart/form-data; boundary=" + "a" * 200,
)  # fmt: skip
PACKERS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("identity", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress),
)  # fmt: skip


class BrokenPromise(AssertionError):
    """A document broke a promise of fetching or parsing. ``body`` is the document."""

    def __init__(self, number: int, what: str, body: bytes) -> None:
        super().__init__(f"case {number}: {what}")
        self.number = number
        self.body = body


@dataclass
class Summary:
    """The number of cases by outcome, the items that came of them, and the slowest case."""

    outcomes: Counter[str] = field(default_factory=Counter)
    items: int = 0
    slowest_seconds: float = 0.0
    slowest_case: int = -1

    @property
    def cases(self) -> int:
        """The number of cases."""
        return sum(self.outcomes.values())


def seeds(folder: Path | None = None) -> list[bytes]:
    """Return the documents to begin with, in an order that depends on their names alone."""
    paths = documents() + (sorted(path for path in folder.rglob("*") if path.is_file()) if folder else [])
    return [path.read_bytes() for path in paths if 0 < path.stat().st_size <= LARGEST_SEED]


async def fuzz(
    begin_with: Sequence[bytes], seed: int, seconds: float, *, only: int | None = None, most: int | None = None
) -> Summary:
    """Try cases for so many seconds, at most ``most``, or ``only`` one.

    Raises:
        BrokenPromise: the first case that breaks one.
    """
    summary, until = Summary(), time.monotonic() + seconds
    settings = HttpSettings(allow_private=("127.0.0.1",), host_interval_seconds=0.0)
    current: list[Reply] = []

    def answer(_: Request) -> Reply:
        return current[0]

    numbers = iter([only]) if only is not None else iter(range(most if most is not None else sys.maxsize))
    async with serving(answer) as server, GuardedClient(settings) as client:
        for number in numbers:
            if time.monotonic() > until:
                break
            chance = random.Random(f"{seed}/{number}")  # noqa: S311 - repeatable, no secret
            body = damaged(chance, begin_with)
            current[:] = [reply(chance, body)]
            started = time.process_time()
            result = await _read(HttpFetcher(client), server, body, number)
            spent = time.process_time() - started
            if spent > WORST_SECONDS:
                raise BrokenPromise(number, f"it took {spent:.1f} s of processor time", body)
            if spent > summary.slowest_seconds:
                summary.slowest_seconds, summary.slowest_case = spent, number
            summary.outcomes[result.outcome.kind] += 1
            summary.items += len(result.parsed.items) if result.parsed is not None else 0
    return summary


def damaged(chance: random.Random, begin_with: Sequence[bytes]) -> bytes:
    """Return a document with one to four changes."""
    body = bytearray(chance.choice(begin_with))
    for _ in range(chance.randint(1, 4)):
        here = chance.randrange(len(body) + 1)
        there = min(len(body), here + chance.choice((1, 3, 10, 100, 1_000, 10_000)))
        match chance.randrange(8):
            case 0:
                body[here:here] = chance.choice(TOKENS)
            case 1:
                body[here:there] = chance.choice(TOKENS)
            case 2:
                del body[here:there]
            case 3:
                body[here:here] = body[here:there]
            case 4 if here < len(body):
                body[here] ^= 1 << chance.randrange(8)
            case 5:
                other = chance.choice(begin_with)
                start = chance.randrange(len(other) + 1)
                body[here:here] = other[start : start + chance.choice((10, 500, 20_000))]
            case 6:
                body[here:here] = chance.choice(TOKENS) * chance.choice((10, 300, 5_000))
            case _:
                del body[here:]
        del body[LARGEST:]
    return bytes(body)


def reply(chance: random.Random, body: bytes) -> Reply:
    """Return an answer with ``body``, compressed or not, and sometimes cut or called something else."""
    encoding, pack = chance.choice(PACKERS)
    sent = pack(body)
    if chance.random() < 0.1:
        sent = sent[: chance.randrange(len(sent) + 1)]
    if chance.random() < 0.05:
        encoding = chance.choice(("gzip", "br", "zstd", "compress", "gzip, br"))
    headers = {"Content-Type": chance.choice(CONTENT_TYPES).encode("latin-1", "replace").decode("latin-1")}
    if encoding != "identity":
        headers["Content-Encoding"] = encoding
    return Reply(chance.choice((200,) * 18 + (203, 500)), sent, headers)


async def _read(fetcher: HttpFetcher, server: Server, body: bytes, number: int) -> FetchResult:
    """Fetch and parse what the server answers, and check what is promised about the result."""
    feed = Feed(id="feed_fuzz", url=server.url())
    health = FeedHealth(feed_id=feed.id, status="waiting")
    state = FeedState(feed, health, feed.url, Validators(), Rhythm(NOON - timedelta(days=1)))
    try:
        result = await fetch_and_parse(fetcher, InThreads(), state, FakeClock(NOON))
        find_hub(body, feed.url)
        discover_feeds(body, feed.url)
    except Exception as error:
        raise BrokenPromise(number, f"{type(error).__name__}: {error}", body) from error
    for what in _broken(result):
        raise BrokenPromise(number, what, body)
    return result


def _broken(result: FetchResult) -> Iterator[str]:
    """Yield the promises that a result breaks."""
    reason = result.outcome.reason or ""
    if "error in Firstword" in reason:
        yield reason
    if result.outcome.failed and not (reason and result.outcome.fix):
        yield f"a failure without reason or fix: {result.outcome}"
    if result.parsed is None:
        return
    items = [parsed.item for parsed in result.parsed.items]
    if result.parsed.unreadable:
        yield f"an entry could not be read: {result.parsed.first_unreadable}"
    if len({item.id for item in items}) != len(items):
        yield "two items have one id"
    for item in items:
        texts = {"title": item.title, "summary": item.summary or "", "body": item.body or ""}
        if not item.title.strip() or len(item.title) > MAX_TITLE + len("…") or max(map(len, texts.values())) > MAX_TEXT:
            yield f"a text of item {item.id} is empty or too long"
        for name, text in texts.items():
            if bad := {char for char in text if unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t"}:
                yield f"the {name} of item {item.id} has the control characters {bad!r}"
        if item.url is not None and not item.url.startswith(("http://", "https://")):
            yield f"item {item.id} has the address {item.url!r}"
        if item.published_at is not None and item.published_at.utcoffset() != timedelta(0):
            yield f"item {item.id} has a time that is not in UTC"
        dump_item(item).encode()


def main() -> None:
    """Run from the command line; exit with 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to go on (default: 60)")
    parser.add_argument("--seed", type=int, default=1, help="which cases (default: 1)")
    parser.add_argument("--case", type=int, help="only this case of the seed")
    parser.add_argument("--corpus", type=Path, metavar="FOLDER", help="more documents to begin with")
    parser.add_argument("--save", type=Path, default=Path("broken-feed.bin"), help="where to put what breaks a promise")
    given = parser.parse_args()
    try:
        summary = asyncio.run(fuzz(seeds(given.corpus), given.seed, given.seconds, only=given.case))
    except BrokenPromise as broken:
        given.save.write_bytes(broken.body)
        sys.exit(f"{broken}\nThe document is in {given.save}. Again: --seed {given.seed} --case {broken.number}")
    counts = ", ".join(f"{count:,} {kind}" for kind, count in summary.outcomes.most_common())
    print(f"{summary.cases:,} cases ({counts}), {summary.items:,} items; no promise was broken.")
    print(f"The slowest, case {summary.slowest_case}, took {summary.slowest_seconds:.2f} s of processor time.")


if __name__ == "__main__":
    main()
