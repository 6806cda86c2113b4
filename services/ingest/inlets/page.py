"""Reads a page that lists news, or a news sitemap, as a feed: each link with its title is an entry. Pure.

What the page doesn't say is not invented: an entry has the title of its link and the one date beside it, or no date.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urldefrag, urlsplit

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from services.common.errors import BadInput
from services.common.hosts import is_within
from services.common.html_pages import MAX_PAGE_CHARACTERS, PageParser
from services.ingest.identity.urls import absolute_url, host_of
from services.ingest.parse.charset import decode_document
from services.ingest.parse.entry import RawEntry, RawFeed
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import MAX_BYTES, ParsedFeed, read_feed
from services.ingest.parse.notes import Notes

__all__ = ["LONGEST_TITLE", "VOID", "PartOfPage", "parse_page"]

#: A page lists no more news; those after them are archives.
MOST_LINKS = 300
#: A news sitemap has at most 1,000 entries (Google's rules); the newest of a longer one are read.
MOST_URLS = 2_000
LONGEST_TITLE = 300
_SITEMAP = re.compile(r"<(?:\w+:)?(urlset|sitemapindex)\b")
_FEED = re.compile(r"<(?:rss|feed|rdf:RDF)\b")
_NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"
#: Links in these are the same on every page of a site.
_CHROME = frozenset(("nav", "footer", "aside", "form", "dialog"))
_ENTRIES = frozenset(("article", "li", "tr", "dd"))
VOID = frozenset(("br", "hr", "img", "input", "link", "meta", "source", "wbr"))
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_DEEPEST = 200
_PART = re.compile(r"(?P<tag>[A-Za-z][A-Za-z0-9-]*)?(?P<id>#[\w-]+)?(?P<classes>(?:\.[\w-]+)*)")
_LONGEST_PART = 200


@dataclass(frozen=True, slots=True)
class PartOfPage:
    """A part of a page by the tag, the id and the classes of its element, as in CSS: ``section#news.list``."""

    tag: str | None
    id: str | None
    classes: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> PartOfPage:
        """Return the part that ``text`` names.

        Raises:
            BadInput: it names none.
        """
        found = _PART.fullmatch(text.strip()) if text.strip() and len(text) <= _LONGEST_PART else None
        if found is None:
            raise BadInput(
                f"{text!r} does not name a part of a page.",
                fix="Give an element's tag, id or classes, such as main, #news or div.press-list.",
            )
        tag, id, classes = found["tag"], found["id"], found["classes"]
        return cls(
            tag.lower() if tag else None, id[1:] if id else None, frozenset(name for name in classes.split(".") if name)
        )

    def fits(self, tag: str, values: Mapping[str, str]) -> bool:
        """Return whether an element with this tag and these attributes is the part."""
        return (
            self.tag in (None, tag)
            and self.id in (None, values.get("id"))
            and self.classes <= set(values.get("class", "").split())
        )


def parse_page(
    raw: bytes,
    *,
    feed_url: str,
    fetched_url: str,
    content_type: str | None = None,
    publisher: str | None = None,
    speaks_for: tuple[str, ...] = (),
    links_under: str | None = None,
    links_in: str | None = None,
    fetched_at: datetime | None = None,
) -> ParsedFeed:
    """Return what the page or news sitemap ``raw`` lists, as a feed of the channel ``feed_url``.

    Only links to the page's own host count, outside of its navigation; with ``links_under``, those to such a path; with
    ``links_in``, those in such a part of the page.

    Raises:
        BadInput: ``links_in`` names no part.
        NotAFeed: it lists no news; the message says what it is instead.
    """
    notes = Notes()
    text = decode_document(_unpacked(raw), content_type, notes)
    if _FEED.search(text[:1_000]):
        raise NotAFeed("This is a feed and not a page.", fix="Add it with 'firstword feeds add URL'.")
    sitemap = _SITEMAP.search(text[:2_000])
    part = PartOfPage.parse(links_in) if links_in else None
    page = _sitemap(text, sitemap[1]) if sitemap else _page(text[:MAX_PAGE_CHARACTERS], fetched_url, links_under, part)
    return read_feed(
        replace(page, site_url=fetched_url),
        feed_url=feed_url,
        base=fetched_url,
        publisher=publisher,
        speaks_for=speaks_for,
        fetched_at=fetched_at,
        notes=notes,
    )


def _unpacked(raw: bytes) -> bytes:
    """Return a sitemap that is stored compressed (``sitemap.xml.gz``) as text."""
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    try:
        unpacker = zlib.decompressobj(wbits=31)
        text = unpacker.decompress(raw, MAX_BYTES)
    except zlib.error:
        raise NotAFeed("This file is compressed, and damaged.", fix="Try again later.") from None
    if unpacker.unconsumed_tail:
        raise NotAFeed("This sitemap is too large.", fix="Watch a page that lists the news instead.")
    return text


def _sitemap(text: str, kind: str) -> RawFeed:
    try:
        root = fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise NotAFeed(f"This sitemap can't be read ({error}).", fix="Try again later.") from None
    if kind == "sitemapindex":
        listed = [(loc.text or "").strip() for loc in root.iter() if _local(loc.tag) == "loc"]
        likely = [url for url in listed if "news" in url.lower()] or listed
        raise NotAFeed(
            f"This is a list of {len(listed)} sitemaps.",
            fix=f"Watch the one with the news, such as {likely[0]}" if likely else "Watch a page that lists the news.",
        )
    entries = [entry for url in root if _local(url.tag) == "url" and (entry := _url(url)) is not None]
    if not entries:
        raise NotAFeed(
            "This sitemap has no titles of news, only addresses.",
            fix="Look in the site's robots.txt for its news sitemap, or watch a page that lists the news.",
        )
    entries.sort(key=lambda entry: entry.published or "", reverse=True)
    return RawFeed("news sitemap", entries=tuple(entries[:MOST_URLS]))


def _url(url: Any) -> RawEntry | None:
    """Return an address of a news sitemap as an entry; None if it has no title."""
    address = next((child.text for child in url if _local(child.tag) == "loc"), None)
    news = url.find(f"{_NEWS}news")
    if news is None or not address:
        return None
    title = news.findtext(f"{_NEWS}title")
    if not (title or "").strip():
        return None
    return RawEntry(
        url=address.strip(),
        title=title,
        published=news.findtext(f"{_NEWS}publication_date"),
        language=news.findtext(f"{_NEWS}publication/{_NEWS}language"),
        source_title=news.findtext(f"{_NEWS}publication/{_NEWS}name"),
    )


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _page(text: str, url: str, links_under: str | None, part: PartOfPage | None) -> RawFeed:
    reader = _PageReader(url, part)
    reader.feed(text)
    reader.close()
    reader.end_link()
    entries = list(_entries(reader, url, links_under))
    if not entries and part is not None and not reader.found_part:
        raise NotAFeed(
            "The part of this page that should list the news is not there.",
            fix="Look whether the page was rebuilt, and name another part, or none.",
        )
    if not entries:
        under = f" below {links_under}" if links_under else ""
        raise NotAFeed(
            f"This page lists no links with titles{under}.",
            fix="Watch a page that lists the news without a program in the browser, or name another path.",
        )
    title = " ".join("".join(reader.title).split())[:LONGEST_TITLE] or None
    return RawFeed("page", title=title, language=reader.language, entries=tuple(entries[:MOST_LINKS]))


@dataclass
class _Link:
    """A link of a page. ``in_heading``: its text is a heading. ``entry`` is the part of the page in which it stands."""

    url: str
    entry: int
    in_heading: bool
    text: list[str] = field(default_factory=list)
    heading: list[str] = field(default_factory=list)

    def title(self) -> str:
        """Return its heading, else its whole text, on one line."""
        return " ".join("".join(self.heading or self.text).split())

    def rank(self) -> tuple[bool, int]:
        """Return how good its title is: headings are better than texts, and longer ones than "Read more"."""
        return self.in_heading or bool(self.heading), len(self.title())


def _entries(reader: _PageReader, url: str, links_under: str | None) -> Iterator[RawEntry]:
    """Yield each address once, with the best of its titles and the date beside it, in the order of the page."""
    best: dict[str, _Link] = {}
    for link in reader.links:
        if _belongs(link.url, url, links_under) and _is_title(link.title()):
            before = best.get(link.url)
            best[link.url] = link if before is None or link.rank() > before.rank() else before
    for address, link in best.items():
        dates = reader.dates.get(link.entry, set()) if link.entry else set()
        yield RawEntry(
            url=address, title=link.title()[:LONGEST_TITLE], published=next(iter(dates)) if len(dates) == 1 else None
        )


def _belongs(address: str, page: str, links_under: str | None) -> bool:
    """Return whether a link may lead to news of the page's own site."""
    host, own = host_of(address) or "", host_of(page) or ""
    path = urlsplit(address).path
    if not is_within(host, own):
        return False
    if links_under is not None:
        return path.startswith(links_under) and path.rstrip("/") != links_under.rstrip("/")
    return path not in ("", "/") and address != urldefrag(page).url


def _is_title(text: str) -> bool:
    """Return whether a text may be the title of news: three words, or as much in a writing without spaces."""
    return len(text.split()) >= 3 or (len(text) >= 8 and any(char > "\u2e80" for char in text))


class _PageReader(PageParser):
    """Collects the links of a page, which may be malformed, and the dates beside them."""

    def __init__(self, url: str, part: PartOfPage | None) -> None:
        super().__init__()
        self.found_part = False
        self._part = part
        #: The tag of the part that is being read, and how many elements with this tag are open in it.
        self._inside: str | None = None
        self._depth = 0
        self.links: list[_Link] = []
        self.dates: dict[int, set[str]] = {}
        self.title: list[str] = []
        self.language: str | None = None
        self._base = url
        self._open: list[tuple[str, int]] = []
        self._count = 0
        self._link: _Link | None = None
        self._chrome: list[str] = []
        self._heading: str | None = None
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if self._part is not None and tag not in VOID:
            self._enter(tag, values)
        if tag == "html":
            self.language = values.get("lang") or None
        elif tag == "base":
            self._base = absolute_url(values.get("href"), self._base) or self._base
        elif tag == "title":
            self._in_title = not self.title
        elif tag in ("main", "article"):
            self._chrome.clear()  # a part of the navigation that nothing closed
        if tag in _CHROME and len(self._chrome) < _DEEPEST:
            self._chrome.append(tag)
        if tag in _ENTRIES:
            self._begin_entry(tag)
        elif tag in _HEADINGS:
            self._heading = tag
        elif tag == "time" and values.get("datetime") and self._open:
            self.dates.setdefault(self._open[-1][1], set()).add(values["datetime"].strip()[:100])
        elif tag == "a":
            self.end_link()
            address = absolute_url(values.get("href"), self._base)
            outside = self._part is not None and self._inside is None
            if address is not None and not outside and (not self._chrome or self._part is not None):
                entry = self._open[-1][1] if self._open else 0
                self._link = _Link(urldefrag(address).url, entry, self._heading is not None)

    def _enter(self, tag: str, values: Mapping[str, str]) -> None:
        if tag == self._inside:
            self._depth += 1
        elif self._inside is None and self._part is not None and self._part.fits(tag, values):
            self._inside, self._depth, self.found_part = tag, 1, True

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._depth -= 1
            if self._depth == 0:
                self._inside = None
        if tag == "a":
            self.end_link()
        elif tag == "title":
            self._in_title = False
        elif tag == self._heading:
            self._heading = None
        elif tag in _CHROME and tag in self._chrome:
            del self._chrome[self._chrome.index(tag) :]
        elif tag in _ENTRIES:
            for position in range(len(self._open) - 1, -1, -1):
                if self._open[position][0] == tag:
                    del self._open[position:]
                    break

    def handle_data(self, data: str) -> None:
        if self._in_title and len(self.title) < 20:
            self.title.append(data)
        if self._link is not None and len(self._link.text) < 100:
            self._link.text.append(data + " ")
            if self._heading is not None and not self._link.in_heading:
                self._link.heading.append(data)

    def end_link(self) -> None:
        """Keep the link that was begun."""
        if self._link is not None and len(self.links) < 20 * MOST_LINKS:
            self.links.append(self._link)
        self._link = None

    def _begin_entry(self, tag: str) -> None:
        if self._open and self._open[-1][0] == tag != "article":
            self._open.pop()  # pages often leave list items unclosed
        if len(self._open) < _DEEPEST:
            self._count += 1
            self._open.append((tag, self._count))
