from __future__ import annotations

import contextlib
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_places_on_one_page_are_several_stories_however_many_the_feed_lists() -> None:
    first, second = (
        f"<item><title>Version {n}</title><link>https://n.example/changelog{mark}#v{n}</link></item>"
        for n, mark in ((1, "?utm_source=rss"), (2, ""))
    )
    alone = [rss(entry).items[0].item.id for entry in (first, second)]
    assert [found.item.id for found in rss(second + first).items] == alone[::-1]
    assert len(set(alone)) == 2
    marked = (f"<item><title>A</title><link>https://n.example/a{mark}</link></item>" for mark in ("", "#xtor=RSS-1"))
    assert len({rss(entry).items[0].item.id for entry in marked}) == 1


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


def titles(feed: ParsedFeed) -> list[str]:
    return [parsed.item.title for parsed in feed.items]


def item(number: int, inside: str = "") -> str:
    return f"<item><title>Story {number}</title><guid>g{number}</guid>{inside}</item>"


PICTURE = "data:image/png;base64," + "A" * 70_000
NESTED = "<x>" * 1_000 + "deep" + "</x>" * 1_000


@pytest.mark.parametrize(
    "odd",
    [
        f'<description><![CDATA[Before <img src="{PICTURE}"> after]]></description>',
        f"<enclosure url='{PICTURE}'/>",
        NESTED,
        NESTED + NESTED,
    ],
    ids=["picture in markup", "picture in an attribute", "deep", "deep twice"],
)
def test_an_odd_entry_costs_the_feed_no_other(odd: str) -> None:
    feed = rss(item(1) + item(2, odd) + item(3))
    assert titles(feed) == ["Story 1", "Story 2", "Story 3"]
    assert [parsed.guid for parsed in feed.items] == ["g1", "g2", "g3"]
    assert len(feed.warnings) == 1


def test_the_text_around_a_picture_in_its_address_is_kept() -> None:
    feed = rss(item(1, f'<description><![CDATA[Before <img src="{PICTURE}"> after]]></description>'))
    assert feed.items[0].item.summary == "Before after"


def test_a_tag_that_is_long_without_its_values_is_refused() -> None:
    with pytest.raises(NotAFeed, match="64 KB"):
        rss(item(1, "<x " + " ".join(f'a{n}="{"b" * 100}"' for n in range(700)) + "/>"))


@pytest.mark.parametrize("guid", ["<guid>https://n.example.org/</guid>", ""])
def test_ten_stories_with_one_guid_are_ten_items(guid: str) -> None:
    stories = [f"<item><title>Story {n}</title>{guid}<link>https://n.example.org/</link></item>" for n in range(10)]
    first, again = rss("".join(stories)), rss("".join(reversed(stories[2:])))
    ids = {parsed.item.title: parsed.item.id for parsed in first.items}
    assert len(set(ids.values())) == 10
    assert all(ids[parsed.item.title] == parsed.item.id for parsed in again.items)


def test_entries_that_differ_in_the_fragment_of_their_link_are_different_items() -> None:
    feed = rss(
        "".join(f"<item><title>{v}</title><link>https://n.example.org/changes#{v}</link></item>" for v in ("v1", "v2"))
    )
    assert titles(feed) == ["v1", "v2"]
    assert feed.items[0].item.id != feed.items[1].item.id


@pytest.mark.parametrize(
    "second",
    [
        "<title>Story, updated</title><link>https://n.example.org/a</link>",
        "<title>Story</title><link>https://n.example.org/b</link>",
    ],
)
def test_two_versions_of_one_story_are_one_item(second: str) -> None:
    first = "<title>Story</title><link>https://n.example.org/a</link>"
    assert len(rss(f"<item><guid>7</guid>{first}</item><item><guid>7</guid>{second}</item>").items) == 1


def test_relative_links_refer_to_the_address_that_answered() -> None:
    raw = b"<rss version='2.0'><channel><item><title>A</title><link>a.html</link></item></channel></rss>"
    feed = parse_feed(raw, feed_url=FEED_URL, fetched_url="https://new.example.org/feeds/all")
    assert feed.items[0].item.url == "https://new.example.org/feeds/a.html"
    assert feed.items[0].item.source.feed_url == FEED_URL


def test_no_control_character_survives() -> None:
    feed = rss(
        "<item><title>A&#7;cme <![CDATA[&#x1b;[31m]]></title><description>b&#x85;c &amp;#8; d</description>"
        "<link>https://n.example.org/a&#1;b</link></item>"
    )
    found = feed.items[0].item
    texts = (found.title, found.summary or "", found.url or "")
    assert not any(unicodedata.category(character) == "Cc" for text in texts for character in text)


STRAY = st.sampled_from([b"\x0b", b"&", b"<", b"\xff", b"&nbsp;", b"]]>", b"&#0;"])


@given(stray=STRAY, at=st.integers(0, 19), where=st.sampled_from(["title", "summary"]))
def test_a_stray_byte_does_not_change_the_ids_of_other_entries(stray: bytes, at: int, where: str) -> None:
    entries = [
        f"<item><title>T{n}title</title><guid>urn:{n}</guid><description>summary{n}</description></item>"
        for n in range(20)
    ]
    document = f"<rss version='2.0'><channel><title>T</title>{''.join(entries)}</channel></rss>".encode()
    word = f"T{at}title" if where == "title" else f"summary{at}"
    spoiled = document.replace(b">" + word.encode() + b"<", b">" + word.encode() + stray + b" x<")
    assert spoiled != document
    before, after = (parse_feed(raw, feed_url=FEED_URL).items for raw in (document, spoiled))
    own = {parsed.item.id for parsed in before}
    assert {parsed.item.id for parsed in after} <= own
    assert len(after) >= at


def test_hours_and_days_to_skip_are_read_whichever_parser_reads_the_feed() -> None:
    skip = "<skipHours><hour>0</hour><hour>24</hour><hour>23</hour></skipHours><skipDays><day>Sunday</day></skipDays>"
    for unusual in ("", "<undeclared:x/>"):
        document = f"<rss version='2.0'><channel><title>T</title>{skip}{unusual}{item(1)}</channel></rss>"
        feed = parse_feed(document.encode(), feed_url=FEED_URL)
        assert feed.skip_hours == {0, 23}
        assert feed.skip_days == {6}
    everything = "<skipHours>" + "".join(f"<hour>{hour}</hour>" for hour in range(24)) + "</skipHours>"
    assert rss(everything + item(1)).skip_hours == frozenset()
