"""WebSub from end to end: a site with its hub, the subscriber, and the desk's public callback."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from firstword.compose import common
from firstword.compose.desk import build_desk
from firstword.store import Store
from services.common.db import reading
from services.common.http import GuardedClient, HttpSettings
from services.common.metrics import Metrics
from services.common.settings import Settings
from services.ingest.readers import InThreads
from services.ingest.service import IngestService
from services.ingest.tables import feeds, websub
from services.ingest.websub.subscriber import HubSubscriber
from services.ingest.websub.subscriptions import retry_after
from tests.fakes import FakeClock
from tests.http_server import Reply, Request, Server, serving
from tests.unit.services.ingest.harness import NOON, rss

DESK = "https://desk.firm.example"


@dataclass
class Site:
    """A site with a feed and a hub, and an installation that reads it."""

    server: Server
    store: Store
    clock: FakeClock
    ingest: IngestService
    subscriber: HubSubscriber
    desk: TestClient
    feed_id: str
    hub_status: int = 202

    def row(self) -> Any:
        with reading(self.store.engine) as connection:
            return connection.execute(select(websub)).mappings().first()

    def due_at(self) -> Any:
        with reading(self.store.engine) as connection:
            return connection.scalar(select(feeds.c.next_poll_at))

    def wanted(self) -> dict[str, str]:
        """The last request to the hub."""
        asked = [request for request in self.server.requests if request.path == "/hub"]
        return dict(parse_qsl(asked[-1].body.decode()))

    @property
    def path(self) -> str:
        return self.wanted()["hub.callback"].removeprefix(DESK)

    def confirm(self, **changes: str) -> Any:
        wanted = {
            "hub.mode": "subscribe", "hub.topic": self.wanted()["hub.topic"], "hub.challenge": "c h<b>",
            "hub.lease_seconds": "86400",
        }  # fmt: skip
        return self.desk.get(self.path, params=wanted | {f"hub.{name}": value for name, value in changes.items()})

    def announce(self, body: bytes, secret: str | None = None, method: str = "sha256") -> int:
        key = (secret or self.wanted()["hub.secret"]).encode()
        signature = hmac.new(key, body, getattr(hashlib, method)).hexdigest()
        headers = {"X-Hub-Signature": f"{method}={signature}"}
        return int(self.desk.post(self.path, content=body, headers=headers).status_code)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    clock = FakeClock(NOON)
    servers: list[Server] = []
    sites: list[Site] = []

    def answer(request: Request) -> Reply:
        if request.path == "/hub":
            return Reply(sites[0].hub_status)
        hub, topic = servers[0].url("/hub"), servers[0].url("/feed")
        links = f"<{hub}>; rel=hub, <{topic}>; rel=self"
        return Reply(200, rss("one"), {"Link": links})

    hosts, private = ("desk.firm.example",), ("127.0.0.1",)
    settings = Settings(data=tmp_path, base_url=DESK, allowed_hosts=hosts, allow_private=private)
    async with serving(answer) as server:
        servers.append(server)
        with common.open_store(settings, clock) as store:
            ingest = common.build_ingest(store)
            feed = ingest.add_feed(server.url("/feed"))
            await ingest.poll(feed.id)
            client = GuardedClient(HttpSettings(allow_private=("127.0.0.1",), host_interval_seconds=0.0))
            subscriber = HubSubscriber(store.engine, client, InThreads(), clock, DESK)
            app: Any = build_desk(store, ingest, Metrics()).config.app
            sites.append(Site(server, store, clock, ingest, subscriber, TestClient(app, base_url=DESK), feed.id))
            yield sites[0]
            await client.aclose()
            await ingest.aclose()


async def test_a_hub_is_found_asked_and_confirmed_and_its_announcement_counts(site: Site) -> None:
    await site.subscriber.work()
    wanted = site.wanted()
    assert wanted == {
        "hub.mode": "subscribe", "hub.topic": site.server.url("/feed"), "hub.lease_seconds": "864000",
        "hub.callback": f"{DESK}/websub/{site.row()['token']}", "hub.secret": wanted["hub.secret"],
    }  # fmt: skip
    assert len(site.row()["token"]) == 43
    assert wanted["hub.secret"] not in site.row()["secret"], "it is sealed"
    assert (site.row()["state"], site.ingest.feeds_with_hub()) == ("asked", frozenset())
    answer = site.confirm()
    assert (answer.status_code, answer.text) == (200, "c h<b>")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert site.ingest.feeds_with_hub() == {site.feed_id}
    assert site.row()["lease_until"] == NOON + timedelta(days=1)
    site.clock.advance(minutes=2)
    assert site.due_at() > site.clock.now()
    assert site.announce(b"<rss>anything</rss>") == 202
    assert site.due_at() == site.clock.now(), "the feed itself is asked, now"


async def test_only_what_was_asked_for_is_confirmed(site: Site) -> None:
    await site.subscriber.work()
    for changes in ({"topic": "https://other.example/"}, {"mode": "unsubscribe"}, {"mode": ""}):
        assert site.confirm(**changes).status_code == 404
    assert site.desk.get("/websub/unknown", params={"hub.mode": "subscribe"}).status_code == 404
    assert site.confirm(challenge="a" * 1_001).status_code == 422
    assert site.row()["state"] == "asked"


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
async def test_every_signature_of_the_standard_counts(site: Site, method: str) -> None:
    await site.subscriber.work()
    site.confirm()
    site.clock.advance(minutes=2)
    assert site.announce(b"body", method=method) == 202
    assert site.due_at() == site.clock.now()


async def test_a_forged_announcement_changes_nothing_and_learns_nothing(site: Site) -> None:
    await site.subscriber.work()
    site.confirm()
    site.clock.advance(minutes=2)
    before = site.due_at()
    assert site.announce(b"body", secret="guessed") == 202
    for header in (b"", b"sha256", b"md5=x", b"sha256=\xe9", b"sha256="):
        sent = {b"X-Hub-Signature": header} if header else {}
        assert site.desk.post(site.path, content=b"body", headers=sent).status_code == 202
    assert site.due_at() == before
    assert site.desk.post("/websub/unknown", content=b"body").status_code == 404
    assert site.desk.post(site.path, content=b"a" * 10_000_001).status_code == 413
    assert site.desk.post(site.path, content=b"b", headers={"Origin": "https://evil.example"}).status_code == 403


async def test_announcements_poll_a_feed_at_most_every_half_minute(site: Site) -> None:
    await site.subscriber.work()
    site.confirm()
    site.clock.advance(seconds=5)
    site.announce(b"1")
    assert site.due_at() == NOON + timedelta(seconds=35)
    site.clock.advance(seconds=5)
    site.announce(b"2")
    assert site.due_at() == NOON + timedelta(seconds=35)
    site.ingest.pause_feed(site.feed_id)
    assert site.announce(b"3") == 202
    assert site.due_at() is None


@pytest.mark.slow
async def test_senders_have_a_limit(site: Site) -> None:
    codes = {site.desk.get("/websub/unknown").status_code for _ in range(1_201)}
    assert codes == {404, 429}


async def test_a_lease_is_renewed_before_it_ends(site: Site) -> None:
    await site.subscriber.work()
    site.confirm()
    site.clock.advance(hours=21)
    await site.subscriber.work()
    assert len(site.server.requests) == 3
    site.clock.advance(hours=1)
    await site.subscriber.work()
    assert [request.path for request in site.server.requests] == ["/feed", "/feed", "/hub", "/hub"]
    site.clock.advance(minutes=1)
    site.confirm()
    assert site.row()["lease_until"] == site.clock.now() + timedelta(days=1)


async def test_a_hub_that_fails_or_does_not_confirm_is_asked_less_and_less(site: Site) -> None:
    site.hub_status = 500
    await site.subscriber.work()
    assert site.row()["reason"] == "The hub answers with HTTP status 500."
    assert site.row()["next_at"] == NOON + timedelta(hours=1)
    site.hub_status = 202
    site.clock.advance(hours=1)
    await site.subscriber.work()
    assert site.row()["next_at"] == site.clock.now() + timedelta(hours=2)
    assert retry_after(50) == timedelta(days=7)
    site.clock.advance(hours=2)
    await site.subscriber.work()
    site.confirm()
    assert (site.row()["failures"], site.row()["state"]) == (0, "active")


async def test_a_hub_may_refuse(site: Site) -> None:
    await site.subscriber.work()
    assert site.confirm(mode="denied", reason="no").status_code == 200
    assert (site.row()["state"], site.row()["reason"]) == ("refused", "no")
    assert site.ingest.feeds_with_hub() == frozenset()
    site.clock.advance(days=8)
    await site.subscriber.work()
    assert site.row()["state"] == "asked", "it is looked for again after a week"


async def test_a_feed_that_is_removed_is_not_found_any_more(site: Site) -> None:
    await site.subscriber.work()
    site.confirm()
    path = site.path
    site.ingest.remove_feed(site.feed_id)
    assert site.desk.post(path, content=b"x").status_code == 404, "so the hub stops"
    assert site.row() is None


async def test_hubs_are_asked_through_the_guard(site: Site) -> None:
    await site.subscriber.work()
    with site.store.engine.begin() as connection:
        connection.execute(update(websub).values(hub="http://10.0.0.1/hub", state="asked", next_at=NOON))
    await site.subscriber.work()
    assert "a private network" in site.row()["reason"]


def test_hubs_are_asked_only_if_they_can_reach_the_desk(tmp_path: Path) -> None:
    for base_url, public in (
        ("https://desk.firm.example", True), ("https://8.8.8.8", True), ("http://desk.firm.example", False),
        ("https://localhost", False), ("https://10.0.0.1", False), ("https://desk", False), (None, False),
        ("https://desk.firm.local", False),
    ):  # fmt: skip
        settings = Settings(data=tmp_path, base_url=base_url)
        with common.open_store(settings) as store:
            built = common.build_hub_subscriber(store, Metrics(), InThreads())
            off = replace(store, settings=settings.model_copy(update={"websub": False}))
            assert (built is not None, common.build_hub_subscriber(off, Metrics(), InThreads())) == (public, None)
