from __future__ import annotations

import pytest
from sqlalchemy import Engine

from tests.http_server import Reply
from tests.unit.services.ingest.harness import rss, running


@pytest.fixture
def engine(database: Engine) -> Engine:
    return database


async def test_a_dry_run_shows_the_feed_or_the_feeds_of_a_page_and_stores_nothing(engine: Engine) -> None:
    page = b'<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head><body>'
    replies = {
        "/": Reply(200, page, {"Content-Type": "text/html"}),
        "/feed": Reply(200, rss("one")),
        "/bare": Reply(200, b"<!doctype html><html><body>nothing"),
        "/bare/feed": Reply(200, rss("two")),
        "/401": Reply(401),
    }
    async with running(engine, replies) as (ingest, server):
        feed = await ingest.service.test_feed(server.url("/feed"))
        assert (feed.is_feed, feed.title, [item.title for item in feed.items]) == (True, "Example News", ["one"])
        assert feed.answered_url == server.url("/feed")
        linking = await ingest.service.test_feed(server.url("/"))
        assert not linking.is_feed
        assert [(feed.url, feed.how) for feed in linking.feeds] == [(server.url("/feed"), "declared")]
        guessed = await ingest.service.test_feed(server.url("/bare"))
        assert (server.url("/bare/feed"), "guessed") in [(feed.url, feed.how) for feed in guessed.feeds]
        assert "password" in str((await ingest.service.test_feed(server.url("/401"))).problem)
        assert "refuses" in str((await ingest.service.test_feed("http://127.0.0.1:9/")).problem)
    assert ingest.service.list_feeds() == ()
    assert ingest.publisher.events == []
