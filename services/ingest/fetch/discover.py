"""Discovers the feeds that a web page links to, or guesses their URLs. Fetches nothing itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin, urlsplit

from services.common.html_pages import MAX_PAGE_CHARACTERS, PageParser
from services.ingest.identity.urls import absolute_url

__all__ = ["COMMON_PATHS", "DiscoveredFeed", "discover_feeds", "likely_feed_urls"]

#: Media types that mark a feed in ``<link rel=alternate>``; plain JSON and XML often turn out to be something else.
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
#: Default feed paths of common publishing systems (WordPress, Ghost, Jekyll, Hugo, Drupal, Movable Type).
COMMON_PATHS = ("/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/feed.json", "/feeds")
#: Comment feeds contain readers' comments, not news, so they come last.
_COMMENTS = re.compile(r"(?i)\bcomments?\b")
MAX_FOUND = 50


@dataclass(frozen=True, slots=True)
class DiscoveredFeed:
    """A feed of a page: declared in the page's head, linked from its body, or found at a guessed URL."""

    url: str
    title: str | None
    how: Literal["declared", "linked", "guessed"]


def discover_feeds(page: bytes | str, url: str) -> tuple[DiscoveredFeed, ...]:
    """Return the feeds that the HTML ``page`` at ``url`` links to, declared ones first, without duplicates."""
    text = page.decode("utf-8", "replace") if isinstance(page, bytes) else page
    collector = _LinkCollector(url)
    collector.feed(text[:MAX_PAGE_CHARACTERS])
    collector.close()
    order = sorted(
        collector.feeds,
        key=lambda feed: (feed.how != "declared", bool(_COMMENTS.search(f"{feed.url} {feed.title or ''}"))),
    )
    distinct = {feed.url: feed for feed in reversed(order)}
    return tuple(feed for feed in order if distinct[feed.url] is feed)[:MAX_FOUND]


def likely_feed_urls(url: str) -> tuple[str, ...]:
    """Return URLs at which sites often have a feed: first below ``url``, then below the site's root."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ()
    root = f"{parts.scheme}://{parts.netloc}"
    folder = root + parts.path.rpartition("/")[0] if "." in parts.path.rpartition("/")[2] else root + parts.path
    bases = dict.fromkeys((folder.rstrip("/"), root))
    return tuple(base + path for base in bases for path in COMMON_PATHS)


class _LinkCollector(PageParser):
    """Collects the links of a page that may be malformed."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.feeds: list[DiscoveredFeed] = []
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

    def handle_data(self, data: str) -> None:
        if self._link is not None and len(self._text) < 20:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link is not None:
            self._add(self._link, "".join(self._text), "linked")
            self._link = None

    def _add(self, href: str, title: str | None, how: Literal["declared", "linked"]) -> None:
        address = self._join(href)
        if address is not None and len(self.feeds) < 4 * MAX_FOUND:
            self.feeds.append(DiscoveredFeed(address, " ".join((title or "").split())[:200] or None, how))

    def _join(self, href: str) -> str | None:
        href = re.sub(r"^feed:(?=https?:)", "", href.strip())
        address = absolute_url(re.sub(r"^feed:", "http:", href), self._base)
        return address.partition("#")[0] if address else None


def _path_of(href: str) -> str:
    """Return the path of ``href``; an empty string if it is not a valid URL."""
    try:
        return urlsplit(urljoin("http://x/", href)).path
    except ValueError:
        return ""
