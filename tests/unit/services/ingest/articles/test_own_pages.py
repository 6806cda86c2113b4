"""A page is a feed's own only if all of its way is on the feed's site, or on that of one it speaks for."""

from __future__ import annotations

import pytest

from schemas.feeds import Feed
from services.ingest.articles.own_pages import is_own_page


def feed(url: str = "https://news.example/rss.xml", *speaks_for: str) -> Feed:
    return Feed(id="feed_1", url=url, speaks_for=speaks_for)


@pytest.mark.parametrize(
    ("channel", "link", "answered"),
    [
        (feed(), "https://news.example/1", "https://news.example/1"),
        (feed(), "https://www.news.example/1", "https://edition.news.example/1"),
        (feed(), "http://news.example/1", "https://news.example/1"),
        (feed("https://rss.news.example/all"), "https://www.news.example/1", "https://www.news.example/1"),
        (feed("http://news.example:8080/rss"), "http://news.example:8080/1", "http://news.example:8080/1"),
        (feed("https://host.example/7", "a.example"), "https://www.a.example/1", "https://a.example/1"),
        (feed("https://host.example/@anna/feed"), "https://host.example/@anna/1", "https://host.example/@Anna/1"),
        (feed("https://host.example/feed/@anna"), "https://host.example/@anna/1", "https://anna.host.example/1"),
    ],
)
def test_own(channel: Feed, link: str, answered: str) -> None:
    assert is_own_page(channel, link, answered)


@pytest.mark.parametrize(
    ("channel", "link", "answered"),
    [
        (feed(), "https://other.example/1", "https://other.example/1"),
        (feed(), "https://news.example/1", "https://other.example/1"),
        (feed(), "https://other.example/1", "https://news.example/1"),
        (feed(), "https://news.example.evil.example/1", "https://news.example.evil.example/1"),
        (feed(), "https://evilnews.example/1", "https://evilnews.example/1"),
        (feed(), "https://news.example/1", "http://news.example/1"),
        (feed(), "https://news.example:8443/1", "https://news.example:8443/1"),
        (feed(), "https://news.example:x/1", "https://news.example/1"),
        (feed("https://host.example/7", "a.example", "b.example"), "https://a.example/1", "https://b.example/1"),
        (feed("https://host.example/@anna/feed"), "https://host.example/@bert/1", "https://host.example/@bert/1"),
        (feed("file:///feeds/1.xml"), "https://news.example/1", "https://news.example/1"),
    ],
)
def test_foreign(channel: Feed, link: str, answered: str) -> None:
    assert not is_own_page(channel, link, answered)
