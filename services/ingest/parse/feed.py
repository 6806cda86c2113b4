"""Parses a feed's bytes to clean items: plain text, moments in UTC, absolute URLs, ids derived from content.

Pure and safe: any input gives a :class:`ParsedFeed` or raises :class:`NotAFeed`, in bounded time and memory. A bad
entry never stops the rest.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files

from schemas.items import Dating, Item, Source
from services.ingest.identity.dedupe import fingerprint_of
from services.ingest.identity.ids import distinct_item_id, item_id
from services.ingest.identity.urls import absolute_url, host_of
from services.ingest.parse.charset import decode_document
from services.ingest.parse.clean import lead, limit, plain_text, title_text
from services.ingest.parse.dates import DateReader, ReadDate
from services.ingest.parse.edgar import is_edgar, with_titles
from services.ingest.parse.entry import RawEntry, RawFeed
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.jsonfeed import parse_json_feed
from services.ingest.parse.known import KnownEntries, digests_of
from services.ingest.parse.notes import Notes
from services.ingest.parse.sniff import find_start
from services.ingest.parse.xmlfeed import parse_xml_feed

__all__ = [
    "MAX_BYTES",
    "MAX_TEXT",
    "ParsedFeed",
    "ParsedItem",
    "Unreadable",
    "parse_feed",
    "publisher_name",
    "read_entries",
    "read_feed",
]

#: The largest of ten thousand feeds that aggregators list has about 12 MB; larger documents are refused unread.
MAX_BYTES = 20_000_000
#: Longest body and summary, in characters: about 3,000 words; news articles are shorter.
MAX_TEXT = 20_000
MAX_TITLE = 500
#: Characters of the summary that serve as the title of an entry without one.
LEAD_LENGTH = 90
MAX_NAMES = 50
MAX_NAME_LENGTH = 200
#: If summary and body are equal, the text is kept as the summary up to this length, else as the body.
_SUMMARY_LENGTH = 600
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}$")
_SEPARATORS = re.compile(r"\s*[|»«·•—–>]\s*|\s+-\s+|:\s+")
_GENERIC = frozenset(
    line.strip()
    for line in files("services.ingest.parse").joinpath("generic_titles.txt").read_text("utf-8").splitlines()
    if line.strip() and not line.startswith("#")
)


#: An entry that can't be read: its number from 1, and the error.
Unreadable = tuple[int, RawEntry, ValueError]


@dataclass(frozen=True)
class ParsedItem:
    """An item, its guid in the feed (None if it has no guid), and its :func:`fingerprint_of`."""

    guid: str | None
    item: Item
    fingerprint: str


@dataclass(frozen=True)
class ParsedFeed:
    """A parsed feed. ``warnings`` are sentences for people, one for each kind.

    ``ttl_seconds`` is how long the feed asks not to be polled again; ``skip_hours`` (0–23, UTC) and ``skip_days`` (0 is
    Monday) are when it asks not to be polled. ``left_out`` counts entries without title and text
    and entries with the id of another, ``unreadable`` those that could not be read, of which ``first_unreadable`` says
    which the first is, and the reason. ``format`` is for people, such as ``RSS 2.0``. ``still_listed`` are the ids of
    all items that a list of advisories names, of which ``items`` has those that were fetched; None for other documents.

    ``same`` are the ids of the items that ``items`` lacks because their entries are written as they were in the
    document before, and by ``entries`` those of this document are recognized in the next one.
    """

    title: str | None
    site_url: str | None
    language: str | None
    ttl_seconds: int | None
    items: tuple[ParsedItem, ...]
    warnings: tuple[str, ...]
    left_out: int = 0
    format: str = ""
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    unreadable: int = 0
    first_unreadable: str | None = None
    still_listed: frozenset[str] | None = None
    same: tuple[str, ...] = ()
    entries: KnownEntries | None = None


def parse_feed(
    raw: bytes,
    *,
    feed_url: str,
    fetched_url: str | None = None,
    content_type: str | None = None,
    publisher: str | None = None,
    speaks_for: tuple[str, ...] = (),
    fetched_at: datetime | None = None,
    known: KnownEntries | None = None,
) -> ParsedFeed:
    """Parse ``raw`` as RSS 0.91–2.0, RDF, Atom 0.3/1.0 or JSON Feed 1/1.1, whatever ``content_type`` says.

    CISA's catalog of exploited vulnerabilities and a CSAF advisory are feeds too.

    ``feed_url`` is the address under which the feed is listed, to which its items belong; ``fetched_url`` is the one
    that answered, to which relative links refer (empty: to nothing).

    ``publisher`` overrides the feed's own title; ``speaks_for`` is written into every item. Of two versions of one
    story the newer one is kept; if neither is newer, the first, because feeds list the newest first.

    With ``known``, those of the document before, entries that are written the same are not read again.

    Raises:
        NotAFeed: ``raw`` is not a feed; the message says what it is instead.
    """
    if len(raw) > MAX_BYTES:
        raise NotAFeed(
            f"This document has {len(raw) / 1e6:.0f} MB; the limit is {MAX_BYTES // 1_000_000} MB.",
            fix="Look for a shorter feed from the same publisher.",
        )
    notes = Notes()
    text = find_start(decode_document(raw, content_type, notes), notes)
    base = feed_url if fetched_url is None else fetched_url
    feed = parse_json_feed(text, base, notes) if text[0] in "{[" else parse_xml_feed(text, base, notes)
    if is_edgar(feed):
        feed = with_titles(feed, notes, by_sec=_is_of_sec(feed_url))
    return read_feed(
        feed,
        feed_url=feed_url,
        base=base,
        publisher=publisher,
        speaks_for=speaks_for,
        fetched_at=fetched_at,
        notes=notes,
        known=known,
    )


def _is_of_sec(feed_url: str) -> bool:
    """Return whether the feed is the SEC's own: no other feed says whose filing it is."""
    return f".{host_of(feed_url)}".endswith(".sec.gov")


def read_feed(
    feed: RawFeed,
    *,
    feed_url: str,
    base: str,
    publisher: str | None,
    speaks_for: tuple[str, ...],
    fetched_at: datetime | None,
    notes: Notes,
    known: KnownEntries | None = None,
) -> ParsedFeed:
    """Return a document of any format with its entries as items. Relative links refer to ``base``.

    Entries that are written as one of ``known`` are left out.
    """
    context_with = partial(_context, feed, feed_url, base, publisher, speaks_for, fetched_at)
    context = context_with(notes.copy())
    try:
        found = _read(feed, context, known)
    except _Entangled:
        context = context_with(notes)
        found = _read(feed, context, KnownEntries())
    return ParsedFeed(
        title=title_text(feed.title),
        site_url=absolute_url(feed.site_url, base),
        language=_language(feed.language),
        ttl_seconds=feed.ttl_seconds,
        items=found.items,
        warnings=context.notes.lines(),
        left_out=len(feed.entries) - len(found.items) - len(found.same),
        format=feed.format,
        skip_hours=feed.skip_hours,
        skip_days=feed.skip_days,
        unreadable=len(found.unreadable),
        first_unreadable=_first_unreadable(found.unreadable),
        same=found.same,
        entries=found.entries,
    )


def read_entries(
    feed: RawFeed,
    *,
    feed_url: str,
    base: str,
    publisher: str | None,
    speaks_for: tuple[str, ...],
    fetched_at: datetime | None,
    notes: Notes,
    unreadable: list[Unreadable],
) -> tuple[ParsedItem, ...]:
    """Return the entries of a document of any format as items, without those that repeat others.

    Those that can't be read are added to ``unreadable``, with their number from 1 and the error.
    """
    found = _read(feed, _context(feed, feed_url, base, publisher, speaks_for, fetched_at, notes), None)
    unreadable.extend(found.unreadable)
    return found.items


def publisher_name(title: str | None) -> str | None:
    """Return the publisher's name in a feed's title: "BBC News - Home" → "BBC News"; None if there is none."""
    parts = [part for part in _SEPARATORS.split(title or "") if part]
    named = [part for part in parts if re.sub(r"[^\w. ]", "", part).strip().lower() not in _GENERIC]
    if not title or not named:
        return None
    return title[title.index(named[0]) :].strip() if len(named) == len(parts) else _between(title, named)


def _between(title: str, named: list[str]) -> str:
    """Return the part of ``title`` from the first name to the last."""
    start = title.index(named[0])
    end = title.rindex(named[-1]) + len(named[-1])
    return title[start:end]


@dataclass(frozen=True)
class _Context:
    feed_url: str
    base: str
    publisher: str | None
    publisher_given: bool
    speaks_for: tuple[str, ...]
    language: str | None
    fetched_at: datetime | None
    dates: DateReader
    notes: Notes
    sources: dict[tuple[str | None, str | None], Source] = field(default_factory=dict)
    known_names: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)

    def source(self, host: str | None, publisher: str | None) -> Source:
        """Return the source of an item; most items of a feed have the same."""
        known = self.sources.get((host, publisher))
        if known is None:
            known = Source(feed_url=self.feed_url, host=host, publisher=publisher, speaks_for=self.speaks_for)
            self.sources[(host, publisher)] = known
        return known

    def names(self, raw: tuple[str, ...]) -> tuple[str, ...]:
        """Return clean names in order, without duplicates; most items of a feed have those of another."""
        known = self.known_names.get(raw)
        if known is None:
            known = self.known_names[raw] = _names(raw)
        return known

    def settled(self) -> tuple[object, ...]:
        """Return all on which the reading of an entry depends, beside the entry and, as notes say then, the time."""
        own = (self.feed_url, self.base, self.publisher, self.publisher_given, self.speaks_for, self.language)
        return own, self.dates.settled()


def _context(
    feed: RawFeed,
    feed_url: str,
    base: str,
    publisher: str | None,
    speaks_for: tuple[str, ...],
    fetched_at: datetime | None,
    notes: Notes,
) -> _Context:
    language = _language(feed.language)
    return _Context(
        feed_url=feed_url,
        base=base,
        publisher=publisher or publisher_name(title_text(feed.title)),
        publisher_given=bool(publisher),
        speaks_for=speaks_for,
        language=language,
        fetched_at=fetched_at,
        dates=DateReader(_dates(feed), notes, feed_url=feed_url, language=language, fetched_at=fetched_at),
        notes=notes,
    )


def _dates(feed: RawFeed) -> Iterable[str]:
    """Yield all dates of the entries, as written."""
    for entry in feed.entries:
        yield from (date for date in (entry.published, entry.updated) if date)


@dataclass(frozen=True)
class _Read:
    """The items of a document, with what :class:`ParsedFeed` says of ``same`` and ``entries``."""

    items: tuple[ParsedItem, ...]
    unreadable: tuple[Unreadable, ...]
    same: tuple[str, ...] = ()
    entries: KnownEntries | None = None


class _Entangled(Exception):
    """An entry that is read anew has the id of one that was to be left out, so that the two decide on each other."""


def _read(feed: RawFeed, context: _Context, known: KnownEntries | None) -> _Read:
    """Read the entries, without those that are ``known``. With None, all, and none are remembered.

    Raises:
        _Entangled: all must be read.
    """
    unreadable: list[Unreadable] = []
    if known is None:
        anew = [_readable(number, entry, context, unreadable) for number, entry in enumerate(feed.entries, 1)]
        return _Read(_distinct((parsed for parsed in anew if parsed is not None), context.notes), tuple(unreadable))
    before = known.by_digest(context.fetched_at)
    same: list[str] = []
    items: list[ParsedItem] = []
    entries: list[tuple[bytes | None, str]] = []
    digests = digests_of(feed.entries, context.settled())
    for number, (entry, digest) in enumerate(zip(feed.entries, digests, strict=True), 1):
        item_id = before.get(digest)
        if item_id is not None:
            same.append(item_id)
            entries.append((digest, item_id))
            continue
        noted = context.notes.total()
        parsed = _readable(number, entry, context, unreadable)
        if parsed is None:
            continue
        items.append(parsed)
        entries.append((digest if context.notes.total() == noted else None, parsed.item.id))
    if len(set(same)) < len(same) or not {parsed.item.id for parsed in items}.isdisjoint(same):
        raise _Entangled
    return _Read(
        _distinct(items, context.notes), tuple(unreadable), tuple(same), KnownEntries.of(entries, context.fetched_at)
    )


def _readable(number: int, entry: RawEntry, context: _Context, unreadable: list[Unreadable]) -> ParsedItem | None:
    """Return the entry as an item; None if there is nothing in it, or it is added to ``unreadable``."""
    try:
        return _item(entry, context, context.notes)
    except ValueError as error:  # pydantic's and UnicodeError among them
        context.notes.add("An invalid entry was left out", str(error))
        unreadable.append((number, entry, error))
        return None


def _first_unreadable(unreadable: Sequence[Unreadable]) -> str | None:
    """Return which entry is the first that could not be read, and why; None if there is none."""
    if not unreadable:
        return None
    number, entry, error = unreadable[0]
    name = _one_line(entry.title or entry.guid or entry.url or "without a title", MAX_NAME_LENGTH)
    return f"Entry {number} ({name}) can't be read: {_one_line(str(error), MAX_TITLE)}"


def _one_line(raw: str, longest: int) -> str:
    """Return text from a feed that may be damaged as one line that can be stored and shown."""
    text = raw[: 4 * longest].encode("utf-8", "replace").decode()
    return limit(" ".join("".join(" " if char < " " else char for char in text).split()), longest)


def _item(entry: RawEntry, context: _Context, notes: Notes) -> ParsedItem | None:
    summary, body = _texts(entry, notes)
    title = _title(entry, summary or body, notes)
    if title is None:
        notes.add("An entry with neither title nor text was left out", entry.guid or entry.url)
        return None
    url = absolute_url(entry.url, entry.base or context.base)
    if entry.url and url is None:
        notes.add("A link that is not a web address was left out", entry.url)
    published, updated = context.dates.read(entry.published), context.dates.read(entry.updated)
    guid = entry.guid.encode("utf-8", "replace").decode() if entry.guid else None
    named = context.publisher_given or not entry.source_title
    publisher = context.publisher if named else title_text(entry.source_title) or context.publisher
    item = Item(
        id=item_id(context.feed_url, guid, url, title, published.moment if published else None),
        title=title,
        url=url,
        summary=summary,
        body=body,
        language=_language(entry.language) or context.language,
        published_at=published.moment if published else None,
        updated_at=updated.moment if updated else None,
        fetched_at=context.fetched_at,
        authors=context.names(entry.authors),
        categories=context.names(entry.categories),
        source=context.source(host_of(url), publisher),
        dated=_dating(published, updated),
        filers=entry.filers,
    )
    return ParsedItem(guid, item, fingerprint_of(item))


def _texts(entry: RawEntry, notes: Notes) -> tuple[str | None, str | None]:
    summary = _limited("summary", plain_text(entry.summary), notes)
    if entry.body is None or entry.body == entry.summary:
        return summary, None
    body = _limited("body", plain_text(entry.body), notes)
    if body != summary:
        return summary, body
    return (summary, None) if body is None or len(body) <= _SUMMARY_LENGTH else (None, body)


def _limited(field: str, text: str | None, notes: Notes) -> str | None:
    if text is None or len(text) <= MAX_TEXT:
        return text
    notes.add(f"A {field} longer than {MAX_TEXT:,} characters was shortened")
    return limit(text, MAX_TEXT)


def _title(entry: RawEntry, text: str | None, notes: Notes) -> str | None:
    title = title_text(entry.title)
    if title is None:
        return lead(text, LEAD_LENGTH) if text else None
    if len(title) > MAX_TITLE:
        notes.add(f"A title longer than {MAX_TITLE} characters was shortened", title)
        return lead(title, MAX_TITLE)
    return title


def _dating(published: ReadDate | None, updated: ReadDate | None) -> Dating:
    """Say how an item's date was obtained: its own, else when it was updated."""
    date = published or updated
    if date is None:
        return "undated"
    if not date.sure:
        return "assumed_zone"
    return "stated" if published else "updated"


def _language(raw: object) -> str | None:
    """Return a BCP 47 tag in its usual case (``en-GB``), or None if ``raw`` is not a tag."""
    if not isinstance(raw, str) or not _LANGUAGE.match(raw.strip()):
        return None
    primary, *rest = raw.strip().replace("_", "-").split("-")
    return "-".join([primary.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


def _names(raw: tuple[str, ...]) -> tuple[str, ...]:
    """Return clean names in order, without duplicates."""
    clean = (title_text(name) for name in raw[:MAX_NAMES])
    return tuple(dict.fromkeys(name[:MAX_NAME_LENGTH] for name in clean if name))


def _distinct(items: Iterable[ParsedItem], notes: Notes) -> tuple[ParsedItem, ...]:
    """Return the items without duplicate ids, each at the position of its first occurrence."""
    by_id: dict[str, ParsedItem] = {}
    for parsed in _told_apart(tuple(items), notes):
        earlier = by_id.get(parsed.item.id)
        if earlier is None:
            by_id[parsed.item.id] = parsed
            continue
        notes.add("Two entries have the same id; the newer one was kept", parsed.guid or parsed.item.url)
        if _dated(parsed.item) > _dated(earlier.item):
            by_id[parsed.item.id] = parsed
    return tuple(by_id.values())


def _told_apart(items: Sequence[ParsedItem], notes: Notes) -> Iterable[ParsedItem]:
    """Yield the items; where one id stands for several stories, each gets an id of its own."""
    groups: defaultdict[str, list[Item]] = defaultdict(list)
    for parsed in items:
        groups[parsed.item.id].append(parsed.item)
    repeated = {id for id, group in groups.items() if _are_several(group)}
    for parsed in items:
        item = parsed.item
        if item.id not in repeated:
            yield parsed
            continue
        notes.add("A guid or link stands for several stories, which were told apart", parsed.guid or item.url)
        feed_url = item.source.feed_url or ""
        own = distinct_item_id(feed_url, parsed.guid, item.url, item.title)
        yield replace(parsed, item=item.model_copy(update={"id": own}))


def _are_several(group: Sequence[Item]) -> bool:
    """Return whether items of one id are several stories: their titles differ, and so do their links.

    Two entries of one title, or of one link, are two versions of a story. Three titles with one link are three stories:
    no feed lists more than two versions, but some give the address of the site to all.
    """
    titles = {item.title.casefold() for item in group}
    links = {item.url for item in group}
    return len(titles) > 1 and (len(links) > 1 or len(titles) > 2)


def _dated(item: Item) -> datetime:
    return max((moment for moment in (item.updated_at, item.published_at) if moment), default=_NO_DATE)


_NO_DATE = datetime(1, 1, 1, tzinfo=UTC)
