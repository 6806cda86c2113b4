from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest

from schemas.base import content_id
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import MAX_BYTES, MAX_TEXT, ParsedFeed, parse_feed, publisher_name

FEED_URL = "https://news.example.org/feed"


def rss(items: str, title: str = "Harbour Wire") -> ParsedFeed:
    document = f'<rss version="2.0"><channel><title>{title}</title>{items}</channel></rss>'
    return parse_feed(document.encode(), feed_url=FEED_URL)


def test_an_id_comes_from_the_guid_else_the_url_else_the_title_and_date() -> None:
    feed = rss(
        "<item><title>A</title><guid>7</guid><link>https://n.example.org/a</link></item>"
        "<item><title>B</title><link>https://n.example.org/b?utm_source=x</link></item>"
        "<item><title>C</title><pubDate>Mon, 02 Mar 2026 08:30:00 GMT</pubDate></item>"
    )
    assert [parsed.item.id for parsed in feed.items] == [
        content_id("itm", FEED_URL, "7"),
        content_id("itm", FEED_URL, "https://n.example.org/b"),
        content_id("itm", FEED_URL, "C", "2026-03-02T08:30:00+00:00"),
    ]


def test_the_same_entry_of_two_feeds_is_two_items() -> None:
    for entry in ("<guid>7</guid>", "<link>https://n.example.org/a</link>", ""):
        raw = f"<rss version='2.0'><channel><item><title>A</title>{entry}</item></channel></rss>".encode()
        ids = {parse_feed(raw, feed_url=url).items[0].item.id for url in (FEED_URL, "https://evil.example/rss")}
        assert len(ids) == 2


def test_the_publishers_that_a_feed_speaks_for_are_in_every_item() -> None:
    raw = b"<rss version='2.0'><channel><item><title>A</title></item></channel></rss>"
    parsed = parse_feed(raw, feed_url=FEED_URL, speaks_for=("reuters.com",))
    assert parsed.items[0].item.source.speaks_for == ("reuters.com",)
    assert parse_feed(raw, feed_url=FEED_URL).items[0].item.source.speaks_for == ()


def test_an_aggregators_own_source_element_is_read() -> None:
    raw = (
        b"<rss version='2.0' xmlns:News='https://www.bing.com/news/search'><channel><title>halden - BingNews</title>"
        b"<item><title>A</title><News:Source>Selva Post</News:Source></item></channel></rss>"
    )
    assert parse_feed(raw, feed_url=FEED_URL).items[0].item.source.publisher == "Selva Post"


def test_a_guid_is_kept_as_written() -> None:
    feed = rss("<item><title>A</title><guid>NW:55 x</guid></item>")
    assert feed.items[0].guid == "NW:55 x"


def test_the_source_has_feed_host_and_publisher() -> None:
    feed = rss("<item><title>A</title><link>https://WWW.n.example.org:8443/a</link></item>", "Harbour Wire | RSS")
    source = feed.items[0].item.source
    assert (source.feed_url, source.host, source.publisher, source.owner) == (
        FEED_URL,
        "n.example.org",
        "Harbour Wire",
        None,
    )


def test_a_given_publisher_overrides_the_feeds_own() -> None:
    document = b"<rss><channel><title>X</title><item><title>A</title><source>Y</source></item></channel></rss>"
    feed = parse_feed(document, feed_url=FEED_URL, publisher="Mine")
    assert feed.items[0].item.source.publisher == "Mine"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("BBC News - Home", "BBC News"),
        ("Harbour Wire", "Harbour Wire"),
        ("RSS | Latest News | Harbour Wire", "Harbour Wire"),
        ("Harbour Wire: Most Read Articles", "Harbour Wire"),
        ("Harbour Wire - Energy - RSS Feed", "Harbour Wire - Energy"),
        ("Tip-Top Times", "Tip-Top Times"),
        ("Latest News", None),
        (None, None),
    ],
)
def test_the_publisher_is_found_in_the_title(title: str | None, name: str | None) -> None:
    assert publisher_name(title) == name


def test_a_long_body_ends_with_a_sentence_and_a_warning() -> None:
    feed = rss(f"<item><title>A</title><description>{'Word after word. ' * 2_000}</description></item>")
    summary = feed.items[0].item.summary
    assert summary is not None
    assert MAX_TEXT * 4 // 5 < len(summary) <= MAX_TEXT
    assert summary.endswith("word.")
    assert any("shortened" in warning for warning in feed.warnings)


def test_a_document_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(NotAFeed, match=r"21 MB"):
        parse_feed(b" " * (MAX_BYTES + 1_000_000), feed_url=FEED_URL)


def test_the_same_bytes_give_the_same_feed() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    raw = b"<rss><channel><title>T</title><item><title>A</title></item></channel></rss>"
    first, second = (parse_feed(raw, feed_url=FEED_URL, fetched_at=at) for _ in range(2))
    assert first == second
    assert first.items[0].item.fetched_at == at


@pytest.mark.parametrize("nested", ["<div>" * 3_000, "&lt;div&gt;" * 3_000, "<![CDATA[" + "<b><p>" * 3_000 + "]]>"])
def test_deep_nesting_costs_little(nested: str) -> None:
    document = f"<rss><channel><title>T</title><item><title>A</title><description>{nested}x</description></item>"
    with contextlib.suppress(NotAFeed):
        parse_feed(document.encode(), feed_url=FEED_URL)
