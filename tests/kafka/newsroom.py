"""Feeds and a client book for the test of faults. Each story concerns two clients.

Each story is about its own entity, and each client watches only one. So a story's result depends only on its own items.
Kafka keeps their order, because their guids are chosen so that they share a partition.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape

from aiokafka.partitioner import murmur2

from schemas.clients import Book, Client, ContactPolicy, Desire, Firm, Manager, Watch
from schemas.topics import TOPICS
from services.ingest.identity.ids import item_id
from tests.invented_news import OTHERS, names

__all__ = ["PARTS", "SEVERAL_ITEMS", "VOUCHED", "Entry", "Newsroom"]

COMPANY, PAPER = "businesswire.com", "reuters.com"
#: The publishers that every feed speaks for.
VOUCHED = (COMPANY, PAPER)
#: The items of each kind of story: publisher (None: an unknown site), title, summary.
PARTS: dict[str, tuple[tuple[str | None, str, str], ...]] = {
    "told": ((COMPANY, "{who} cuts its dividend by {n}%", "{who} today announced that it cut its dividend by {n}%."),),
    "warned": ((None, "{who} said to recall {n},000 units", "{who} may recall {n},000 units, sources say."),),
    "rumored": ((PAPER, "{who} in talks to buy rival, sources say", "{who} is in talks to buy a rival, sources say."),),
    "small": ((COMPANY, "{who} opens office by the harbour", "{who} opened an office for {n} people."),),
    "rumored, confirmed": (
        (None, "{who} said to be in takeover talks", "{who} could be bought by a rival, sources say."),
        (COMPANY, "{who} agrees to takeover by rival", "{who} today announced that it agreed to a takeover."),
    ),
    "rumored, denied": (
        (None, "{who} weighs sale to rival, sources say", "{who} is weighing a sale to a rival, sources say."),
        (COMPANY, "{who} denies talks about sale to rival", "{who} is not in talks about a sale, it today announced."),
    ),
}
#: Stories of several items. Their drafts are approved at the end, so that the speed of approval doesn't matter.
SEVERAL_ITEMS = {kind for kind, parts in PARTS.items() if len(parts) > 1}
#: One item in this many is about a watched entity.
EVERY = 8
#: The second item of a story comes this many feeds after the first.
APART = 10
FIRM = Firm(name="Harbour & Vane")
MANAGER = Manager(id="mara", name="Mara Lindqvist")


@dataclass(frozen=True)
class Entry:
    """One entry of a feed."""

    guid: str
    url: str
    title: str
    summary: str


class Newsroom:
    """``items`` items in feeds of ``size``, at addresses that begin with ``base``. Deterministic."""

    def __init__(self, items: int, base: str, *, size: int = 100) -> None:
        self._base = base
        dice = random.Random(11)  # noqa: S311 - made-up news, no secret
        feeds: list[list[Entry]] = [[] for _ in range(items // size)]
        self.kinds: dict[str, str] = {}  # the kind of story by watched name
        kinds = itertools.cycle(PARTS)
        fresh = iter(names(2_000))
        for number, feed in enumerate(feeds):
            while sum(len(PARTS[kind]) for kind in self.kinds.values()) * EVERY < (number + 1) * size:
                kind = next(kinds)
                if kind in SEVERAL_ITEMS and number + APART >= len(feeds):
                    continue
                who = next(fresh)
                self.kinds[who] = kind
                for part, entry in enumerate(self._story(who, kind, number, dice)):
                    feeds[number + part * APART].append(entry)
            while len(feed) < size:
                feed.append(self._noise(number, len(feed), dice))
            dice.shuffle(feed)
        self.feeds: Sequence[Sequence[Entry]] = feeds

    def address(self, number: int) -> str:
        """Return the address of a feed."""
        return f"{self._base}/feed-{number}.xml"

    def rss(self, number: int, now: datetime) -> bytes:
        """Return a feed as RSS, with all entries published ``now``."""
        date = format_datetime(now)
        entries = "".join(
            f'<item><guid isPermaLink="false">{entry.guid}</guid><link>{entry.url}</link>'
            f"<title>{escape(entry.title)}</title><description>{escape(entry.summary)}</description>"
            f"<pubDate>{date}</pubDate></item>"
            for entry in self.feeds[number]
        )
        head = f"<title>Wire {number}</title><link>https://wire.example/</link><language>en</language>"
        return f'<rss version="2.0"><channel>{head}{entries}</channel></rss>'.encode()

    def book(self) -> Book:
        """Return a book with two clients per story: one holds the entity, one competes with it. No contact limits."""
        clients = [
            _client(f"c{number:04}-{'holds' if kind == 'holding' else 'competes'}", who, kind)
            for number, who in enumerate(self.kinds)
            for kind in ("holding", "competitor")
        ]
        return Book(firm=FIRM, managers=(MANAGER,), clients=tuple(clients))

    def kind_of(self, client_id: str) -> str:
        """Return the kind of the story that concerns this client."""
        return list(self.kinds.values())[int(client_id[1:5])]

    def _story(self, who: str, kind: str, number: int, dice: random.Random) -> list[Entry]:
        n, home, stem = dice.randrange(2, 90), None, who.lower().replace(" ", "-")
        made = []
        for part, (host, title, summary) in enumerate(PARTS[kind]):
            feed = self.address(number + part * APART)
            guid = next(
                guid
                for guid in (f"{stem}-{part}-{attempt}" for attempt in itertools.count())
                if home in (None, _partition(item_id(feed, guid, None, "", None)))
            )
            home = _partition(item_id(feed, guid, None, "", None))
            # A separate site, because outcomes of rumors change a source's grade at midnight.
            url = f"https://{host or f'{stem}.example'}/{guid}"
            made.append(Entry(guid, url, title.format(who=who, n=n), summary.format(who=who, n=n)))
        return made

    def _noise(self, number: int, place: int, dice: random.Random) -> Entry:
        guid = f"n{number}-{place}"
        title = dice.choice(OTHERS).format(n=f"{number}{place:03}")
        return Entry(guid, f"https://town.example/{guid}", title, f"{title}, the city said.")


def _client(name: str, who: str, kind: str) -> Client:
    watch = Watch(entity_id=who, name=who, kind="holding" if kind == "holding" else "competitor", weight=0.1)
    contact = ContactPolicy(
        email=f"{name}@clients.example",
        max_per_week=100,
        quiet_from=None,
        quiet_until=None,
        working_days=(0, 1, 2, 3, 4, 5, 6),
        merge_minutes=0,
    )
    mine = {"assets" if watch.is_asset else "interests": (watch,)}
    return Client(
        id=name, name=f"Client {name}", manager_id=MANAGER.id, trade="wealth", desires=(Desire(name="income"),),
        contact=contact, **mine,  # type: ignore[arg-type]
    )  # fmt: skip


def _partition(id: str) -> int:
    """Return the partition of a key, by Kafka's default partitioner."""
    return int(murmur2(id.encode()) & 0x7FFFFFFF) % TOPICS["items"].partitions
