"""A watched page brings what is new on it since it was added, if its site allows that it is read."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

import services.ingest.inlets.page
from services.common.errors import BadInput
from tests.http_server import Reply
from tests.unit.services.ingest.harness import Ingest, running


@pytest.fixture
def engine(database: Engine) -> Engine:
    return database


def page(*numbers: int, at: str = "/press", dated: bool = False) -> Reply:
    time = '<time datetime="2026-03-04T11:59:00Z"></time>' if dated else ""
    links = "".join(f"<li>{time}<a href='{at}/{number}'>News number {number} of many</a></li>" for number in numbers)
    return Reply(200, f"<html><title>Agency</title><ul>{links}</ul></html>".encode())


def told(ingest: Ingest) -> list[tuple[str, bool]]:
    return [(data.item.title.split()[2], data.background) for data in ingest.items()]


async def test_what_a_page_lists_at_first_is_background_and_what_is_added_is_news(engine: Engine) -> None:
    replies = {"/press": page(2, 1), "/robots.txt": Reply(200, b"User-agent: *\nDisallow: /admin")}
    async with running(engine, replies) as (ingest, server):
        watched = ingest.service.watch_page(server.url("/press"), links_under="/press/")
        assert (await ingest.poll(watched.id)).new == 2
        replies["/press"] = page(3, 2, 1)
        ingest.clock.advance(minutes=20)
        second = await ingest.poll(watched.id)
        assert (second.new, second.background, second.health.status) == (1, 0, "ok")
        assert told(ingest) == [("2", True), ("1", True), ("3", False)]
        assert ingest.service.list_feeds()[0].feed.links_under == "/press/"
        robots = [request for request in server.requests if request.path == "/robots.txt"]
        assert len(robots) == 1, "it is kept for hours"
        assert b"Agency" not in ingest.service.export_feeds()


@pytest.mark.parametrize(
    ("robots", "reason"),
    [
        (Reply(200, b"User-agent: Firstword\nDisallow: /press"), "asks programs not to read"),
        (Reply(503, b""), "robots.txt can't be read (HTTP status 503)"),
    ],
)
async def test_a_page_that_its_site_does_not_allow_is_not_read(engine: Engine, robots: Reply, reason: str) -> None:
    async with running(engine, {"/press": page(1), "/robots.txt": robots}) as (ingest, server):
        watched = ingest.service.watch_page(server.url("/press"))
        result = await ingest.poll(watched.id)
        assert (result.new, result.outcome.kind) == (0, "unreachable")
        assert reason in (result.outcome.reason or "")
        assert [request.path for request in server.requests] == ["/robots.txt"]
        assert (await ingest.service.test_page(server.url("/press"))).parsed is None


async def test_a_site_without_rules_allows_everything(engine: Engine) -> None:
    async with running(engine, {"/press": page(1, 2), "/robots.txt": Reply(404, b"")}) as (ingest, server):
        tried = await ingest.service.test_page(server.url("/press"))
        assert tried.parsed is not None
        assert len(tried.parsed.items) == 2
        assert ingest.items() == []


async def test_a_page_whose_links_are_all_new_is_background_except_what_is_dated(engine: Engine) -> None:
    replies = {"/press": page(1, 2, 3, 4, 5), "/robots.txt": Reply(404, b"")}
    async with running(engine, replies) as (ingest, server):
        watched = ingest.service.watch_page(server.url("/press"))
        await ingest.poll(watched.id)
        replies["/press"] = page(11, 12, 13, 14, 15, at="/newsroom")
        ingest.clock.advance(minutes=20)
        assert (await ingest.poll(watched.id)).background == 5
        replies["/press"] = page(21, 22, 23, 24, 25, at="/again", dated=True)
        ingest.clock.advance(minutes=20)
        assert (await ingest.poll(watched.id)).background == 0
        assert [number for number, background in told(ingest) if not background] == ["21", "22", "23", "24", "25"]


async def test_a_page_without_links_any_more_is_broken_with_what_to_do(engine: Engine) -> None:
    replies = {"/press": page(1), "/robots.txt": Reply(404, b"")}
    async with running(engine, replies) as (ingest, server):
        watched = ingest.service.watch_page(server.url("/press"))
        await ingest.poll(watched.id)
        replies["/press"] = Reply(200, b"<html><body><div id=app></div></body></html>")
        ingest.clock.advance(minutes=20)
        result = await ingest.poll(watched.id)
        assert (result.health.status, "without a program in the browser" in (result.health.mend or "")) == (
            "broken",
            True,
        )


def test_only_addresses_of_pages_are_watched_and_each_once(engine: Engine) -> None:
    ingest = Ingest(engine, None)  # type: ignore[arg-type]
    ingest.service.watch_page("https://agency.example/press")
    for url, under, problem in (
        ("https://agency.example/press", None, "listed already"),
        ("file:///etc/passwd", None, "can't be watched"),
        ("https://desk.inlet.invalid/", None, "can't be watched"),
        ("agency", None, "not a valid"),
        ("https://agency.example/", "press", "is not a path"),
    ):
        with pytest.raises(BadInput, match=problem):
            ingest.service.watch_page(url, links_under=under)


async def test_a_quarantined_page_is_replayed_whatever_it_says_to_programs(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = page(1, 2).body.replace(b"<ul>", b"<pre>\nUser-agent: *\nDisallow: /\n</pre><ul>")
    async with running(engine, {"/press": Reply(200, body), "/robots.txt": Reply(404, b"")}) as (ingest, server):
        watched = ingest.service.watch_page(server.url("/press"))
        with monkeypatch.context() as older:
            older.setattr(services.ingest.inlets.page, "_is_title", lambda _: False)
            assert (await ingest.poll(watched.id)).health.status == "broken"
        assert ingest.service.count_quarantined() == 1
        assert (await ingest.service.read_again(watched.id)).problem is None
        assert told(ingest) == [("1", True), ("2", True)]
        assert ingest.service.count_quarantined() == 0
