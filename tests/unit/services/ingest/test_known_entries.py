"""Leaving out entries that are written as before gives the same items, changes and records as reading all."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from unittest import mock

import pytest
from sqlalchemy import Engine, create_engine, delete, select, update

from services.ingest.entry_memory import EntryMemory
from services.ingest.fetch.fetchers import Response, Validators
from services.ingest.identity.dedupe import ItemChange, SeenItem, detect_changes
from services.ingest.parse.entry import RawEntry, RawFeed
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import ParsedFeed, parse_feed, read_feed
from services.ingest.parse.known import KnownEntries
from services.ingest.parse.notes import Notes
from services.ingest.tables import feed_items, feeds, metadata
from tests.unit.services.ingest.harness import NOON, Ingest, rss
from tests.unit.services.ingest.parse.corpus import documents

FEEDS = Path(__file__).parents[5] / "shared" / "data" / "feeds"
FEED_URL = "https://feeds.example.org/news/feed.xml"


@dataclass
class Twice:
    """One feed, read twice: whole, and without what is known. Every difference fails."""

    whole: dict[str, SeenItem] = field(default_factory=dict)
    short: dict[str, SeenItem] = field(default_factory=dict)
    known: KnownEntries = field(default_factory=KnownEntries)
    left_out: int = 0
    read: int = 0

    def poll(self, whole: ParsedFeed, short: ParsedFeed, now: datetime) -> None:
        same = set(short.same)
        assert whole.same == ()
        assert whole.entries is None
        assert short.items == tuple(entry for entry in whole.items if entry.item.id not in same)
        assert same <= {entry.item.id for entry in whole.items}
        assert replace(short, items=whole.items, same=(), entries=None) == whole
        assert _news(self.whole, whole, now) == _news(self.short, short, now)
        assert self.short == self.whole
        assert short.entries is not None
        self.known = short.entries
        self.left_out += len(same)
        self.read += len(short.items)


def _news(records: dict[str, SeenItem], parsed: ParsedFeed, now: datetime) -> list[ItemChange]:
    """Return the changes, and write the records, as :func:`services.ingest.record.record_items` does."""
    prints = {entry.item.id: entry.fingerprint for entry in parsed.items}
    anew = {look for item_id, look in prints.items() if item_id not in records}
    known = {key: seen for key, seen in records.items() if key in prints or seen.fingerprint in anew}
    changes = detect_changes(known, [entry.item for entry in parsed.items], now, list(prints.values()))
    records |= {change.seen.item_id: change.seen for change in changes}
    return [change for change in changes if change.kind != "unchanged"]


def _read_twice(feed: RawFeed, twice: Twice, now: datetime, chance: random.Random) -> None:
    read = partial(
        read_feed,
        feed,
        feed_url=FEED_URL,
        base=chance.choice((FEED_URL, FEED_URL, FEED_URL, "https://www.news.example/")),
        publisher=chance.choice((None, None, None, "Wire")),
        speaks_for=(),
        fetched_at=now,
    )
    twice.poll(read(notes=Notes()), read(notes=Notes(), known=twice.known), now)


GUIDS = (None, "a", "b", "c", "d", "e", "f")
URLS = (
    None,
    "/1",
    "/1#v1",
    "/1#v2",
    "/2",
    "/3?utm_source=rss",
    "mailto:ann@news.example",
    "https://www.news.example/4",
)
TITLES = (None, "One", "one", "Two", "Three", "A long title " * 60, "Four &amp;amp; more")
TEXTS = (None, "", "Text", "<p>Text</p>", "Other text", "x " * 15_000)
DATES = (
    None, "Wed, 04 Mar 2026 11:00:00 GMT", "2026-03-04T11:30:00Z", "2026-03-04T11:30:00+05:30", "03/04/2026 10:00 GMT",
    "04/03/2026 10:00 GMT", "14/03/2026 10:00 GMT", "03/14/2026 10:00 GMT", "2026-03-04 10:00", "2026-03", "2026",
    "Wed, 04 Mar 2026 11:00:00 IST", "Wed, 04 Mar 2026 11:00:00 EST", "Thu, 05 Mar 2026 20:00:00 GMT", "no date",
)  # fmt: skip


def _entry(chance: random.Random) -> RawEntry:
    return RawEntry(
        guid=chance.choice(GUIDS),
        url=chance.choice(URLS),
        base=chance.choice(("", FEED_URL)),
        title=chance.choice(TITLES),
        summary=chance.choice(TEXTS),
        body=chance.choice(TEXTS),
        language=chance.choice((None, "de")),
        published=chance.choice(DATES),
        updated=chance.choice(DATES),
        authors=chance.choice(((), ("Ann Lee",))),
        categories=chance.choice(((), ("News",))),
        source_title=chance.choice((None, "Wire")),
    )


def _plain_entry(chance: random.Random) -> RawEntry:
    """Return an entry as most are, so that much is left out."""
    number = chance.randrange(40)
    entry = RawEntry(title=f"Title {number}", published=DATES[1 + number % 7])
    return entry if number % 9 == 0 else replace(entry, guid=f"g{number}", url=f"/{number}")


def _some_entry(chance: random.Random, odd: float) -> RawEntry:
    return _entry(chance) if chance.random() < odd else _plain_entry(chance)


def _changed(chance: random.Random, feed: RawFeed, odd: float) -> RawFeed:
    """Return ``feed`` with new, changed, repeated, moved and dropped entries, or with another head."""
    entries = list(feed.entries)
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(entries) + 1)
        what = chance.randrange(6)
        if what == 0 or not entries:
            entries.insert(at, _some_entry(chance, odd))
        elif what == 1:
            entries.insert(at, chance.choice(entries))
        elif what == 2:
            entries.pop(at % len(entries))
        elif what == 3:
            chance.shuffle(entries)
        else:
            name = chance.choice(("guid", "url", "title", "summary", "published", "updated", "categories"))
            changed = replace(entries[at % len(entries)], **{name: getattr(_entry(chance), name)})
            entries[at % len(entries)] = changed
    if chance.random() < 0.2:
        feed = replace(feed, title=chance.choice(("Paper", "Gazette")), language=chance.choice((None, "en-gb")))
    return replace(feed, entries=tuple(entries))


@pytest.mark.slow
def test_any_series_of_documents_gives_the_same() -> None:
    left_out = 0
    for seed in range(400):
        chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
        twice, now = Twice(), NOON
        odd = chance.choice((0.02, 0.1, 0.5))
        entries = tuple(_some_entry(chance, odd) for _ in range(chance.randrange(12)))
        feed, earlier = RawFeed("RSS 2.0", "Paper", entries=entries), []
        for _ in range(6):
            _read_twice(feed, twice, now, chance)
            earlier.append(feed)
            feed = _changed(chance, chance.choice((feed, feed, feed, *earlier)), odd)
            now += timedelta(hours=chance.choice((1, 1, 1, 1, 30, 700, -40)))
        left_out += twice.left_out
    assert left_out > 500  # else this would show nothing


def _parse_twice(bodies: Iterable[tuple[datetime, bytes]]) -> Twice:
    twice = Twice()
    for now, body in bodies:
        try:
            whole = parse_feed(body, feed_url=FEED_URL, fetched_at=now)
        except NotAFeed:
            continue
        twice.poll(whole, parse_feed(body, feed_url=FEED_URL, fetched_at=now, known=twice.known), now)
    return twice


def _pieces(chance: random.Random, body: bytes) -> Sequence[tuple[datetime, bytes]]:
    """Return a series of documents that begins and ends with ``body``, with changes of its bytes in between."""
    digits = [at for at, byte in enumerate(body) if 48 <= byte <= 57]
    letters = [at for at, byte in enumerate(body) if 97 <= byte <= 122]
    series = [body]
    for _ in range(4):
        changed = bytearray(series[-1])
        for places, values in ((digits, b"0123456789"), (letters, b"aeiou")):
            if places:
                changed[chance.choice(places)] = chance.choice(values)
        series.append(bytes(changed))
    return [(NOON + timedelta(hours=hour), piece) for hour, piece in enumerate([*series, body, body])]


def test_the_corpus_gives_the_same() -> None:
    chance = random.Random(1)  # noqa: S311 - repeatable, no secret
    found = [_parse_twice(_pieces(chance, path.read_bytes())) for path in documents()]
    assert sum(twice.left_out for twice in found) > 50


@pytest.mark.slow
@pytest.mark.data
def test_documents_of_all_formats_give_the_same() -> None:
    if not FEEDS.is_dir():
        pytest.skip(f"{FEEDS} is missing")
    chance = random.Random(2)  # noqa: S311 - repeatable, no secret
    paths = sorted(path for path in (FEEDS / "formats").rglob("*") if path.is_file())
    found = [_parse_twice(_pieces(chance, path.read_bytes())) for path in paths]
    assert sum(twice.left_out for twice in found) > 200


def _snapshots(folder: Path) -> Sequence[tuple[datetime, bytes]]:
    return [
        (datetime.fromtimestamp(int(path.stem), NOON.tzinfo), path.read_bytes())
        for path in sorted(folder.iterdir(), key=lambda path: int(path.stem))
    ]


@pytest.mark.slow
@pytest.mark.data
def test_recorded_feeds_give_the_same_and_are_mostly_left_out() -> None:
    if not FEEDS.is_dir():
        pytest.skip(f"{FEEDS} is missing")
    for folder in sorted((FEEDS / "replay").iterdir()):
        snapshots = _snapshots(folder)
        forth_and_back = _parse_twice([*snapshots, *reversed(snapshots), *snapshots[::3]])
        assert forth_and_back.left_out > forth_and_back.read / 4, folder.name


@pytest.mark.slow
@pytest.mark.data
async def test_recorded_feeds_give_the_same_events_and_records(tmp_path: Path) -> None:
    if not FEEDS.is_dir():
        pytest.skip(f"{FEEDS} is missing")
    found = []
    for number, most_bytes in enumerate((0, 16_000_000)):
        engine = create_engine(f"sqlite:///{tmp_path / f'{number}.db'}")
        metadata.create_all(engine)
        found.append(await _replayed(engine, EntryMemory(most_bytes)))
        engine.dispose()
    whole, short = found
    assert whole == short
    assert whole[0]


async def _replayed(engine: Engine, memory: EntryMemory) -> tuple[object, ...]:
    source = Source()
    ingest = Ingest(engine, source)
    ingest.service._poller._entries = memory
    results: list[object] = []
    for folder in sorted((FEEDS / "replay").iterdir()):
        feed = ingest.service.add_feed(f"https://{folder.name}.example/feed")
        snapshots = _snapshots(folder)
        later = [(when + timedelta(days=120), body) for when, body in snapshots[::2]]  # old records are forgotten then
        for now, body in [*snapshots, *later]:
            ingest.clock.set(now)
            source.body = body
            result = await ingest.poll(feed.id)
            results.append((result.new, result.revised, result.copies, result.background, result.warnings))
    with engine.connect() as connection:
        rows = connection.execute(select(feed_items).order_by(feed_items.c.item_id)).all()
        states = connection.execute(select(feeds).order_by(feeds.c.url)).all()
    return ingest.items(), results, rows, states


class Source:
    """Answers every request with ``body``."""

    def __init__(self) -> None:
        self.body = b""

    async def fetch(
        self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
    ) -> Response:
        return Response(200, url, self.body)

    async def aclose(self) -> None:
        pass


@pytest.fixture
def engine(database: Engine) -> Engine:
    return database


async def test_what_the_database_has_not_seen_is_read_again(engine: Engine) -> None:
    source = Source()
    ingest = Ingest(engine, source)
    feed = ingest.service.add_feed("https://news.example/feed")
    source.body = rss("one", "two")
    assert (await ingest.poll(feed.id)).new == 2
    source.body = rss("three", "one", "two")
    with engine.begin() as connection:  # as another process, or a restored copy, would have it
        connection.execute(delete(feed_items).where(feed_items.c.feed_id == feed.id))
        connection.execute(update(feeds).values(body_digest="another"))
    assert (await ingest.poll(feed.id)).new == 3
    ingest.service.remove_feed(feed.id)
    again = ingest.service.add_feed("https://news.example/feed")
    assert again.id == feed.id
    source.body = rss("four", "three", "one", "two")
    assert (await ingest.poll(feed.id)).new == 4


async def test_a_failed_write_is_read_again(engine: Engine) -> None:
    source = Source()
    ingest = Ingest(engine, source)
    feed = ingest.service.add_feed("https://news.example/feed")
    source.body = rss("one")
    await ingest.poll(feed.id)
    source.body = rss("two", "one")
    with mock.patch.object(ingest.publisher, "publish", side_effect=KeyError), pytest.raises(KeyError):
        await ingest.service.poll(feed.id)
    source.body = rss("three", "two", "one")
    assert (await ingest.poll(feed.id)).new == 2


def test_the_memory_keeps_the_newest_within_its_limit() -> None:
    memory = EntryMemory(most_bytes=2_000)
    entries = KnownEntries(b"d" * 160, "itm_1 " * 10)
    for number in range(5):
        memory.keep(str(number), f"body {number}", entries)
    assert [number for number in range(5) if memory.of(str(number), f"body {number}") == entries] == [2, 3, 4]
    memory.keep("4", "body 5", entries)
    assert memory.of("4", "body 4") == KnownEntries()
    assert memory.of("4", "body 5") == entries
    assert memory.of("2", "body 2") == entries
    assert memory.of("2", None) == memory.of("9", "body 9") == KnownEntries()
