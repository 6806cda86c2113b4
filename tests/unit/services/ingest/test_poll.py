from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Row, event, func, select

from services.common.processing import AnyEvent
from services.ingest.fetch.fetchers import FetcherByScheme, FileFetcher, Response, Validators
from services.ingest.quarantine import BEGINNING_BYTES
from services.ingest.schedule.pacing import Rhythm, usual_delay, with_delays
from services.ingest.service import IngestService
from services.ingest.tables import feed_items, quarantine
from tests.fakes import CollectingPublisher
from tests.http_server import Reply, Request
from tests.patience import pass_time
from tests.unit.services.ingest.harness import HTTP, NOON, Ingest, rss, running


def quarantined(engine: Engine) -> list[Row[Any]]:
    with engine.connect() as connection:
        return list(connection.execute(select(quarantine)))


@pytest.fixture
def engine(database: Engine) -> Engine:
    return database


async def test_a_poll_publishes_new_items_then_revised_ones_then_nothing(engine: Engine) -> None:
    replies = {"/": Reply(200, rss("one", "two"))}
    async with running(engine, replies) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        first = await ingest.poll(feed.id)
        assert (first.new, first.health.status, first.health.last_ok_at) == (2, "ok", NOON)
        replies["/"] = Reply(200, rss("one", "two edited", "three"))
        ingest.clock.advance(minutes=5)
        second = await ingest.poll(feed.id)
        assert (second.new, second.revised) == (1, 1)
        third = await ingest.poll(feed.id)
        assert (third.outcome.kind, third.new, third.revised) == ("not_modified", 0, 0)
    assert [(data.item.title, data.revision, data.changed) for data in ingest.items()] == [
        ("one", 0, ()),
        ("two", 0, ()),
        ("two edited", 1, ("title",)),
        ("three", 0, ()),
    ]
    assert ingest.health() == ["waiting → ok"]
    event = ingest.publisher.events[0]
    assert (event.source, event.time, event.subject) == ("firstword/ingest", NOON, ingest.items()[0].item.id)
    (state,) = ingest.service.list_feeds()
    assert (state.feed.title, state.feed.url) == ("Example News", server.url())


def dated(*items: tuple[str, datetime | None]) -> bytes:
    entries = "".join(
        f"<item><guid>{title}</guid><title>{title}</title>"
        + (f"<pubDate>{format_datetime(at)}</pubDate>" if at else "")
        + "</item>"
        for title, at in items
    )
    return f'<rss version="2.0"><channel><title>Example News</title>{entries}</channel></rss>'.encode()


async def test_the_first_poll_brings_background_and_later_ones_missed_news(engine: Engine) -> None:
    old, recent = NOON - timedelta(hours=25), NOON - timedelta(hours=23)
    replies = {"/": Reply(503)}
    async with running(engine, replies) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        await ingest.poll(feed.id)
        ingest.clock.advance(days=3)  # what counts is when the feed was added, not when it first answers
        replies["/"] = Reply(200, dated(("old", old), ("recent", recent), ("undated", None)))
        first = await ingest.poll(feed.id)
        assert (first.new, first.background) == (3, 2)
        ingest.clock.advance(days=20)
        replies["/"] = Reply(200, dated(("old", old), ("older", old), ("undated too", None), ("undated", None)))
        second = await ingest.poll(feed.id)
        assert (second.new, second.background) == (2, 0)
    assert [(data.item.title, data.background) for data in ingest.items()] == [
        ("old", True),
        ("recent", False),
        ("undated", True),
        ("older", False),
        ("undated too", False),
    ]


async def test_rows_of_unchanged_items_are_not_written(engine: Engine) -> None:
    replies = {"/": Reply(200, rss("one", "two"))}
    async with running(engine, replies) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        await ingest.poll(feed.id)
        replies["/"] = Reply(200, rss("one", "two", "three"))
        written: list[Any] = []

        @event.listens_for(engine, "before_cursor_execute")
        def note(_: Any, __: Any, statement: str, parameters: Any, ___: Any, many: bool) -> None:
            if statement.startswith("INSERT INTO feed_items"):
                written.extend(parameters if many else [parameters])

        await ingest.poll(feed.id)
    assert len(written) == 1


async def test_items_that_left_the_feed_are_forgotten_after_90_days_and_listed_ones_never(engine: Engine) -> None:
    replies = {"/": Reply(200, rss("one", "two"))}
    async with running(engine, replies) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        await ingest.poll(feed.id)
        replies["/"] = Reply(200, rss("two", "three"))
        ingest.clock.advance(days=89)
        await ingest.poll(feed.id)
        with engine.connect() as connection:
            assert connection.scalar(select(func.count()).select_from(feed_items)) == 3
        ingest.clock.advance(days=2)
        replies["/"] = Reply(200, rss("four", "three", "two", at=ingest.clock.now()))
        await ingest.poll(feed.id)
        with engine.connect() as connection:
            assert connection.scalar(select(func.count()).select_from(feed_items)) == 3
        assert [data.item.title for data in ingest.items()] == ["one", "two", "three", "four"]


async def test_a_clock_that_is_years_ahead_forgets_no_item_that_may_be_listed_again(engine: Engine) -> None:
    replies = {"/": Reply(200, rss("one", "two"))}
    async with running(engine, replies) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        await ingest.poll(feed.id)
        ingest.clock.advance(days=3_650)
        for titles in (("two", "three"), ("one", "two", "three", "four")):
            replies["/"] = Reply(200, rss(*titles))
            await ingest.poll(feed.id)
        assert [data.item.title for data in ingest.items()] == ["one", "two", "three", "four"]


async def slow_page() -> AsyncIterator[bytes]:
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
    "/bomb": (
        Reply(200, gzip.compress(b"\0" * 50_000_000), {"Content-Encoding": "gzip"}),
        "unreachable",
        "decompresses",
    ),
    "/large": (Reply(200, stream=endless), "unreachable", "the limit is 10 MB"),
    "/slow": (Reply(200, stream=slow_page), "unreachable", "did not send a complete response"),
    "/loop": (Reply(302, headers={"Location": "/loop"}), "unreachable", "in a loop"),
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


async def test_each_bad_response_has_a_reason_and_a_fix_and_stops_no_other_feed(engine: Engine) -> None:
    replies = {path: reply for path, (reply, _, _) in BAD.items()} | {"/good": Reply(200, rss("one"))}
    async with running(engine, replies) as (ingest, server):
        feeds = {path: ingest.service.add_feed(server.url(path)) for path in replies}
        polls = {path: asyncio.create_task(ingest.poll(feed.id)) for path, feed in feeds.items()}
        await asyncio.gather(*(poll for path, poll in polls.items() if path != "/slow"))
        pass_time(HTTP.total_seconds)
        by_path = {path: await poll for path, poll in polls.items()}
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
    quarantine_body = {body.feed_id: body for body in quarantined(engine)}
    assert quarantine_body[feeds["/html"].id].beginning.startswith(b"<!doctype")
    assert feeds["/missing"].id not in quarantine_body


async def test_quarantine_keeps_the_beginning_of_the_last_bad_body(engine: Engine) -> None:
    replies = {"/": Reply(200, b"<html>" + b"a" * 100_000)}
    async with running(engine, replies) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        await ingest.poll(feed.id)
        replies["/"] = Reply(200, b"<html>" + b"b" * 100_000, {"Content-Type": "text/html"})
        await ingest.poll(feed.id)
    (body,) = quarantined(engine)
    assert (body.size_bytes, len(body.beginning), body.content_type) == (100_006, BEGINNING_BYTES, "text/html")
    assert body.beginning.endswith(b"b")


async def test_a_bad_body_does_not_replace_the_validators_of_the_last_good_one(engine: Engine) -> None:
    good = Reply(200, rss("one"), {"ETag": '"good"'})
    replies = {"/": good}

    def answer(request: Request) -> Reply:
        reply = replies["/"]
        return Reply(304) if request.headers.get("if-none-match") == reply.headers.get("ETag") else reply

    async with running(engine, answer) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        await ingest.poll(feed.id)
        replies["/"] = Reply(200, b"<html>down for a moment", {"ETag": '"bad"'})
        assert (await ingest.poll(feed.id)).health.status == "broken"
        replies["/"] = good
        back = await ingest.poll(feed.id)
    assert (back.outcome.kind, back.health.status) == ("not_modified", "ok")
    assert ingest.health() == ["waiting → ok", "ok → broken", "broken → ok"]


async def test_a_feed_that_moved_for_days_is_fetched_from_its_new_url_and_its_items_keep_their_ids(
    engine: Engine,
) -> None:
    replies = {"/old": Reply(301, headers={"Location": "/new"}), "/new": Reply(200, rss("one"))}
    async with running(engine, replies) as (ingest, server):
        feed = ingest.service.add_feed(server.url("/old"))
        for _ in range(2):
            await ingest.poll(feed.id)
            await ingest.poll(feed.id)
            state = ingest.service.list_feeds()[0]
            assert state.fetch_url == server.url("/old")
            assert state.move is not None
            assert state.move.url == server.url("/new")
            ingest.clock.advance(days=1)
        await ingest.poll(feed.id)
        assert ingest.service.list_feeds()[0].fetch_url == server.url("/new")
        server.requests.clear()
        replies["/new"] = Reply(200, rss("one", "two"))
        result = await ingest.poll(feed.id)
    assert [request.path for request in server.requests] == ["/new"]
    assert (result.new, len(ingest.items())) == (1, 2)


async def test_a_redirect_of_an_hour_changes_nothing(engine: Engine) -> None:
    replies = {"/feed": Reply(301, headers={"Location": "/login"}), "/login": Reply(200, rss("one"))}
    async with running(engine, replies) as (ingest, server):
        feed = ingest.service.add_feed(server.url("/feed"))
        for _ in range(5):
            await ingest.poll(feed.id)
            ingest.clock.advance(minutes=20)
        replies["/feed"] = Reply(200, rss("one", "two"))
        await ingest.poll(feed.id)
    state = ingest.service.list_feeds()[0]
    assert (state.fetch_url, state.move) == (server.url("/feed"), None)


async def test_a_feed_that_is_gone_for_days_is_no_longer_polled_and_says_so(engine: Engine) -> None:
    async with running(engine, {"/": Reply(410)}) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        for _ in range(3):
            await ingest.poll(feed.id)
            ingest.clock.advance(days=1)
        state = ingest.service.list_feeds()[0]
        assert state.paused
        assert "no longer asks" in (state.health.reason or "")
        assert ingest.health() == ["waiting → gone", "gone → paused"]
        ingest.service.resume_feed(feed.id)
        assert (await ingest.poll(feed.id)).health.status == "gone"


@pytest.mark.parametrize(("status", "held"), [(429, True), (503, True), (500, False)])
async def test_a_server_that_asks_for_rest_gets_it_from_all_feeds_of_its_host(
    engine: Engine, status: int, held: bool
) -> None:
    async with running(engine, {"/": Reply(status, headers={"Retry-After": "1800"})}) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        ingest.service.add_feed(server.url("/other"))
        ingest.service.add_feed("https://elsewhere.example/feed")
        await ingest.poll(feed.id)
    due = {state.feed.url: state.health.next_poll_at for state in ingest.service.list_feeds()}
    later = due[server.url()]
    assert later is not None
    assert later - NOON == timedelta(seconds=1800)
    assert (due[server.url("/other")] == later) is held
    assert due["https://elsewhere.example/feed"] == NOON


class CrashingPublisher:
    """Crashes on its first call, inside the transaction."""

    def __init__(self, inner: CollectingPublisher) -> None:
        self.inner = inner
        self.crashed = False

    def publish(self, connection: Any, events: list[AnyEvent]) -> int:
        if not self.crashed:
            self.crashed = True
            raise RuntimeError("killed")
        return self.inner.publish(connection, events)


async def test_a_crash_in_the_transaction_leaves_the_feed_as_if_it_was_not_polled(engine: Engine) -> None:
    async with running(engine, {"/": Reply(200, rss("one"), {"ETag": '"1"'})}) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        before = ingest.service.list_feeds()
        crashing = IngestService(
            engine,
            ingest.service._fetcher,
            CrashingPublisher(ingest.publisher),  # type: ignore[arg-type]
            ingest.clock,
        )
        with pytest.raises(RuntimeError, match="killed"):
            await crashing.poll(feed.id)
        assert ingest.service.list_feeds() == before
        again = await crashing.poll(feed.id)
    assert again is not None
    assert (again.new, len(ingest.items())) == (1, 1)


class FaultyFetcher:
    """Fails with an error that nobody expects."""

    async def fetch(
        self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
    ) -> Response:
        raise ZeroDivisionError

    async def aclose(self) -> None:
        pass


async def test_an_unexpected_error_is_an_outcome_and_the_feed_is_polled_again(engine: Engine) -> None:
    ingest = Ingest(engine, FaultyFetcher())
    feed = ingest.service.add_feed("https://news.example/feed")
    result = await ingest.poll(feed.id)
    assert result.health.reason == "Fetching this feed failed because of an error in Firstword (ZeroDivisionError)."
    assert result.health.next_poll_at is not None


async def test_a_file_can_be_a_feed(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_bytes(rss("one"))
    ingest = Ingest(engine, FetcherByScheme({"file": FileFetcher([tmp_path])}))
    feed = ingest.service.add_feed(path.as_uri())
    assert (await ingest.poll(feed.id)).new == 1
    assert (await ingest.poll(feed.id)).outcome.kind == "not_modified"
    path.unlink()
    await ingest.poll(feed.id)
    missing = await ingest.poll(feed.id)
    assert (missing.health.status, missing.health.failures_in_a_row) == ("unreachable", 2)


async def test_how_far_behind_publication_a_feed_is_read_is_known(engine: Engine) -> None:
    replies = {"/": Reply(200, dated(("first", NOON - timedelta(hours=3))))}
    async with running(engine, replies) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        assert (await ingest.poll(feed.id)).delays == (), "what was there before says nothing"
        ingest.clock.advance(hours=1)
        now, minute = ingest.clock.now(), timedelta(minutes=1)
        news = [("a", now - 2 * minute), ("b", now - 4 * minute), ("c", now - 30 * minute), ("d", None)]
        replies["/"] = Reply(200, dated(*news, ("e", now + minute)))
        assert sorted((await ingest.poll(feed.id)).delays) == [120.0, 240.0, 1800.0]
        (state,) = ingest.service.list_feeds()
        assert usual_delay(state.rhythm) == 240
        ingest.clock.advance(minutes=5)
        assert (await ingest.poll(feed.id)).delays == ()
        rhythm = with_delays(state.rhythm, [1.0] * 100)
        assert (len(rhythm.delays), usual_delay(rhythm), usual_delay(Rhythm(NOON, delays=(1.0, 2.0)))) == (
            25,
            1.0,
            None,
        )


async def test_a_page_in_place_of_a_feed_is_reported_with_its_feeds(engine: Engine) -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="/rss">'
    replies = {"/": Reply(200, f"<!doctype html><html><head>{link}</head>".encode(), {"Content-Type": "text/html"})}
    async with running(engine, replies) as (ingest, server):
        feed = ingest.service.add_feed(server.url())
        result = await ingest.poll(feed.id)
        assert result.outcome.kind == "broken"
        assert server.url("/rss") in (result.outcome.fix or "")
        replies["/"] = Reply(200, b"<!doctype html><html><body>Sign in</body></html>")
        assert "http://" not in ((await ingest.poll(feed.id)).outcome.fix or "")
