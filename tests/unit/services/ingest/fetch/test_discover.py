from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.fetch.discover import DiscoveredFeed, discover_feeds, likely_feed_urls

PAGE = """<!doctype html><html><head><base href="/blog/">
<link rel="alternate" type="application/rss+xml" title="Comments" href="comments.xml">
<link rel="ALTERNATE stylesheet" type="Application/RSS+XML; charset=utf-8" title=" The
 news " href="news.xml#top">
<link rel="alternate" type="text/html" hreflang="de" href="/de">
<link rel="alternate" type="application/atom+xml" href="javascript:alert(1)">
</head><body><p>Unclosed <a href="/feed/">Our <b>feed</b></a>
<a href="feed:https://other.example/x.rss">other</a>
<a href="/feedback">feedback</a> <a href="news.xml">declared already</a> <a href="http://[bad">bad</a>"""


def test_declared_feeds_come_first_then_linked_ones_each_once() -> None:
    found = discover_feeds(PAGE, "https://news.example/about")
    assert found == (
        DiscoveredFeed("https://news.example/blog/news.xml", "The news", "declared"),
        DiscoveredFeed("https://news.example/blog/comments.xml", "Comments", "declared"),
        DiscoveredFeed("https://news.example/feed/", "Our feed", "linked"),
        DiscoveredFeed("https://other.example/x.rss", "other", "linked"),
    )


@given(st.text() | st.binary())
def test_any_page_is_accepted(page: str | bytes) -> None:
    discover_feeds(page, "https://news.example/")


def test_likely_feed_urls_are_below_the_page_and_at_the_root() -> None:
    addresses = likely_feed_urls("https://news.example/blog/index.html?x=1")
    assert addresses[0] == "https://news.example/blog/feed"
    assert "https://news.example/atom.xml" in addresses
    assert len(likely_feed_urls("https://news.example")) == len(set(likely_feed_urls("https://news.example/"))) == 8
    assert likely_feed_urls("file:///tmp/x") == ()


def test_sections_of_unknown_names_are_skipped() -> None:
    page = b'<![CDTA[x]]><![if IE]><link rel="alternate" type="application/rss+xml" href="/feed"><![endif]><![CDATA['
    assert [feed.url for feed in discover_feeds(page, "https://news.example/")] == ["https://news.example/feed"]


def test_comments_and_tags_without_an_end_cost_no_feed_before_them() -> None:
    feed = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    for opening in ("<!--", "<a ", "</a "):
        found = discover_feeds(feed + opening * 1_000, "https://news.example/")
        assert [discovered.url for discovered in found] == ["https://news.example/feed"]
