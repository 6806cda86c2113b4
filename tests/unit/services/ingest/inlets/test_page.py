"""A page that lists news is read as a feed, and nothing is invented that it doesn't say."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import BadInput
from services.ingest.inlets.page import PartOfPage, parse_page
from services.ingest.parse import feed
from services.ingest.parse.entry import RawEntry
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import ParsedFeed

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
URL = "https://www.agency.example/press"
PAGE = """<!doctype html><html lang="en-GB"><head><title>Press releases | Energy Agency</title></head><body>
<nav><ul><li><a href="/about-us">All about our agency</a></li></ul></nav>
<main><ul>
<li><time datetime="2026-03-04T09:00:00Z">today</time>
    <a href="/press/1?utm_source=x#top">Agency fines Halden <b>Energy</b></a>
<li><h3><a href="/press/2">Agency opens a review of grids</a></h3><p>Teaser of some length, longer than the title.
    <a href="/press/2">Read more about this</a></p></li>
<li><article><a href="/press/3"><h2>Grid fees rise &amp; fall</h2><p>By the press office</p></a>
    <time datetime="2026-03-03"></time>
    <time datetime="2026-03-01"></time></article></li>
<li><a href="/press/4">電力会社に罰金を科す</a></li>
<li><a href="/press/5">More</a> <a href="mailto:press@agency.example">Write to our press office</a></li>
<li><a href="https://elsewhere.example/6">News from somewhere else entirely</a></li>
<li><a href="//data.agency.example/7">Figures of our data portal</a></li>
<li><a href="">This very page again</a></li></ul>
<aside><a href="/press/8">Most read on this site</a></aside></main>
<footer><a href="/terms">Terms of use and privacy</a></footer></body></html>"""


def read(page: str | bytes, **more: str | None) -> ParsedFeed:
    raw = page.encode() if isinstance(page, str) else page
    return parse_page(raw, feed_url=URL, fetched_url=URL, fetched_at=NOW, **more)  # type: ignore[arg-type]


def listed(parsed: ParsedFeed) -> list[tuple[str, str | None]]:
    return [(entry.item.title, entry.item.url) for entry in parsed.items]


def test_an_entry_that_cannot_be_read_is_named_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    read_item = feed._item

    def refuse_the_second(entry: RawEntry, *rest: Any) -> Any:
        if entry.title == "Agency opens a review of grids":
            raise ValueError("no item")
        return read_item(entry, *rest)

    monkeypatch.setattr(feed, "_item", refuse_the_second)
    parsed = read(PAGE)
    assert (len(parsed.items), parsed.unreadable) == (4, 1)
    assert parsed.first_unreadable == "Entry 2 (Agency opens a review of grids) can't be read: no item"


def test_each_link_with_a_title_is_an_entry() -> None:
    parsed = read(PAGE)
    assert listed(parsed) == [
        ("Agency fines Halden Energy", "https://www.agency.example/press/1?utm_source=x"),
        ("Agency opens a review of grids", "https://www.agency.example/press/2"),
        ("Grid fees rise & fall", "https://www.agency.example/press/3"),
        ("電力会社に罰金を科す", "https://www.agency.example/press/4"),
        ("Figures of our data portal", "https://data.agency.example/7"),
    ]
    first, second, third = (entry.item for entry in parsed.items[:3])
    assert (first.published_at, first.dating()) == (datetime(2026, 3, 4, 9, tzinfo=UTC), "stated")
    assert (second.published_at, second.dating()) == (None, "undated")
    assert third.published_at is None, "it has two dates, and nothing says which is its own"
    assert (first.source.feed_url, first.source.host, first.language) == (URL, "agency.example", "en-GB")
    assert (parsed.title, parsed.format) == ("Press releases | Energy Agency", "page")


def test_only_links_to_a_path_count_if_one_is_named() -> None:
    assert [title for title, _ in listed(read(PAGE, links_under="/press/"))][-1] == "電力会社に罰金を科す"
    with pytest.raises(NotAFeed, match="no links with titles below /news/"):
        read(PAGE, links_under="/news/")


def test_a_page_that_closes_nothing_is_read_to_its_end() -> None:
    page = "<nav><a href=/x>Some link in navigation</a><main><ul>" + "".join(
        f"<li><a href=/press/{number}>News number {number} of today" for number in range(400)
    )
    assert len(read(page).items) == 300
    deep = "<li>" * 50_000 + "<a href=/press/1>News in the deep</a>"
    assert listed(read(deep)) == [("News in the deep", "https://www.agency.example/press/1")]


SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>https://www.agency.example/a</loc><news:news><news:publication><news:name>Reuters</news:name>
<news:language>en</news:language></news:publication><news:publication_date>2026-03-04T08:00:00+01:00</news:publication_date>
<news:title>Agency &amp; Halden settle</news:title></news:news></url>
<url><loc>https://www.agency.example/b</loc><lastmod>2026-03-04</lastmod></url></urlset>"""


@pytest.mark.parametrize("raw", [SITEMAP.encode(), gzip.compress(SITEMAP.encode())])
def test_a_news_sitemap_has_titles_and_dates(raw: bytes) -> None:
    parsed = read(raw)
    (item,) = (entry.item for entry in parsed.items)
    assert (item.title, item.url, item.published_at) == (
        "Agency & Halden settle", "https://www.agency.example/a", datetime(2026, 3, 4, 7, tzinfo=UTC),
    )  # fmt: skip
    assert (item.source.publisher, item.source.feed_url, parsed.format) == ("Reuters", URL, "news sitemap")


@pytest.mark.parametrize(
    ("page", "problem", "fix"),
    [
        ("<html><body><p>Nothing here</p></body></html>", "lists no links", "name another path"),
        ('<rss version="2.0"><channel></channel></rss>', "is a feed", "feeds add"),
        ("<urlset><url><loc>https://www.agency.example/a</loc></url></urlset>", "no titles", "robots.txt"),
        ("<sitemapindex><sitemap><loc>https://x.example/1.xml</loc></sitemap><sitemap><loc>https://x.example/news.xml"
         "</loc></sitemap></sitemapindex>", "a list of 2 sitemaps", "https://x.example/news.xml"),
        ("<urlset><url>", "can't be read", "later"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><urlset>&a;</urlset>', "can't be read", "later"),
    ],
)  # fmt: skip
def test_what_lists_no_news_is_refused_with_what_to_do(page: str, problem: str, fix: str) -> None:
    with pytest.raises(NotAFeed, match=problem) as refused:
        read(page)
    assert fix in (refused.value.fix or "")


def test_a_sitemap_that_grows_when_it_is_unpacked_is_refused() -> None:
    with pytest.raises(NotAFeed, match="too large"):
        read(gzip.compress(b"<urlset>" + b" " * 30_000_000))
    with pytest.raises(NotAFeed, match="damaged"):
        read(b"\x1f\x8b nonsense")


PARTS = ["<a href=/press/1>", "</a>", "<li>", "</li>", "<h2>", "</h2>", "<nav>", "</nav>", "<main>", "<article>",
         "</article>", "<time datetime=2026-03-04>", "News of the day", "<", "&#0;"]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=30))
def test_any_page_is_read_or_refused(parts: list[str]) -> None:
    try:
        parsed = read("<html>" + "".join(parts))
    except NotAFeed:
        return
    assert {url for _, url in listed(parsed)} == {"https://www.agency.example/press/1"}


@pytest.mark.parametrize("opening", ["<!--", "<![CDATA[", "<!doctype ", "<a ", "</a ", "<?"])
def test_markup_without_an_end_costs_no_other_link(opening: str) -> None:
    assert listed(read(PAGE + opening * 1_000)) == listed(read(PAGE))


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("main", [1, 2, 3, 8]), ("MAIN", [1, 2, 3, 8]), ("#tabs", []), ("article", [3]), ("aside", [8]),
        ("ul.list", [1, 2, 3]), (".list.new", [1, 2, 3]), ("ul#all.new", [1, 2, 3]), ("nav", ["about-us"]),
        (" .list ", [1, 2, 3]),
    ],
)  # fmt: skip
def test_a_part_of_the_page_is_named_as_in_css(part: str, found: list[object]) -> None:
    page = PAGE.replace("<main><ul>", '<main><div id="tabs"></div><ul id="all" class="list  new">')
    if not found:
        with pytest.raises(NotAFeed, match="lists no links"):
            read(page, links_in=part)
        return
    urls = [url or "" for _, url in listed(read(page, links_in=part)) if "agency.example/press/4" not in (url or "")]
    own = [url for url in urls if "data." not in url]
    assert [url.partition("?")[0].rpartition("/")[2] for url in own] == [str(number) for number in found]


def test_a_part_ends_with_its_element_and_may_stand_in_several_places() -> None:
    page = """<div class="n"><div><a href="/1">One story of today</a></div></div><a href="/2">Not one of the stories</a>
        <div class="n"><a href="/3">Another story of today</a><br><img></div><a href="/4">Nor this one of them</a>"""
    assert [url for _, url in listed(read(page, links_in=".n"))] == [
        "https://www.agency.example/1", "https://www.agency.example/3",
    ]  # fmt: skip


@pytest.mark.parametrize("part", ["", " ", "a b", "#", ".", "a > b", "[x]", "div:first-child", "x" * 300, "#a#b", "*"])
def test_what_names_no_part_is_refused(part: str) -> None:
    with pytest.raises(BadInput, match="does not name a part"):
        PartOfPage.parse(part)
    if part.strip():
        with pytest.raises(BadInput):
            read(PAGE, links_in=part)


def test_a_part_that_is_gone_is_named() -> None:
    with pytest.raises(NotAFeed, match="not there") as gone:
        read(PAGE, links_in="#news")
    assert "rebuilt" in (gone.value.fix or "")
