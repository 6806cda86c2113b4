from __future__ import annotations

import pytest

from services.ingest.websub.discovery import Hub, find_hub
from tests.growth import assert_linear

URL = "https://news.example/feed"
RSS = b"""<?xml version="1.0"?><rss xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>N</title>
<atom:link rel="self" href="https://news.example/feed?a=1&amp;b=2"/>
<atom:link href='/hub' rel='hub'/>%s</channel></rss>"""
FOUND = Hub("https://news.example/hub", "https://news.example/feed?a=1&b=2")


@pytest.mark.parametrize(
    ("body", "header", "found"),
    [
        (RSS % b"", None, FOUND),
        ((RSS % b"").decode().encode("utf-16"), None, FOUND),
        (
            b'<feed xmlns="http://www.w3.org/2005/Atom"><link rel="hub" href="https://hub.example/"/>'
            b'<link rel="self" href="https://news.example/atom"/><entry/></feed>',
            None,
            Hub("https://hub.example/", "https://news.example/atom"),
        ),
        (
            b'{"version": "https://jsonfeed.org/version/1.1", "feed_url": "https://news.example/json", "hubs": '
            b'[{"type": "rssCloud", "url": "https://cloud.example"}, {"type": "WebSub", "url": "https://hub.example/"}]}',
            None,
            Hub("https://hub.example/", "https://news.example/json"),
        ),
        (
            RSS % b"",
            '<https://other.example/hub>; rel="hub", <https://news.example/x>; rel=self',
            Hub("https://other.example/hub", "https://news.example/x"),
        ),
        (
            b"",
            '<https://other.example/hub>; rel="hub self"',
            Hub("https://other.example/hub", "https://other.example/hub"),
        ),
        (RSS.replace(b"rel='hub'", b"rel='next'") % b"", None, None),
        (RSS.replace(b'rel="self"', b"") % b"", None, None),
        (RSS.replace(b"'/hub'", b"'javascript:alert(1)'") % b"", None, None),
        (b"<rss><channel><item/><link rel='hub' href='/hub'/><link rel='self' href='/'/></channel></rss>", None, None),
        (b"{broken", None, None),
        (b'{"hubs": [1, {"type": 7}], "feed_url": 3}', None, None),
        (b"", None, None),
    ],
)
def test_the_hub_is_found_before_the_entries(body: bytes, header: str | None, found: Hub | None) -> None:
    assert find_hub(body, URL, header) == found


@pytest.mark.parametrize(
    ("begin", "piece", "end"),
    [
        (b"", b"<link ", b""),
        (b"<link rel=", b"a", b""),
        (b"<link ", b"rel='hub' ", b">"),
        (b'<link rel="', b" ", b'">'),
        (b"", b"{", b""),
    ],
)
def test_hostile_documents_cost_no_more_than_they_are_long(begin: bytes, piece: bytes, end: bytes) -> None:
    def find(size: int) -> None:
        find_hub(begin + piece * (size // len(piece)) + end, URL, "<" * (size // 20) + 'rel="' * (size // 200))

    assert_linear(find, 1_000_000)
