from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, text

import services.ingest.service as service_module
from services.common.db import reading
from services.common.errors import BadInput
from services.ingest.fetch.fetchers import Response, Validators
from services.ingest.repository import Repository
from services.ingest.service import MOST_DUE, IngestService, IngestSettings
from tests.http_server import Reply, Request
from tests.patience import PATIENCE_SECONDS, until
from tests.unit.services.ingest.harness import NOON, Ingest, rss, running


@pytest.fixture
def engine(database: Engine) -> Engine:
    return database


class SlowHost:
    """Answers for every host but slow.example, which never does; ``asked`` are the URLs in order."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def fetch(
        self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
    ) -> Response:
        self.asked.append(url)
        if "slow.example" in url:
            await asyncio.Event().wait()
        return Response(200, url, rss("one"))

    async def aclose(self) -> None:
        pass


async def test_a_slow_host_does_not_block_the_others(engine: Engine) -> None:
    fetcher = SlowHost()
    ingest = Ingest(engine, fetcher)
    for number in range(30):
        ingest.service.add_feed(f"https://slow.example/{number}")
    ingest.service.add_feed("https://fast.example/feed")
    ingest.service._settings = replace(ingest.service._settings, stop_grace_seconds=0.05)
    stop = asyncio.Event()
    loop = asyncio.create_task(ingest.service.run(stop))
    await until(lambda: len(ingest.items()) == 1)
    stop.set()
    await asyncio.wait_for(loop, PATIENCE_SECONDS)
    assert len([url for url in fetcher.asked if "slow.example" in url]) == 3


async def test_a_host_with_more_due_feeds_than_are_read_at_once_starves_no_other(engine: Engine) -> None:
    fetcher = SlowHost()
    ingest = Ingest(engine, fetcher)
    urls = [f"https://slow.example/{number}" for number in range(MOST_DUE + 100)] + ["https://fast.example/feed"]
    outlines = "".join(f'<outline type="rss" xmlUrl="{url}"/>' for url in urls)
    added = ingest.service.import_feeds(f'<opml version="2.0"><body>{outlines}</body></opml>'.encode())
    assert len(added.added) == len(urls)
    ingest.service._settings = replace(ingest.service._settings, stop_grace_seconds=0.05)
    stop = asyncio.Event()
    loop = asyncio.create_task(ingest.service.run(stop))
    await until(lambda: len(ingest.items()) == 1)
    stop.set()
    await asyncio.wait_for(loop, PATIENCE_SECONDS)
    assert fetcher.asked.index("https://fast.example/feed") <= 3


async def test_a_host_that_answers_a_few_at_a_time_is_asked_for_each_feed_in_turn(engine: Engine) -> None:
    left = [0]

    def answer(request: Request) -> Reply:
        left[0] -= 1
        return Reply(200, rss("one")) if left[0] >= 0 else Reply(429, b"", {"Retry-After": "7200"})

    async with running(engine, answer) as (ingest, server):
        ids = [ingest.service.add_feed(server.url(f"/{number}")).id for number in range(9)]
        fetched: set[str] = set()
        for _ in range(8):
            left[0] = 3
            ingest.clock.advance(hours=3)
            with reading(engine) as connection:
                due = Repository().due(connection, ingest.clock.now(), 9)
            for feed, _host in due[:4]:
                if (await ingest.poll(feed)).outcome.kind == "fetched":
                    fetched.add(feed)
    assert fetched == set(ids)


async def test_a_clock_that_was_ten_years_ahead_does_not_silence_a_feed(engine: Engine) -> None:
    async with running(engine, {"/": Reply(200, rss("one"))}) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        ingest.clock.advance(days=3650)
        await ingest.poll(feed.id)
        ingest.clock.advance(days=-3650)
        asked = len(server.requests)
        stop = asyncio.Event()
        loop = asyncio.create_task(ingest.service.run(stop))
        await until(lambda: len(server.requests) > asked)
        await until(lambda: (ingest.service.list_feeds()[0].health.next_poll_at or NOON) < NOON + timedelta(days=1))
        stop.set()
        await asyncio.wait_for(loop, PATIENCE_SECONDS)
    assert ingest.service.list_feeds()[0].rhythm.longest_gap_seconds < 91 * 86_400


async def test_the_loop_polls_due_feeds_and_survives_errors(engine: Engine) -> None:
    async with running(engine, {"/a": Reply(200, rss("one")), "/b": Reply(200, rss("two"))}) as (ingest, server):
        ingest.service.add_feed(server.url("/a"))
        stop = asyncio.Event()
        loop = asyncio.create_task(ingest.service.run(stop))
        await until(lambda: len(ingest.items()) == 1)
        ingest.service.add_feed(server.url("/b"))
        await until(lambda: len(ingest.items()) == 2)
        with engine.begin() as connection:  # an error of our own: the rhythm is not a list
            connection.execute(text("update feeds set next_poll_at = null, new_moments = '7' where url like '%a'"))
        await asyncio.sleep(0.2)
        asked = len(server.requests)
        ingest.clock.advance(days=1)
        await until(lambda: len(server.requests) > asked)
        assert not loop.done()
        stop.set()
        await asyncio.wait_for(loop, PATIENCE_SECONDS)
    assert {request.path for request in server.requests[asked:]} == {"/b"}


class StuckFetcher:
    async def fetch(
        self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
    ) -> Response:
        await asyncio.Event().wait()
        raise AssertionError("never")

    async def aclose(self) -> None:
        pass


async def test_stopping_does_not_wait_for_a_server_that_does_not_respond(engine: Engine) -> None:
    ingest = Ingest(engine, StuckFetcher())
    ingest.service._settings = replace(ingest.service._settings, stop_grace_seconds=0.05)
    ingest.service.add_feed("https://news.example/feed")
    stop = asyncio.Event()
    loop = asyncio.create_task(ingest.service.run(stop))
    await asyncio.sleep(0.1)
    stop.set()
    await asyncio.wait_for(loop, PATIENCE_SECONDS)
    assert ingest.publisher.events == []


async def test_feeds_are_added_imported_paused_resumed_and_removed(engine: Engine) -> None:
    ingest = Ingest(engine, StuckFetcher())
    feed = ingest.service.add_feed(" https://news.example/feed#top ", publisher="Example", group="News")
    assert feed.url == "https://news.example/feed"
    assert ingest.service.add_feed("https://news.example/feed", publisher="Other") == feed
    with pytest.raises(BadInput, match="Nothing says why"):
        ingest.service.add_feed(feed.url, speaks_for=("news.example",), ground=" ")
    feed = ingest.service.add_feed(feed.url, speaks_for=("reuters.com",), ground="Its contract.")
    assert (feed.publisher, feed.speaks_for, feed.ground) == ("Example", ("reuters.com",), "Its contract.")
    assert ingest.service.list_feeds()[0].feed == feed
    listing = ingest.service.export_feeds()
    assert ingest.service.import_feeds(listing).already == (
        feed.model_copy(update={"title": feed.url, "speaks_for": (), "ground": None}),  # a list vouches for nobody
    )
    assert ingest.service.pause_feed(feed.url) == feed
    assert ingest.service.list_feeds()[0].health.status == "paused"
    assert await ingest.service.poll(feed.id) is None
    ingest.service.resume_feed(feed.id)
    assert ingest.health() == ["waiting → paused", "paused → waiting"]
    assert ingest.service.remove_feed(feed.id) == feed
    assert ingest.service.list_feeds() == ()
    assert await ingest.service.poll(feed.id) is None
    with pytest.raises(BadInput, match="is not listed"):
        ingest.service.remove_feed(feed.id)
    assert ingest.service.add_feed("feed:https://news.example/other").url == "https://news.example/other"
    with pytest.raises(BadInput, match=r"Write it as https://news\.example/feed$"):
        ingest.service.add_feed("news.example/feed")
    for bad in ("news", "ftp://news.example/", "https://", "http://[bad"):
        with pytest.raises(BadInput, match="not a valid feed address"):
            ingest.service.add_feed(bad)


class Seconds:
    """The monotonic clock of the service, set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(service_module, "monotonic", lambda: self.now)


async def test_a_stall_makes_ingest_not_ready_until_polls_end_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, fetcher = Seconds(monkeypatch), SlowHost()
    ingest = Ingest(engine, fetcher)
    settings = IngestSettings(idle_seconds=0.02, stop_grace_seconds=0.05)
    service = IngestService(engine, fetcher, ingest.publisher, ingest.clock, settings)
    assert list(service.not_ready()) == []
    stop = asyncio.Event()
    loop = asyncio.create_task(service.run(stop))
    clock.now += 1_000
    await until(lambda: not service.not_ready())  # with nothing to do, nothing stalls
    service.add_feed("https://slow.example/1")
    await until(lambda: fetcher.asked)
    clock.now += 1_000
    await until(lambda: "no poll of one has ended for 1000 s" in "".join(service.not_ready()))
    service.add_feed("https://fast.example/feed")
    await until(lambda: not service.not_ready())
    stop.set()
    await asyncio.wait_for(loop, PATIENCE_SECONDS)
    assert list(service.not_ready()) == []


async def test_a_list_of_feeds_that_cannot_be_read_makes_ingest_not_ready(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, ingest = Seconds(monkeypatch), Ingest(engine, SlowHost())
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE feeds RENAME TO hidden_feeds"))
    settings = IngestSettings(idle_seconds=0.2)
    service = IngestService(engine, SlowHost(), ingest.publisher, ingest.clock, settings)
    stop = asyncio.Event()
    loop = asyncio.create_task(service.run(stop))
    await asyncio.sleep(0.1)  # time to look, in vain
    clock.now += 1_000
    assert "could not be read for 1000 s" in service.not_ready()[0]
    await asyncio.sleep(0.1)
    assert service.not_ready()
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE hidden_feeds RENAME TO feeds"))
    await until(lambda: not service.not_ready())
    stop.set()
    await asyncio.wait_for(loop, PATIENCE_SECONDS)
