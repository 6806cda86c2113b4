"""A CSAF provider's advisories are fetched as its lists name them: each once, revisions as revisions, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from services.ingest.listed_advisories import MOST_FETCHED
from services.ingest.parse.csaf_lists import AdvisoryList, NotAnAdvisoryList, Provider, read_csaf_list
from services.ingest.parse.errors import NotAFeed
from services.ingest.poll import Poller
from services.ingest.readers import InProcesses
from tests.http_server import Reply, Request, Server
from tests.unit.services.ingest.advisory_documents import advisory, changes, encoded, provider, rolie
from tests.unit.services.ingest.harness import Ingest, running

META, FEED = "/.well-known/csaf/provider-metadata.json", "/csaf/feed.json"
TODAY, LATER = "2026-03-04T10:00:00Z", "2026-03-04T13:00:00Z"


def file(number: int) -> str:
    return f"/csaf/2026/hld-sa-2026-{number}.json"


class Site:
    """A provider's web site: its advisories by path, with when its list says that they were revised."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {META: Reply(200, encoded(provider(FEED)))}
        self.listed: dict[str, str] = {}

    def publish(self, number: int, updated: str = TODAY, **given: Any) -> None:
        document = advisory(
            f"HLD-SA-2026-{number}", title=f"Flaw {number} in Halden Gateway", released=updated, **given
        )
        self.replies[file(number)] = Reply(200, encoded(document))
        self.listed[file(number)] = updated

    def answer(self, request: Request) -> Reply:
        if request.path == FEED:
            body = encoded(rolie(*self.listed.items()))
            tag = f'"{hash(body)}"'
            headers = {"ETag": tag}
            return (
                Reply(304, b"", headers) if request.headers.get("if-none-match") == tag else Reply(200, body, headers)
            )
        return self.replies.get(request.path, Reply(404))


def told(ingest: Ingest) -> list[tuple[str, int, bool]]:
    return [(data.item.title, data.revision, data.background) for data in ingest.items()]


def fetched(server: Server) -> list[str]:
    paths = [request.path for request in server.requests]
    server.requests.clear()
    return paths


async def test_each_advisory_becomes_an_item_once_and_its_revision_a_revision(database: Engine) -> None:
    site = Site()
    site.publish(1)
    async with running(database, site.answer) as (ingest, server):
        feed = ingest.service.add_feed(server.url(META))
        first = await ingest.poll(feed.id)
        assert (first.new, first.health.status, fetched(server)) == (1, "ok", [META, FEED, file(1)])
        assert ingest.service.list_feeds()[0].feed.title == "Halden PSIRT"
        ingest.clock.advance(hours=2)
        assert (await ingest.poll(feed.id)).outcome.kind == "not_modified"
        assert fetched(server) == [META, FEED]
        site.publish(1, LATER, version="2")
        site.publish(2, LATER)
        changed = await ingest.poll(feed.id)
        assert (changed.new, changed.revised) == (1, 1)
        assert sorted(fetched(server)) == sorted([META, FEED, file(1), file(2)])
        assert told(ingest) == [
            ("Flaw 1 in Halden Gateway (CVSS 9.8 critical)", 0, False),
            ("Flaw 2 in Halden Gateway (CVSS 9.8 critical)", 0, False),
            ("Flaw 1 in Halden Gateway (CVSS 9.8 critical)", 1, False),
        ]
        item = ingest.items()[-1].item
        assert item.source.feed_url == server.url(META), "it is the provider's channel"
        assert (item.body or "").endswith("Revision 2 of 2026-03-04: Change 2.")


async def test_a_list_whose_order_or_time_changes_alone_brings_nothing(database: Engine) -> None:
    site = Site()
    for number in range(5):
        site.publish(number)
    async with running(database, site.answer) as (ingest, server):
        feed = ingest.service.add_feed(server.url(META))
        await ingest.poll(feed.id)
        fetched(server)
        site.listed = dict(reversed(site.listed.items()))
        result = await ingest.poll(feed.id)
        assert (result.new, result.revised, fetched(server)) == (0, 0, [META, FEED])
        site.listed[file(3)] = LATER  # the list says so, the advisory is the same
        ingest.clock.advance(hours=2)
        result = await ingest.poll(feed.id)
        assert (result.new, result.revised, fetched(server)) == (0, 0, [META, FEED, file(3)])
        site.listed = dict(sorted(site.listed.items()))
        await ingest.poll(feed.id)
        assert fetched(server) == [META, FEED], "what was read is known though its text is the same"


async def test_more_advisories_than_a_poll_fetches_come_with_the_next_ones_as_what_they_are(database: Engine) -> None:
    site = Site()
    for number in range(MOST_FETCHED + 3):
        site.publish(number, "2026-03-01T10:00:00Z")
    site.publish(999)
    async with running(database, site.answer) as (ingest, server):
        feed = ingest.service.add_feed(server.url(FEED))
        first = await ingest.poll(feed.id)
        assert (first.new, first.background) == (MOST_FETCHED, MOST_FETCHED - 1), "the newest first, and as news"
        second = await ingest.poll(feed.id)
        assert (second.new, second.background) == (4, 4), "what is older than the feed is no news later either"
        assert (await ingest.poll(feed.id)).outcome.kind == "not_modified"
        assert len({data.item.id for data in ingest.items()}) == MOST_FETCHED + 4


async def test_old_advisories_are_not_fetched_until_they_are_revised(database: Engine) -> None:
    site = Site()
    site.publish(1, "2024-01-01T00:00:00Z")
    async with running(database, site.answer) as (ingest, server):
        feed = ingest.service.add_feed(server.url(META))
        assert (await ingest.poll(feed.id)).new == 0
        assert fetched(server) == [META, FEED]
        site.publish(1, LATER, version="7", initial="2024-01-01T00:00:00Z")
        ingest.clock.advance(hours=2)
        assert (await ingest.poll(feed.id)).new == 1
        assert told(ingest)[0][2] is False
        (state,) = ingest.service.list_feeds()
        assert state.health.status == "ok", "an old advisory that was revised now is no sign of silence"
        assert state.rhythm.delays == (3600,)


async def test_directories_are_read_by_their_changes(database: Engine) -> None:
    site = Site()
    site.replies[META] = Reply(200, encoded(provider(directory="/csaf/")))
    site.publish(1)
    listing = changes((file(1).removeprefix("/csaf/"), TODAY), ("2026/missing.json", TODAY), ("odd", "never"))
    site.replies["/csaf/changes.csv"] = Reply(200, listing + b'"unclosed')
    async with running(database, site.answer) as (ingest, server):
        feed = ingest.service.add_feed(server.url(META))
        result = await ingest.poll(feed.id)
        assert result.new == 1
        assert result.warnings == ("An advisory is listed, but not there (HTTP status 404)",)
        assert fetched(server) == [META, "/csaf/changes.csv", "/csaf/2026/missing.json", file(1)]


async def test_an_advisory_that_is_not_there_yet_is_asked_for_again_and_not_too_often(database: Engine) -> None:
    site = Site()
    site.publish(1)
    document = site.replies.pop(file(1))
    async with running(database, site.answer) as (ingest, server):
        feed = ingest.service.add_feed(server.url(META))
        await ingest.poll(feed.id)
        ingest.clock.advance(minutes=10)
        await ingest.poll(feed.id)
        assert fetched(server).count(file(1)) == 1
        site.replies[file(1)] = document
        ingest.clock.advance(hours=1)
        assert (await ingest.poll(feed.id)).new == 1


@pytest.mark.parametrize(
    "body",
    [b"{", b"<html>maintenance</html>", b'{"document": {"csaf_version": "2.0"}}', b"[" * 100_000, b"\xff\xfe\x00"],
)
async def test_an_advisory_that_cannot_be_read_costs_no_other_and_can_be_replayed(
    database: Engine, body: bytes
) -> None:
    site = Site()
    site.publish(1)
    site.publish(2)
    good, site.replies[file(1)] = site.replies[file(1)], Reply(200, body)
    async with running(database, site.answer) as (ingest, server):
        feed = ingest.service.add_feed(server.url(META))
        assert (await ingest.poll(feed.id)).new == 1
        ((document, _),) = ingest.service.quarantined()
        assert (document.url, document.entries) == (server.url(file(1)), 1)
        assert document.reason.startswith("hld-sa-2026-1: ")
        fetched(server)
        assert (await ingest.poll(feed.id)).outcome.kind == "not_modified"
        assert fetched(server) == [META, FEED], "it is not fetched again and again"
        again = await ingest.service.read_again(feed.id)
        assert again.problem is not None
        site.replies[file(1)] = good
        site.listed[file(1)] = LATER
        ingest.clock.advance(hours=2)
        assert (await ingest.poll(feed.id)).new == 1
        assert ingest.service.count_quarantined() == 1, "until somebody has dealt with it"


async def test_an_advisory_in_quarantine_is_replayed_as_the_item_that_it_would_have_been(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site()
    site.publish(1)
    async with running(database, site.answer) as (ingest, server):
        feed = ingest.service.add_feed(server.url(META))

        def refuse(*_: object, **__: object) -> Any:
            raise NotAFeed("This version can't read it.")

        with monkeypatch.context() as older:
            older.setattr("services.ingest.listed_advisories.read_advisory", refuse)
            await ingest.poll(feed.id)
        assert (await ingest.service.read_again(feed.id)).new == 1
        replayed = ingest.items()[0].item.id
        site.publish(1, LATER, version="2")
        ingest.clock.advance(hours=2)
        assert (await ingest.poll(feed.id)).revised == 1
        assert {data.item.id for data in ingest.items()} == {replayed}


def _fails(path: str, reply: Reply) -> Callable[[Site], None]:
    return lambda site: site.replies.__setitem__(path, reply)


@pytest.mark.parametrize(
    ("fail", "kind", "reason"),
    [
        (_fails(META, Reply(200, encoded(provider()))), "broken", "no list of them that everybody may read"),
        (_fails(META, Reply(200, encoded(provider(META)))), "broken", "another provider's description"),
        (_fails(META, Reply(200, encoded(provider("/gone.json")))), "unreachable", "list http"),
        (
            _fails(META, Reply(200, encoded(provider("/list.html")))),
            "broken",
            "list.html is no list of security advisories",
        ),
        (_fails(META, Reply(200, b'{"distributions": 5, "metadata_version": {}}')), "broken", "no list of them"),
    ],
)
async def test_a_provider_without_a_usable_list_says_so(
    database: Engine, fail: Callable[[Site], None], kind: str, reason: str
) -> None:
    site = Site()
    site.replies["/list.html"] = Reply(200, b"<html></html>")
    fail(site)
    async with running(database, site.answer) as (ingest, server):
        feed = ingest.service.add_feed(server.url(META))
        result = await ingest.poll(feed.id)
        assert result.outcome.kind == kind
        assert reason in (result.outcome.reason or "")
        assert result.outcome.fix


async def test_a_busy_server_is_left_alone(database: Engine) -> None:
    site = Site()
    for number in range(10):
        site.publish(number)
        site.replies[file(number)] = Reply(429, b"", {"Retry-After": "7200"})
    async with running(database, site.answer) as (ingest, server):
        feed = ingest.service.add_feed(server.url(META))
        result = await ingest.poll(feed.id)
        assert len(fetched(server)) == 3, "one refusal is enough"
        assert result.outcome.retry_after_seconds == 7200
        for number in range(10):
            site.publish(number)
        ingest.clock.advance(hours=2)
        assert (await ingest.poll(feed.id)).new == 10


async def test_a_crash_before_the_write_loses_nothing(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site()
    site.publish(1)
    async with running(database, site.answer) as (ingest, server):
        feed = ingest.service.add_feed(server.url(META))

        def fail(*_: object) -> Any:
            raise RuntimeError("killed")

        with monkeypatch.context() as crash:
            crash.setattr(Poller, "_record", fail)
            with pytest.raises(RuntimeError):
                await ingest.poll(feed.id)
        assert (await ingest.poll(feed.id)).new == 1


async def test_a_dry_run_shows_the_newest(database: Engine) -> None:
    site = Site()
    for number in range(9):
        site.publish(number, f"2026-03-0{1 + number % 4}T00:00:00Z")
    async with running(database, site.answer) as (ingest, server):
        shown = await ingest.service.test_feed(server.url(META))
        assert (shown.is_feed, shown.format, shown.title, len(shown.items)) == (
            True,
            "CSAF ROLIE feed",
            "Halden PSIRT",
            3,
        )
        assert not (await ingest.service.test_feed(server.url("/nothing.json"))).is_feed
        single = await ingest.service.test_feed(server.url(file(1)))
        assert (single.is_feed, single.format, len(single.items)) == (True, "CSAF 2.0", 1)


async def test_lists_and_advisories_are_read_in_the_processes_that_read_feeds() -> None:
    readers = InProcesses(1, seconds=20, memory_bytes=600_000_000)
    try:
        raw = encoded(rolie(("https://halden.example/a.json", TODAY)))
        assert await readers.run(read_csaf_list, raw, "https://halden.example/f.json") == read_csaf_list(
            raw, "https://halden.example/f.json"
        )
        with pytest.raises(NotAnAdvisoryList):
            await readers.run(read_csaf_list, b"{}", "https://halden.example/f.json")
    finally:
        await readers.aclose()


def test_lists_are_read_leniently_and_bounded() -> None:
    odd = [None, 5, {}, {"content": {"src": 7}, "updated": TODAY}, {"content": {"src": "/a.json"}, "updated": "soon"}]
    good = rolie(("/b.json", TODAY), ("http://halden.example/plain.json", TODAY), ("javascript:alert(1)", TODAY))
    good["feed"]["entry"][:0] = odd
    found = read_csaf_list(encoded(good), "https://halden.example/csaf/feed.json")
    assert isinstance(found, AdvisoryList)
    assert [advisory.url for advisory in found.advisories] == ["https://halden.example/b.json"], (
        "none without encryption"
    )
    many = rolie(*((f"/x{number}.json", "2026-03-04T10:00:00+05:00") for number in range(5_000)))
    found = read_csaf_list(encoded(many), "https://halden.example/feed.json")
    assert isinstance(found, AdvisoryList)
    assert len(found.advisories) == 2_000
    assert found.advisories[0].updated.isoformat() == "2026-03-04T05:00:00+00:00"
    with pytest.raises(NotAFeed, match="nests deeper"):
        read_csaf_list(b'{"feed": ' + b"[" * 100_000, "https://halden.example/feed.json")
    for raw in (b"plain text", b"[1, 2]", b'{"feed": {"entry": {}}}', b"a,b\r\nc,d"):
        with pytest.raises(NotAnAdvisoryList):
            read_csaf_list(raw, "https://halden.example/feed.json")


def test_only_public_lists_of_a_provider_are_used() -> None:
    document = provider("https://halden.example/white.json")
    feeds = document["distributions"][0]["rolie"]["feeds"]
    feeds.append({"tlp_label": "AMBER", "url": "https://halden.example/amber.json"})
    feeds.append({"tlp_label": "CLEAR", "url": "https://halden.example/clear.json"})
    feeds.append({"tlp_label": "WHITE", "url": ["https://halden.example/odd.json"]})
    found = read_csaf_list(encoded(document), "https://halden.example/provider-metadata.json")
    assert isinstance(found, Provider)
    assert found.lists == ("https://halden.example/white.json", "https://halden.example/clear.json")
