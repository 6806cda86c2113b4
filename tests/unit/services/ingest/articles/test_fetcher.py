"""Items of a feed with headlines or teasers get their articles before they are published, or say why they have none."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy import Engine, select, update

import services.ingest.articles.fetcher as fetcher
from schemas.feeds import Feed
from schemas.items import ItemIngested
from services.common.errors import BadInput
from services.common.http import GuardedClient, HttpSettings
from services.ingest.articles import pages
from services.ingest.articles.fetcher import ArticleFetcher, ArticleLimits
from services.ingest.fetch.fetchers import HttpFetcher, Validators
from services.ingest.readers import InProcesses
from services.ingest.tables import article_pages
from tests.http_server import Reply, Server, serving
from tests.patience import PATIENCE_SECONDS
from tests.unit.services.ingest.harness import NOON, Ingest, running

TEASER = "Halden wants to buy a maker of food …"
FIRST = "Halden said on Monday that it would buy Kestrel Foods for 2 billion crowns, its largest purchase so far."
REST = "The board of Kestrel recommends the offer, which regulators still have to approve before it can be completed."
TITLE = "Halden buys Kestrel Foods"


def article(*paragraphs: str, title: str = TITLE, **headers: str) -> Reply:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs or (FIRST, REST))
    page = f"<html><title>{title} | Example</title><article><h1>{title}</h1>{text}</article></html>"
    return Reply(200, page.encode(), {"content-type": "text/html; charset=utf-8", **headers})


def rss(*items: tuple[str, str], summary: str = TEASER) -> Reply:
    entries = "".join(
        f"<item><guid>{link}</guid><title>{title}</title><link>{link}</link><description>{summary}</description>"
        "<pubDate>Wed, 04 Mar 2026 11:00:00 GMT</pubDate></item>"
        for link, title in items
    )
    return Reply(200, f'<rss version="2.0"><channel><title>Example</title>{entries}</channel></rss>'.encode())


@pytest.fixture
def engine(database: Engine) -> Engine:
    return database


async def listed(ingest: Ingest, server: Server, path: str = "/rss") -> Feed:
    feed = ingest.service.add_feed(server.url(path))
    assert not feed.full_text
    return ingest.service.set_full_text(feed.id, True)


def told(ingest: Ingest) -> list[tuple[str | None, str | None]]:
    return [(data.item.article, data.item.body) for data in ingest.items()]


def asked(server: Server, path: str = "/1") -> int:
    return sum(request.path == path for request in server.requests)


async def polled(engine: Engine, replies: dict[str, Reply], path: str = "/1") -> tuple[Ingest, Server]:
    """Poll a feed with one item that leads to ``path``."""
    async with running(engine, replies) as (ingest, server):
        replies["/rss"] = rss((server.url(path), TITLE))
        await ingest.poll((await listed(ingest, server)).id)
        return ingest, server


async def test_a_teaser_gets_the_text_of_its_article_and_stays_one_item(engine: Engine) -> None:
    replies = {"/1": article()}
    async with running(engine, replies) as (ingest, server):
        replies["/rss"] = rss((server.url("/1"), TITLE))
        feed = await listed(ingest, server)
        first = await ingest.poll(feed.id)
        assert (first.new, first.articles) == (1, ("read",))
        assert told(ingest) == [("read", f"{FIRST}\n\n{REST}")]
        assert ingest.items()[0].item.summary == TEASER
        assert ingest.service.count_articles() == {feed.id: {"read": 1}}
        # Its page changes, and the feed changes elsewhere: the item is as it was, and its page is not asked for.
        replies["/1"] = article(REST, FIRST)
        replies["/rss"] = Reply(200, replies["/rss"].body + b"<!-- -->")
        ingest.clock.advance(hours=1)
        second = await ingest.poll(feed.id)
        assert (second.new, second.revised, second.articles, asked(server)) == (0, 0, (), 1)
        # The feed revises it: then its page is read anew, under the same id.
        replies["/rss"] = rss((server.url("/1"), f"{TITLE} for 2 billion"))
        third = await ingest.poll(feed.id)
        assert (third.revised, third.articles, asked(server)) == (1, ("read",), 2)
        assert [data.item.body for data in ingest.items()][1] == f"{REST}\n\n{FIRST}"
        assert len({data.item.id for data in ingest.items()}) == 1
        assert [data.changed for data in ingest.items()] == [(), ("title",)]


async def test_the_same_items_without_full_text_have_the_same_ids_and_fingerprints(engine: Engine) -> None:
    replies = {"/1": article()}
    async with running(engine, replies) as (ingest, server):
        replies["/rss"] = rss((server.url("/1"), TITLE))
        feed = ingest.service.add_feed(server.url("/rss"))
        await ingest.poll(feed.id)
        assert told(ingest) == [(None, None)]
        assert asked(server) == 0
        ingest.service.set_full_text(feed.id, True)
        replies["/rss"] = Reply(200, replies["/rss"].body + b"<!-- -->")
        again = await ingest.poll(feed.id)
        assert (again.new, again.revised, asked(server)) == (0, 0, 0)  # what was told is not told again


async def test_an_item_with_its_whole_text_leads_to_no_request(engine: Engine) -> None:
    replies: dict[str, Reply] = {}
    async with running(engine, replies) as (ingest, server):
        replies["/rss"] = rss((server.url("/1"), TITLE), summary=f"{FIRST} {REST} " * 5)
        await ingest.poll((await listed(ingest, server)).id)
        assert [article for article, _ in told(ingest)] == [None]
        assert {request.path for request in server.requests} == {"/rss"}


async def test_what_was_there_before_the_feed_was_added_leads_to_no_request(engine: Engine) -> None:
    replies = {"/1": article()}
    async with running(engine, replies) as (ingest, server):
        old = rss((server.url("/1"), TITLE)).body.replace(b"04 Mar", b"02 Mar")
        replies["/rss"] = Reply(200, old)
        await ingest.poll((await listed(ingest, server)).id)
        assert [data.background for data in ingest.items()] == [True]
        assert asked(server) == 0


PAGES: tuple[tuple[Reply, str], ...] = (
    (Reply(402), "paywall"),
    (Reply(401), "refused"),
    (Reply(403, b"<p>Access denied</p>"), "refused"),
    (Reply(404), "unread"),
    (Reply(500), "unread"),
    (Reply(dropped=True), "unread"),
    (article(FIRST, "Subscribe to continue reading this article."), "paywall"),
    (article(title="Sign in"), "read"),  # its text is about the headline
    (article("You have to sign in to see what you asked for. " * 10, title="Sign in"), "unread"),
    (article("Storms in the north close roads and schools for the day. " * 10, title="News"), "unread"),
    (Reply(200, b"%PDF-1.7", {"content-type": "application/pdf"}), "unread"),
    (Reply(200, b"", {"content-type": "text/html"}), "unread"),
)


async def test_without_an_article_the_item_goes_on_as_its_feed_has_it(engine: Engine) -> None:
    replies = {f"/{number}": page for number, (page, _) in enumerate(PAGES)}
    async with running(engine, replies) as (ingest, server):
        for number in range(len(PAGES)):
            replies[f"/rss{number}"] = rss((server.url(f"/{number}"), TITLE))
            await ingest.poll((await listed(ingest, server, f"/rss{number}")).id)
        assert [became for became, _ in told(ingest)] == [became for _, became in PAGES]
        assert [body is not None for _, body in told(ingest)] == [became == "read" for _, became in PAGES]


async def test_robots_txt_is_respected(engine: Engine) -> None:
    robots = Reply(200, b"User-agent: firstword\nDisallow: /1")
    ingest, server = await polled(engine, {"/1": article(), "/robots.txt": robots})
    assert told(ingest) == [("robots", None)]
    assert asked(server) == 0


async def test_where_robots_txt_is_away_no_page_is_asked_for(engine: Engine) -> None:
    ingest, server = await polled(engine, {"/1": article(), "/robots.txt": Reply(503)})
    assert told(ingest) == [("unread", None)]
    assert asked(server) == 0


async def test_a_link_to_another_site_is_not_followed(engine: Engine) -> None:
    replies: dict[str, Reply] = {}
    async with serving({"/1": article()}) as other, running(engine, replies) as (ingest, server):
        replies["/rss"] = rss((other.url("/1"), TITLE))
        await ingest.poll((await listed(ingest, server)).id)
        assert told(ingest) == [("foreign", None)]
        assert other.requests == []


async def test_a_page_that_redirects_to_another_site_gives_no_text(engine: Engine) -> None:
    async with serving({"/1": article()}) as other:
        ingest, _ = await polled(engine, {"/1": Reply(302, headers={"location": other.url("/1")})})
        assert told(ingest) == [("foreign", None)]


async def test_a_page_has_no_markup_and_says_nothing_of_who_published_it(engine: Engine) -> None:
    evil = f"{FIRST}&lt;script&gt;alert(1)&lt;/script&gt;\u202e\x07"
    ingest, _ = await polled(engine, {"/1": article(evil, REST)})
    (data,) = ingest.items()
    assert data.item.body == f"{FIRST}\n\n{REST}"
    assert (data.item.title, data.item.source.publisher, data.item.authors) == (TITLE, "Example", ())


class TestCalmly:
    """No item waits for long, and no server is asked more than it can bear."""

    LIMITS = ArticleLimits(pages=3, failures=2)

    @pytest.fixture(autouse=True)
    def limits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fetcher, "ArticleLimits", lambda: self.LIMITS)

    async def test_a_slow_server_delays_an_item_by_seconds(self, engine: Engine) -> None:
        slow = {f"/{number}": Reply(silent_seconds=self.LIMITS.page_seconds + 1) for number in range(9)}
        replies = {"/robots.txt": Reply(404), **slow}
        async with running(engine, replies) as (ingest, server):
            replies["/rss"] = rss(*((server.url(f"/{number}"), f"{TITLE} {number}") for number in range(9)))
            result = await ingest.poll((await listed(ingest, server)).id)
            assert result.articles == ("unread",) * 9
            assert sum(path in slow for path in (request.path for request in server.requests)) == 2

    async def test_a_poll_asks_for_few_pages_the_newest_first(self, engine: Engine) -> None:
        replies = {f"/{number}": article() for number in range(5)}
        async with running(engine, replies) as (ingest, server):
            body = rss(*((server.url(f"/{number}"), f"{TITLE} {number}") for number in range(5))).body
            for number in range(5):
                body = body.replace(b"11:00:00", f"10:00:0{number}".encode(), 1)
            replies["/rss"] = Reply(200, body)
            await ingest.poll((await listed(ingest, server)).id)
            assert [article for article, _ in told(ingest)] == ["unread", "unread", "read", "read", "read"]

    async def test_a_server_that_asks_for_a_rest_gets_it(self, engine: Engine) -> None:
        replies = {"/1": Reply(429, headers={"retry-after": "3600"}), "/2": article()}
        async with running(engine, replies) as (ingest, server):
            replies["/rss"] = rss((server.url("/1"), TITLE), (server.url("/2"), TITLE))
            result = await ingest.poll((await listed(ingest, server)).id)
            assert (result.articles, asked(server), asked(server, "/2")) == (("unread", "unread"), 1, 0)
            assert result.health.next_poll_at is not None
            assert (result.health.next_poll_at - NOON).total_seconds() >= 3600
            replies["/rss"] = rss((server.url("/2"), f"{TITLE} now"))
            ingest.clock.advance(minutes=50)
            await ingest.poll(ingest.service.list_feeds()[0].feed.id)
            assert asked(server, "/2") == 0
            replies["/rss"] = rss((server.url("/2"), f"{TITLE} today"))
            ingest.clock.advance(minutes=20)
            await ingest.poll(ingest.service.list_feeds()[0].feed.id)
            assert told(ingest)[-1] == ("read", f"{FIRST}\n\n{REST}")


async def read(
    engine: Engine, replies: Mapping[str, Reply], *, minutes: int = 0, processes: bool = False
) -> tuple[list[tuple[str | None, str | None]], list[str]]:
    """Read the article of one item twice, ``minutes`` apart; return what became of it, and what was asked."""
    http = HttpSettings(allow_private=("127.0.0.1",), host_interval_seconds=0.0)
    async with running(engine, replies) as (ingest, server), GuardedClient(http) as client:
        feed = await listed(ingest, server)
        readers = InProcesses(1) if processes else ingest.service._readers
        articles = ArticleFetcher(
            engine, HttpFetcher(client), readers, ArticleLimits(PATIENCE_SECONDS, PATIENCE_SECONDS)
        )
        item = Ingest.items(ingest)[0].item if ingest.items() else None
        item = (
            item
            or ItemIngested.model_validate(
                {"item": {"id": "itm_1", "title": TITLE, "url": server.url("/1"), "summary": TEASER}}
            ).item
        )
        results: list[tuple[str | None, str | None]] = []
        for wait in (0, minutes):
            ingest.clock.advance(minutes=wait)
            (found,) = (await articles.read(feed, [item], ingest.clock.now())).items
            results.append((found.article, found.body))
        await readers.aclose()
        return results, [request.path for request in server.requests]


class TestKept:
    async def test_a_page_is_asked_for_once_in_a_while(self, engine: Engine) -> None:
        _, paths = await read(engine, {"/1": article()}, minutes=10)
        assert paths == ["/robots.txt", "/1"]

    async def test_later_it_is_asked_whether_it_has_changed(self, engine: Engine) -> None:
        replies = {"/1": article(etag='"1"')}
        async with running(engine, lambda request: replies["/1"]) as (ingest, server):
            feed = await listed(ingest, server)
            with engine.begin() as connection:
                kept = pages.KeptPage(
                    pages.page_id(server.url("/1")), feed.id, server.url("/1"), "read", NOON, titles=TITLE,
                    text=f"{FIRST} {REST}",
                    validators=Validators('"0"'),
                )  # fmt: skip
                pages.ArticlePages().put(connection, [kept], NOON)
            ingest.clock.advance(hours=2)
            replies["/1"] = Reply(304)
            articles = ArticleFetcher(engine, ingest.service._fetcher, ingest.service._readers)
            data = {"id": "itm_1", "title": TITLE, "url": server.url("/1"), "summary": TEASER}
            item = ItemIngested.model_validate({"item": data}).item
            (found,) = (await articles.read(feed, [item], ingest.clock.now())).items
            assert (found.article, found.body) == ("read", f"{FIRST} {REST}")
            assert server.requests[-1].headers["if-none-match"] == '"0"'

    async def test_a_paywall_is_remembered(self, engine: Engine) -> None:
        results, paths = await read(engine, {"/1": Reply(402)}, minutes=120)
        assert results == [("paywall", None)] * 2
        assert paths == ["/robots.txt", "/1"]

    async def test_an_error_is_not_remembered_for_long(self, engine: Engine) -> None:
        _, paths = await read(engine, {"/1": Reply(500)}, minutes=20)
        assert paths == ["/robots.txt", "/1", "/1"]

    async def test_too_much_and_too_old_is_dropped(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pages, "MOST_KEPT", 3)
        async with running(engine, {}) as (ingest, server):
            feed = await listed(ingest, server)
            for number in range(6):
                ingest.clock.advance(minutes=1)
                with engine.begin() as connection:
                    page = pages.KeptPage(
                        f"page_{number}", feed.id, "https://news.example/", "read", ingest.clock.now()
                    )
                    pages.ArticlePages().put(connection, [page], ingest.clock.now())
            with engine.begin() as connection:
                assert connection.scalars(select(article_pages.c.id).order_by(article_pages.c.id)).all() == [
                    "page_3", "page_4", "page_5"
                ]  # fmt: skip
                connection.execute(update(article_pages).values(fetched_at=NOON))
                later = NOON + pages.KEPT_FOR * 2
                last = pages.KeptPage("page_9", feed.id, "https://news.example/", "read", later)
                pages.ArticlePages().put(connection, [last], later)
                assert connection.scalars(select(article_pages.c.id)).all() == ["page_9"]


@pytest.mark.slow
async def test_pages_are_read_in_processes_of_their_own(engine: Engine) -> None:
    results, _ = await read(engine, {"/1": article()}, processes=True)
    assert results[0] == ("read", f"{FIRST}\n\n{REST}")


async def test_only_feeds_on_the_web_have_articles(engine: Engine) -> None:
    async with running(engine, {}) as (ingest, _):
        for url in ("file:///feeds/1.xml",):
            feed = ingest.service.add_feed(url)
            with pytest.raises(BadInput, match="articles on its site"):
                ingest.service.set_full_text(feed.id, True)
            assert not ingest.service.set_full_text(feed.id, False).full_text
        inlet = ingest.service.add_inlet("desk", title="Desk")
        with pytest.raises(BadInput, match="articles on its site"):
            ingest.service.set_full_text(inlet.id, True)


async def test_the_setting_is_in_a_list_of_feeds(engine: Engine) -> None:
    async with running(engine, {}) as (ingest, server):
        feed = await listed(ingest, server)
        listing = ingest.service.export_feeds()
        assert b'fullText="true"' in listing
        ingest.service.remove_feed(feed.id)
        assert ingest.service.import_feeds(listing).added[0].full_text
        assert ingest.service.list_feeds()[0].feed.full_text


async def test_a_feed_says_that_it_has_only_headlines_until_its_articles_are_read(engine: Engine) -> None:
    replies: dict[str, Reply] = {}
    async with running(engine, replies) as (ingest, server):
        bare = [(server.url(f"/{number}"), f"{TITLE} {number}") for number in range(9)]
        replies["/rss"] = rss(*bare, summary="")
        feed = ingest.service.add_feed(server.url("/rss"))
        await ingest.poll(feed.id)
        assert not ingest.service.list_feeds()[0].only_headlines  # nine are too few to say so
        replies["/rss"] = rss(*bare, (server.url("/9"), f"{TITLE} 9"), summary="")
        ingest.clock.advance(hours=1)
        await ingest.poll(feed.id)
        (state,) = ingest.service.list_feeds()
        assert (state.only_headlines, state.extents) == (True, ("headline",) * 10)
        ingest.service.set_full_text(feed.id, True)
        assert not ingest.service.list_feeds()[0].only_headlines
        ingest.service.set_full_text(feed.id, False)
        longer = [(server.url(f"/more/{number}"), f"{TITLE}, part {number}") for number in range(40)]
        replies["/rss"] = rss(*longer)
        ingest.clock.advance(hours=1)
        await ingest.poll(feed.id)
        (state,) = ingest.service.list_feeds()
        assert (state.only_headlines, state.extents) == (False, ("teaser",) * 40)  # only the latest count


async def test_of_a_long_first_document_the_newest_items_say_what_a_feed_gives(engine: Engine) -> None:
    replies: dict[str, Reply] = {}
    async with running(engine, replies) as (ingest, server):
        newest = rss(*((server.url(f"/{number}"), f"{TITLE} {number}") for number in range(40)), summary="").body
        older = rss(*((server.url(f"/old/{number}"), f"{TITLE}, old {number}") for number in range(40))).body
        entries = older[older.index(b"<item>") : older.rindex(b"</channel>")]
        replies["/rss"] = Reply(200, newest.replace(b"</channel>", entries + b"</channel>"))
        await ingest.poll(ingest.service.add_feed(server.url("/rss")).id)
        assert ingest.service.list_feeds()[0].only_headlines
