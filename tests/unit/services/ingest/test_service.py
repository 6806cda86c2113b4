from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Row, event, func, select, text

from schemas.feeds import FeedHealthChanged
from schemas.items import ItemIngested
from services.common.errors import BadInput
from services.common.http import GuardedClient, HttpSettings
from services.common.processing import AnyEvent
from services.ingest.fetch.fetchers import Fetcher, FetcherByScheme, FileFetcher, HttpFetcher, Response, Validators
from services.ingest.poll import QUARANTINE_BYTES, PollResult
from services.ingest.service import IngestService, IngestSettings
from services.ingest.tables import feed_items, quarantine
from tests.fakes import CollectingPublisher, FakeClock
from tests.http_server import Reply, Request, Server, serving

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HTTP = HttpSettings(allow_private=("127.0.0.1",), host_interval_seconds=0.0, total_seconds=1.0)


def rss(*titles: str, extra: str = "") -> bytes:
    items = "".join(
        f"<item><guid>{title.split()[0]}</guid><title>{title}</title><link>https://news.example/{title.split()[0]}</link>"
        "<pubDate>Wed, 04 Mar 2026 11:00:00 GMT</pubDate></item>"
        for title in titles
    )
    return f'<rss version="2.0"><channel><title>Example News</title>{extra}{items}</channel></rss>'.encode()


def quarantined(engine: Engine) -> list[Row[Any]]:
    with engine.connect() as connection:
        return list(connection.execute(select(quarantine)))


class House:
    """An ingest service on a database file, its publisher and its clock."""

    def __init__(self, engine: Engine, fetcher: Fetcher) -> None:
        self.engine = engine
        self.clock = FakeClock(NOON)
        self.publisher = CollectingPublisher()
        settings = IngestSettings(idle_seconds=0.05, stop_grace_seconds=1.0)
        self.service = IngestService(engine, fetcher, self.publisher, self.clock, settings)

    async def poll(self, feed_id: str) -> PollResult:
        result = await self.service.poll(feed_id)
        assert result is not None
        return result

    def items(self) -> list[ItemIngested]:
        return [event.data for event in self.publisher.events if isinstance(event.data, ItemIngested)]

    def health(self) -> list[str]:
        return [
            f"{event.data.previous} → {event.data.health.status}"
            for event in self.publisher.events
            if isinstance(event.data, FeedHealthChanged)
        ]


@pytest.fixture
def engine(database: Engine) -> Engine:
    return database


@asynccontextmanager
async def house(
    engine: Engine, answer: Callable[[Request], Reply] | Mapping[str, Reply]
) -> AsyncIterator[tuple[House, Server]]:
    async with serving(answer) as server, GuardedClient(HTTP) as client:
        yield House(engine, HttpFetcher(client)), server


async def test_a_poll_publishes_what_is_new_then_what_is_revised_then_nothing(engine: Engine) -> None:
    replies = {"/": Reply(200, rss("one", "two"))}
    async with house(engine, replies) as (home, server):
        feed = home.service.add_feed(server.url())
        first = await home.poll(feed.id)
        assert (first.new, first.health.status, first.health.last_ok_at) == (2, "ok", NOON)
        replies["/"] = Reply(200, rss("one", "two edited", "three"))
        home.clock.advance(minutes=5)
        second = await home.poll(feed.id)
        assert (second.new, second.revised) == (1, 1)
        third = await home.poll(feed.id)
        assert (third.outcome.kind, third.new, third.revised) == ("not_modified", 0, 0)
    assert [(data.item.title, data.revision, data.changed) for data in home.items()] == [
        ("one", 0, ()),
        ("two", 0, ()),
        ("two edited", 1, ("title",)),
        ("three", 0, ()),
    ]
    assert home.health() == ["waiting → ok"]
    event = home.publisher.events[0]
    assert (event.source, event.time, event.subject) == ("firstword/ingest", NOON, home.items()[0].item.id)
    (state,) = home.service.list_feeds()
    assert (state.feed.title, state.feed.url) == ("Example News", server.url())


async def test_rows_of_items_that_did_not_change_are_not_written(engine: Engine) -> None:
    replies = {"/": Reply(200, rss("one", "two"))}
    async with house(engine, replies) as (home, server):
        feed = home.service.add_feed(server.url())
        await home.poll(feed.id)
        replies["/"] = Reply(200, rss("one", "two", "three"))
        written: list[Any] = []

        @event.listens_for(engine, "before_cursor_execute")
        def note(_: Any, __: Any, statement: str, parameters: Any, ___: Any, many: bool) -> None:
            if statement.startswith("INSERT INTO feed_items"):
                written.extend(parameters if many else [parameters])

        await home.poll(feed.id)
    assert len(written) == 1


async def test_what_is_listed_no_more_is_forgotten_after_90_days_and_what_is_listed_never(engine: Engine) -> None:
    replies = {"/": Reply(200, rss("one", "two"))}
    async with house(engine, replies) as (home, server):
        feed = home.service.add_feed(server.url())
        await home.poll(feed.id)
        replies["/"] = Reply(200, rss("two", "three"))
        home.clock.advance(days=89)
        await home.poll(feed.id)
        with engine.connect() as connection:
            assert connection.scalar(select(func.count()).select_from(feed_items)) == 3
        replies["/"] = Reply(200, rss("two", "three", "four"))
        home.clock.advance(days=2)
        await home.poll(feed.id)
        with engine.connect() as connection:
            assert connection.scalar(select(func.count()).select_from(feed_items)) == 3
        assert [data.item.title for data in home.items()] == ["one", "two", "three", "four"]


async def page_that_drips() -> AsyncIterator[bytes]:
    while True:
        yield b"<"
        await asyncio.sleep(0.05)


async def endless() -> AsyncIterator[bytes]:
    for _ in range(500):
        yield b" " * 100_000


BAD: dict[str, tuple[Reply, str, str]] = {
    "/html": (Reply(200, b"<!doctype html><html><body>Oops"), "broken", "page"),
    "/empty": (Reply(200, b""), "broken", "empty"),
    "/cut": (Reply(200, b"<?xml version='1.0'?><rss><chan"), "broken", ""),
    "/bomb": (Reply(200, gzip.compress(b"\0" * 50_000_000), {"Content-Encoding": "gzip"}), "unreachable", "unpacked"),
    "/large": (Reply(200, stream=endless), "unreachable", "at most 10 MB"),
    "/slow": (Reply(200, stream=page_that_drips), "unreachable", "did not answer completely"),
    "/loop": (Reply(302, headers={"Location": "/loop"}), "unreachable", "in a circle"),
    "/inside": (Reply(302, headers={"Location": "http://10.0.0.1/"}), "unreachable", "a private network"),
    "/gone": (Reply(410, b"gone"), "gone", "410"),
    "/missing": (Reply(404, b"<html>nothing"), "unreachable", "404"),
    "/error": (Reply(503, rss("one"), {"Retry-After": "7200"}), "unreachable", "503"),
    "/xml-bomb": (
        Reply(
            200,
            b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><channel><title>&b;</title></channel></rss>',
        ),
        "",
        "",
    ),
}


async def test_each_bad_answer_is_told_with_its_fix_and_stops_nothing_else(engine: Engine) -> None:
    replies = {path: reply for path, (reply, _, _) in BAD.items()} | {"/good": Reply(200, rss("one"))}
    async with house(engine, replies) as (home, server):
        feeds = {path: home.service.add_feed(server.url(path)) for path in replies}
        results = await asyncio.gather(*(home.poll(feed.id) for feed in feeds.values()))
    by_path = dict(zip(feeds, results, strict=True))
    assert by_path["/good"].new == 1
    for path, (_, status, reason) in BAD.items():
        health = by_path[path].health
        if status:
            assert health.status == status, (path, health)
            assert health.reason is not None
            assert reason in health.reason.lower() or reason in health.reason, (path, health.reason)
            assert health.mend, path
        assert health.next_poll_at is not None
    wait = by_path["/error"].health.next_poll_at
    assert wait is not None
    assert wait >= NOON + timedelta(seconds=7200)
    put_aside = {body.feed_id: body for body in quarantined(engine)}
    assert put_aside[feeds["/html"].id].beginning.startswith(b"<!doctype")
    assert feeds["/missing"].id not in put_aside


async def test_quarantine_keeps_the_beginning_of_the_last_bad_body(engine: Engine) -> None:
    replies = {"/": Reply(200, b"<html>" + b"a" * 100_000)}
    async with house(engine, replies) as (home, server):
        feed = home.service.add_feed(server.url())
        await home.poll(feed.id)
        replies["/"] = Reply(200, b"<html>" + b"b" * 100_000, {"Content-Type": "text/html"})
        await home.poll(feed.id)
    (body,) = quarantined(engine)
    assert (body.size_bytes, len(body.beginning), body.content_type) == (100_006, QUARANTINE_BYTES, "text/html")
    assert body.beginning.endswith(b"b")


async def test_after_a_bad_body_the_validators_of_the_good_one_still_hold(engine: Engine) -> None:
    good = Reply(200, rss("one"), {"ETag": '"good"'})
    replies = {"/": good}

    def answer(request: Request) -> Reply:
        reply = replies["/"]
        return Reply(304) if request.headers.get("if-none-match") == reply.headers.get("ETag") else reply

    async with house(engine, answer) as (home, server):
        feed = home.service.add_feed(server.url())
        await home.poll(feed.id)
        replies["/"] = Reply(200, b"<html>down for a moment", {"ETag": '"bad"'})
        assert (await home.poll(feed.id)).health.status == "broken"
        replies["/"] = good
        back = await home.poll(feed.id)
    assert (back.outcome.kind, back.health.status) == ("not_modified", "ok")
    assert home.health() == ["waiting → ok", "ok → broken", "broken → ok"]


async def test_a_feed_that_moved_is_fetched_from_there_and_its_items_keep_their_ids(engine: Engine) -> None:
    replies = {"/old": Reply(301, headers={"Location": "/new"}), "/new": Reply(200, rss("one"))}
    async with house(engine, replies) as (home, server):
        feed = home.service.add_feed(server.url("/old"))
        await home.poll(feed.id)
        replies["/new"] = Reply(200, rss("one", "two"))
        result = await home.poll(feed.id)
    assert [request.path for request in server.requests] == ["/old", "/new", "/new"]
    assert (result.new, len(home.items())) == (1, 2)
    assert home.service.list_feeds()[0].fetch_url == server.url("/new")


class Crashing:
    """A publisher whose first call is the end of the process, as far as the transaction can tell."""

    def __init__(self, inner: CollectingPublisher) -> None:
        self.inner = inner
        self.crashed = False

    def publish(self, connection: Any, events: list[AnyEvent]) -> int:
        if not self.crashed:
            self.crashed = True
            raise RuntimeError("killed")
        return self.inner.publish(connection, events)


async def test_a_crash_in_the_transaction_leaves_the_feed_as_if_it_had_not_been_polled(engine: Engine) -> None:
    async with house(engine, {"/": Reply(200, rss("one"), {"ETag": '"1"'})}) as (home, server):
        feed = home.service.add_feed(server.url())
        before = home.service.list_feeds()
        crashing = IngestService(
            engine,
            home.service._fetcher,
            Crashing(home.publisher),  # type: ignore[arg-type]
            home.clock,
        )
        with pytest.raises(RuntimeError, match="killed"):
            await crashing.poll(feed.id)
        assert home.service.list_feeds() == before
        again = await crashing.poll(feed.id)
    assert again is not None
    assert (again.new, len(home.items())) == (1, 1)


class Confused:
    """Fails in a way that nobody foresaw."""

    async def fetch(self, url: str, validators: Validators, now: datetime) -> Response:
        raise ZeroDivisionError

    async def aclose(self) -> None:
        pass


async def test_a_fault_of_our_own_is_told_as_such_and_the_feed_is_asked_again(engine: Engine) -> None:
    home = House(engine, Confused())
    feed = home.service.add_feed("https://news.example/feed")
    result = await home.poll(feed.id)
    assert result.health.reason == "Fetching this feed failed by a fault of Firstword's own (ZeroDivisionError)."
    assert result.health.next_poll_at is not None


async def test_a_slow_host_does_not_hold_up_the_others(engine: Engine) -> None:
    asked: list[str] = []

    class SlowHost:
        async def fetch(self, url: str, validators: Validators, now: datetime) -> Response:
            asked.append(url)
            if "slow.example" in url:
                await asyncio.Event().wait()
            return Response(200, url, rss("one"))

        async def aclose(self) -> None:
            pass

    home = House(engine, SlowHost())
    for number in range(30):
        home.service.add_feed(f"https://slow.example/{number}")
    home.service.add_feed("https://fast.example/feed")
    home.service._settings = replace(home.service._settings, stop_grace_seconds=0.05)
    stop = asyncio.Event()
    loop = asyncio.create_task(home.service.run(stop))
    await until(lambda: len(home.items()) == 1)
    stop.set()
    await asyncio.wait_for(loop, 2)
    assert len([url for url in asked if "slow.example" in url]) == 3


async def test_the_loop_polls_what_is_due_and_survives_faults(engine: Engine) -> None:
    async with house(engine, {"/a": Reply(200, rss("one")), "/b": Reply(200, rss("two"))}) as (home, server):
        home.service.add_feed(server.url("/a"))
        stop = asyncio.Event()
        loop = asyncio.create_task(home.service.run(stop))
        await until(lambda: len(home.items()) == 1)
        home.service.add_feed(server.url("/b"))
        await until(lambda: len(home.items()) == 2)
        with engine.begin() as connection:  # a fault of ours: its rhythm is no list
            connection.execute(text("update feeds set next_poll_at = null, new_moments = '7' where url like '%a'"))
        await asyncio.sleep(0.2)
        asked = len(server.requests)
        home.clock.advance(days=1)
        await until(lambda: len(server.requests) > asked)
        assert not loop.done()
        stop.set()
        await asyncio.wait_for(loop, 5)
    assert {request.path for request in server.requests[asked:]} == {"/b"}


class Stuck:
    async def fetch(self, url: str, validators: Validators, now: datetime) -> Response:
        await asyncio.Event().wait()
        raise AssertionError("never")

    async def aclose(self) -> None:
        pass


async def test_stopping_does_not_wait_for_a_server_that_does_not_answer(engine: Engine) -> None:
    home = House(engine, Stuck())
    home.service._settings = replace(home.service._settings, stop_grace_seconds=0.05)
    home.service.add_feed("https://news.example/feed")
    stop = asyncio.Event()
    loop = asyncio.create_task(home.service.run(stop))
    await asyncio.sleep(0.1)
    stop.set()
    await asyncio.wait_for(loop, 2)
    assert home.publisher.events == []


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in the product, which sets no event for tests
            await asyncio.sleep(0.01)


async def test_the_list_is_kept(engine: Engine) -> None:
    home = House(engine, Stuck())
    feed = home.service.add_feed(" https://news.example/feed#top ", publisher="Example", group="News")
    assert feed.url == "https://news.example/feed"
    assert home.service.add_feed("https://news.example/feed", publisher="Other") == feed
    listing = home.service.export_feeds()
    assert home.service.import_feeds(listing).already == (feed.model_copy(update={"title": feed.url}),)
    assert home.service.pause_feed(feed.url) == feed
    assert home.service.list_feeds()[0].health.status == "paused"
    assert await home.service.poll(feed.id) is None
    home.service.resume_feed(feed.id)
    assert home.health() == ["waiting → paused", "paused → waiting"]
    assert home.service.remove_feed(feed.id) == feed
    assert home.service.list_feeds() == ()
    assert await home.service.poll(feed.id) is None
    with pytest.raises(BadInput, match="no feed"):
        home.service.remove_feed(feed.id)
    assert home.service.add_feed("feed:https://news.example/other").url == "https://news.example/other"
    with pytest.raises(BadInput, match=r"Write it as https://news\.example/feed$"):
        home.service.add_feed("news.example/feed")
    for bad in ("news", "ftp://news.example/", "https://", "http://[bad"):
        with pytest.raises(BadInput, match="no address of a feed"):
            home.service.add_feed(bad)


async def test_trying_an_address_tells_what_is_there_and_stores_nothing(engine: Engine) -> None:
    page = b'<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head><body>'
    replies = {
        "/": Reply(200, page, {"Content-Type": "text/html"}),
        "/feed": Reply(200, rss("one")),
        "/bare": Reply(200, b"<!doctype html><html><body>nothing"),
        "/bare/feed": Reply(200, rss("two")),
        "/401": Reply(401),
    }
    async with house(engine, replies) as (home, server):
        feed = await home.service.test_feed(server.url("/feed"))
        assert (feed.is_feed, feed.title, [item.title for item in feed.items]) == (True, "Example News", ["one"])
        named = await home.service.test_feed(server.url("/"))
        assert not named.is_feed
        assert [(found.url, found.how) for found in named.found] == [(server.url("/feed"), "declared")]
        guessed = await home.service.test_feed(server.url("/bare"))
        assert (server.url("/bare/feed"), "guessed") in [(found.url, found.how) for found in guessed.found]
        assert "password" in str((await home.service.test_feed(server.url("/401"))).problem)
        assert "refuses" in str((await home.service.test_feed("http://127.0.0.1:9/")).problem)
    assert home.service.list_feeds() == ()
    assert home.publisher.events == []


async def test_a_file_is_a_feed_too(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_bytes(rss("one"))
    home = House(engine, FetcherByScheme({"file": FileFetcher([tmp_path])}))
    feed = home.service.add_feed(path.as_uri())
    assert (await home.poll(feed.id)).new == 1
    assert (await home.poll(feed.id)).outcome.kind == "not_modified"
    path.unlink()
    await home.poll(feed.id)
    missing = await home.poll(feed.id)
    assert (missing.health.status, missing.health.failures_in_a_row) == ("unreachable", 2)
