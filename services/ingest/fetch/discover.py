"""From a page to the feeds that it names, and likely addresses where it names none. Fetches nothing itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import urljoin, urlsplit

from services.ingest.identity.urls import absolute_url

__all__ = ["COMMON_PATHS", "FoundFeed", "feeds_in_page", "likely_addresses"]

#: Media types that mark a feed in ``<link rel=alternate>``; plain JSON and XML are too often something else.
_FEED_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/rss",
        "application/atom",
        "text/rss+xml",
        "text/rss",
        "text/atom+xml",
    }
)
_FEED_LIKE_PATH = re.compile(r"(?i)(?:^|[/._-])(?:rss|atom|feeds?|rdf)(?:$|[/._-])|\.(?:rss|atom|rdf)$")
#: Where the usual publishing systems (WordPress, Ghost, Jekyll, Hugo, Drupal, Movable Type) put their feeds.
COMMON_PATHS = ("/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/feed.json", "/feeds")
#: Comment feeds tell what readers say, not news; they come last.
_COMMENTS = re.compile(r"(?i)\bcomments?\b")
MAX_FOUND = 50
MAX_PAGE_CHARACTERS = 2_000_000


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed of a page: declared in its head, linked by an ordinary link that looks so, or guessed and found there."""

    url: str
    title: str | None
    how: Literal["declared", "linked", "guessed"]


def feeds_in_page(page: bytes | str, url: str) -> tuple[FoundFeed, ...]:
    """The feeds that the HTML ``page`` from ``url`` names, declared ones first, each once."""
    text = page.decode("utf-8", "replace") if isinstance(page, bytes) else page
    reader = _Page(url)
    reader.feed(text[:MAX_PAGE_CHARACTERS])
    reader.close()
    order = sorted(
        reader.found,
        key=lambda feed: (feed.how != "declared", bool(_COMMENTS.search(f"{feed.url} {feed.title or ''}"))),
    )
    distinct = {feed.url: feed for feed in reversed(order)}
    return tuple(feed for feed in order if distinct[feed.url] is feed)[:MAX_FOUND]


def likely_addresses(url: str) -> tuple[str, ...]:
    """Where a site's feed often is, below ``url`` first, then at the site's root; for pages that name none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ()
    root = f"{parts.scheme}://{parts.netloc}"
    folder = root + parts.path.rpartition("/")[0] if "." in parts.path.rpartition("/")[2] else root + parts.path
    bases = dict.fromkeys((folder.rstrip("/"), root))
    return tuple(base + path for base in bases for path in COMMON_PATHS)


class _Page(HTMLParser):
    """Collects links; forgiving, as pages are."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[FoundFeed] = []
        self._base = url
        self._link: str | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        href = values.get("href", "")
        if tag == "base" and href:
            self._base = self._join(href) or self._base
        elif tag == "link" and "alternate" in values.get("rel", "").lower().split():
            kind = values.get("type", "").partition(";")[0].strip().lower()
            if kind in _FEED_TYPES:
                self._add(href, values.get("title"), "declared")
        elif tag == "a" and _FEED_LIKE_PATH.search(_path_of(href)):
            self._link, self._text = href, []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if self._link is not None and len(self._text) < 20:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link is not None:
            self._add(self._link, "".join(self._text), "linked")
            self._link = None

    def _add(self, href: str, title: str | None, how: Literal["declared", "linked"]) -> None:
        address = self._join(href)
        if address is not None and len(self.found) < 4 * MAX_FOUND:
            self.found.append(FoundFeed(address, " ".join((title or "").split())[:200] or None, how))

    def _join(self, href: str) -> str | None:
        href = re.sub(r"^feed:(?=https?:)", "", href.strip())
        address = absolute_url(re.sub(r"^feed:", "http:", href), self._base)
        return address.partition("#")[0] if address else None


def _path_of(href: str) -> str:
    """The path of ``href``; nothing if it can't be taken apart."""
    try:
        return urlsplit(urljoin("http://x/", href)).path
    except ValueError:
        return ""
