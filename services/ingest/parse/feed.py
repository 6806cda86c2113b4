"""A feed's bytes → clean items: plain text, moments in UTC, absolute addresses, ids derived from content.

Pure and safe: whatever comes, the answer is a :class:`ParsedFeed` or :class:`NotAFeed`, in bounded time and memory.
One bad entry never stops the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files

from schemas.base import content_id
from schemas.items import Item, Source
from services.ingest.identity.urls import absolute_url, canonical_url, host_of
from services.ingest.parse.charset import decode_document
from services.ingest.parse.clean import lead, limit, plain_text, title_text
from services.ingest.parse.dates import read_date
from services.ingest.parse.entry import RawEntry, RawFeed
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.jsonfeed import read_json
from services.ingest.parse.notes import Notes
from services.ingest.parse.sniff import find_start
from services.ingest.parse.xmlfeed import read_xml

__all__ = ["MAX_BYTES", "MAX_TEXT", "NotAFeed", "ParsedFeed", "ParsedItem", "item_id", "parse_feed", "publisher_name"]

#: The largest feed of ten thousand that aggregators list has some 12 MB; larger documents are refused unread.
MAX_BYTES = 20_000_000
#: Longest body and summary, in characters: 3,000 words, beyond which no news article goes on with news.
MAX_TEXT = 20_000
MAX_TITLE = 500
#: An entry without a title is headed by so much of its summary.
LEAD_LENGTH = 90
MAX_NAMES = 50
MAX_NAME_LENGTH = 200
#: The same text in summary and body is kept once: as summary up to here, else as body.
_SUMMARY_LENGTH = 600
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}$")
_SEPARATORS = re.compile(r"\s*[|»«·•—–>]\s*|\s+-\s+|:\s+")
_GENERIC = frozenset(
    line.strip()
    for line in files("services.ingest.parse").joinpath("generic_titles.txt").read_text("utf-8").splitlines()
    if line.strip() and not line.startswith("#")
)


@dataclass(frozen=True)
class ParsedItem:
    """An item, and the guid under which the feed has it (None if it has none)."""

    guid: str | None
    item: Item


@dataclass(frozen=True)
class ParsedFeed:
    """A document that is a feed. ``warnings`` are sentences for people, each kind once.

    ``ttl_seconds`` is how long the feed asks to be left alone. ``left_out`` counts entries that had neither title nor
    text, or the id of another. ``format`` is for people, e.g. ``RSS 2.0``.
    """

    title: str | None
    site_url: str | None
    language: str | None
    ttl_seconds: int | None
    items: tuple[ParsedItem, ...]
    warnings: tuple[str, ...]
    left_out: int = 0
    format: str = ""


def parse_feed(
    raw: bytes,
    *,
    feed_url: str,
    content_type: str | None = None,
    publisher: str | None = None,
    fetched_at: datetime | None = None,
) -> ParsedFeed:
    """Read ``raw`` as RSS 0.91–2.0, RDF, Atom 0.3/1.0 or JSON Feed 1/1.1, whatever ``content_type`` says.

    ``publisher`` overrides what the feed says of itself. Of two entries with the same id the newer counts, and the
    first where neither is newer, for feeds list the newest first.

    Raises:
        NotAFeed: when it is no feed; the message says what it is instead.
    """
    if len(raw) > MAX_BYTES:
        raise NotAFeed(
            f"This document has {len(raw) / 1e6:.0f} MB; more than {MAX_BYTES // 1_000_000} MB are not read.",
            fix="Look for a shorter feed of the same publisher.",
        )
    notes = Notes()
    text = find_start(decode_document(raw, content_type, notes), notes)
    feed = read_json(text, feed_url, notes) if text[0] in "{[" else read_xml(text, feed_url, notes)
    title = title_text(feed.title)
    context = _Context(
        feed_url, publisher or publisher_name(title), bool(publisher), _language(feed.language), fetched_at
    )
    items = _distinct(_items(feed, context, notes), notes)
    return ParsedFeed(
        title=title,
        site_url=absolute_url(feed.site_url, feed_url),
        language=context.language,
        ttl_seconds=feed.ttl_seconds,
        items=items,
        warnings=notes.lines(),
        left_out=len(feed.entries) - len(items),
        format=feed.format,
    )


def publisher_name(title: str | None) -> str | None:
    """The publisher in a feed's title: "BBC News - Home" → "BBC News"; None if nothing of it is a name."""
    parts = [part for part in _SEPARATORS.split(title or "") if part]
    named = [part for part in parts if re.sub(r"[^\w. ]", "", part).strip().lower() not in _GENERIC]
    if not title or not named:
        return None
    return title[title.index(named[0]) :].strip() if len(named) == len(parts) else _between(title, named)


def _between(title: str, named: list[str]) -> str:
    """From the first name to the last, with what stands between them."""
    start = title.index(named[0])
    end = title.rindex(named[-1]) + len(named[-1])
    return title[start:end]


def item_id(feed_url: str, guid: str | None, url: str | None, title: str, published_at: datetime | None) -> str:
    """An item's id: by feed and guid, else by canonical URL, else by feed, title and date."""
    if guid:
        return content_id("itm", feed_url, guid)
    if url:
        return content_id("itm", canonical_url(url))
    return content_id("itm", feed_url, title, published_at.isoformat() if published_at else "")


@dataclass(frozen=True)
class _Context:
    feed_url: str
    publisher: str | None
    publisher_given: bool
    language: str | None
    fetched_at: datetime | None


def _items(feed: RawFeed, context: _Context, notes: Notes) -> Iterable[ParsedItem]:
    for entry in feed.entries:
        try:
            parsed = _item(entry, context, notes)
        except ValueError as error:  # pydantic's and UnicodeError among them
            notes.add("An entry that can't be read was left out", str(error))
            continue
        if parsed is not None:
            yield parsed


def _item(entry: RawEntry, context: _Context, notes: Notes) -> ParsedItem | None:
    summary, body = _texts(entry, notes)
    title = _title(entry, summary or body, notes)
    if title is None:
        notes.add("An entry with neither title nor text was left out", entry.guid or entry.url)
        return None
    url = absolute_url(entry.url, entry.base or context.feed_url)
    if entry.url and url is None:
        notes.add("A link that is no web address was left out", entry.url)
    published = _date(entry.published, entry.published_given, context, notes)
    guid = entry.guid.encode("utf-8", "replace").decode() if entry.guid else None
    named = context.publisher_given or not entry.source_title
    publisher = context.publisher if named else title_text(entry.source_title) or context.publisher
    item = Item(
        id=item_id(context.feed_url, guid, url, title, published),
        title=title,
        url=url,
        summary=summary,
        body=body,
        language=_language(entry.language) or context.language,
        published_at=published,
        updated_at=_date(entry.updated, entry.updated_given, context, notes),
        fetched_at=context.fetched_at,
        authors=_names(entry.authors),
        categories=_names(entry.categories),
        source=Source(feed_url=context.feed_url, host=host_of(url), publisher=publisher),
    )
    return ParsedItem(guid, item)


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


def _date(raw: str | None, given: object, context: _Context, notes: Notes) -> datetime | None:
    also = given if isinstance(given, tuple) else None
    return read_date(raw, notes, fetched_at=context.fetched_at, also=also)


def _language(raw: object) -> str | None:
    """A BCP 47 tag in its usual case (``en-GB``), or None for what is none."""
    if not isinstance(raw, str) or not _LANGUAGE.match(raw.strip()):
        return None
    primary, *rest = raw.strip().replace("_", "-").split("-")
    return "-".join([primary.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


def _names(raw: tuple[str, ...]) -> tuple[str, ...]:
    """Clean, each once, in order."""
    clean = (title_text(name) for name in raw[:MAX_NAMES])
    return tuple(dict.fromkeys(name[:MAX_NAME_LENGTH] for name in clean if name))


def _distinct(items: Iterable[ParsedItem], notes: Notes) -> tuple[ParsedItem, ...]:
    """Each id once, in the place of its first."""
    found: dict[str, ParsedItem] = {}
    for parsed in items:
        earlier = found.get(parsed.item.id)
        if earlier is None:
            found[parsed.item.id] = parsed
            continue
        notes.add("Two entries have the same id; the newer was kept", parsed.guid or parsed.item.url)
        if _stamp(parsed.item) > _stamp(earlier.item):
            found[parsed.item.id] = parsed
    return tuple(found.values())


def _stamp(item: Item) -> datetime:
    return max((moment for moment in (item.updated_at, item.published_at) if moment), default=_NO_DATE)


_NO_DATE = datetime(1, 1, 1, tzinfo=UTC)
