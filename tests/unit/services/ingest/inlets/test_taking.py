"""An inlet takes each item once, in the caller's transaction, and is listed among the feeds without being polled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from schemas.inlets import PushedItem
from services.common.errors import BadInput
from services.ingest.fetch.fetchers import Response, Validators
from services.ingest.inlets.taking import InletPaused, RefusedItems, UnknownInlet
from services.ingest.opml import feed_id
from tests.unit.services.ingest.harness import NOON, Ingest


class NoWeb:
    """A fetcher that must not be asked."""

    async def fetch(
        self, url: str, validators: Validators, now: object, secret_headers: Mapping[str, str] | None = None
    ) -> Response:
        raise AssertionError(url)

    async def aclose(self) -> None: ...


@pytest.fixture
def ingest(database: Engine) -> Ingest:
    return Ingest(database, NoWeb())


@pytest.fixture
def inlet_id(ingest: Ingest) -> str:
    return ingest.service.add_inlet("press-desk", title="Our press desk").id


def push(ingest: Ingest, inlet_id: str, *items: PushedItem) -> Sequence[str]:
    batch = asyncio.run(ingest.service.read_pushed(inlet_id, items))
    with ingest.engine.begin() as connection:
        return [change.kind for change in ingest.service.take_items(connection, inlet_id, batch)]


def test_items_are_new_once_then_unchanged_then_revised(ingest: Ingest, inlet_id: str) -> None:
    one, two = PushedItem(title="Halden cuts", id="1"), PushedItem(title="Port closes", url="https://n.example/2")
    assert push(ingest, inlet_id, one, two) == ["new", "new"]
    assert push(ingest, inlet_id, two, one) == ["unchanged", "unchanged"]
    edited = one.model_copy(update={"title": "Halden cuts its dividend"})
    assert push(ingest, inlet_id, edited) == ["revised"]
    assert push(ingest, inlet_id, one) == ["unchanged"], "an old copy that comes late is no revision"
    again = PushedItem(title="Port closes", id="other", url="https://n.example/2")
    assert push(ingest, inlet_id, again) == ["copy"]
    told = [(data.item.title, data.revision, data.background) for data in ingest.items()]
    assert told == [("Halden cuts", 0, False), ("Port closes", 0, False), ("Halden cuts its dividend", 1, False)]
    assert ingest.health() == ["waiting → ok"]


def test_what_was_published_before_the_inlet_is_background(ingest: Ingest, inlet_id: str) -> None:
    old, fresh = NOON - timedelta(days=2), NOON - timedelta(hours=5)
    push(ingest, inlet_id, PushedItem(title="Old", id="1", published_at=old))
    ingest.clock.advance(days=3)
    push(ingest, inlet_id, PushedItem(title="Older", id="2", published_at=old - timedelta(days=9)))
    push(ingest, inlet_id, PushedItem(title="Missed", id="3", published_at=fresh), PushedItem(title="Undated", id="4"))
    assert [(data.item.title, data.background) for data in ingest.items()] == [
        ("Old", True), ("Older", True), ("Missed", False), ("Undated", False),
    ]  # fmt: skip


def test_a_transaction_that_is_rolled_back_takes_nothing(ingest: Ingest, inlet_id: str) -> None:
    batch = asyncio.run(ingest.service.read_pushed(inlet_id, [PushedItem(title="Halden cuts", id="1")]))
    with ingest.engine.connect() as connection:
        assert [change.kind for change in ingest.service.take_items(connection, inlet_id, batch)] == ["new"]
        connection.rollback()
    assert push(ingest, inlet_id, PushedItem(title="Halden cuts", id="1")) == ["new"]


def test_a_batch_with_a_problem_and_a_paused_or_removed_inlet_take_nothing(ingest: Ingest, inlet_id: str) -> None:
    twice = PushedItem(title="Halden cuts", id="1")
    with pytest.raises(RefusedItems, match=r"items\.1\.id: It is the same as that of items\.0\."):
        push(ingest, inlet_id, twice, twice)
    ingest.service.pause_feed(inlet_id)
    with pytest.raises(InletPaused, match="Our press desk is paused"):
        push(ingest, inlet_id, twice)
    ingest.service.resume_feed(inlet_id)
    assert ingest.service.list_feeds()[0].health.next_poll_at is None
    assert push(ingest, inlet_id, twice) == ["new"]
    ingest.service.remove_feed(inlet_id)
    with pytest.raises(UnknownInlet):
        push(ingest, inlet_id, twice)
    feed = ingest.service.add_feed("https://n.example/feed")
    with pytest.raises(UnknownInlet):
        push(ingest, feed.id, twice)


def test_an_inlet_is_listed_and_never_polled_or_exported(ingest: Ingest, inlet_id: str) -> None:
    (state,) = ingest.service.list_feeds()
    assert (state.feed.kind, state.feed.url, state.health.status) == (
        "push",
        "https://press-desk.inlet.invalid/",
        "waiting",
    )
    with ingest.engine.begin() as connection:
        assert ingest.service._repository.due(connection, NOON + timedelta(days=1), 10) == ()
    assert b"inlet" not in ingest.service.export_feeds()


def test_nobody_else_gets_the_address_of_an_inlet(ingest: Ingest, inlet_id: str) -> None:
    with pytest.raises(BadInput, match="already"):
        ingest.service.add_inlet("PRESS-desk", title="Another")
    with pytest.raises(BadInput, match="no feed can have"):
        ingest.service.add_feed("https://wire.inlet.invalid/feed")
    opml = b'<opml version="2.0"><body><outline type="rss" xmlUrl="https://wire.inlet.invalid/"/></body></opml>'
    done = ingest.service.import_feeds(opml)
    assert (done.added, len(done.problems)) == ((), 1)
    assert inlet_id == feed_id("https://press-desk.inlet.invalid/")
