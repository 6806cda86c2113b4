"""Polls 90 recorded snapshots of three real feeds, which changed over two weeks, over HTTP."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring
from sqlalchemy import create_engine, func, select

from schemas.base import content_id
from schemas.items import ItemIngested
from services.common.http import GuardedClient, HttpSettings
from services.ingest.fetch.fetchers import HttpFetcher
from services.ingest.service import IngestService
from services.ingest.tables import feed_items, metadata
from tests.fakes import CollectingPublisher, FakeClock
from tests.http_server import Reply, Request, serving

pytestmark = pytest.mark.slow

REPLAY = Path(__file__).parents[3] / "shared" / "data" / "feeds" / "replay"
LOOPBACK = HttpSettings(allow_private=("127.0.0.1",), host_interval_seconds=0.0)


class Snapshots:
    """The current snapshot of each feed, served with an ETag."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.not_modified = 0

    def answer(self, request: Request) -> Reply:
        body = self.bodies[request.path]
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == etag:
            self.not_modified += 1
            return Reply(304, headers={"ETag": etag})
        return Reply(200, body, {"ETag": etag, "Content-Type": "application/rss+xml"})


@pytest.mark.data
async def test_every_guid_becomes_one_item_edits_become_revisions_and_a_second_run_adds_nothing(tmp_path: Path) -> None:
    if not REPLAY.is_dir():
        pytest.skip(f"{REPLAY} is missing")
    states = sorted((int(path.stem), path) for path in REPLAY.glob("*/*.xml"))
    assert len(states) == 90
    engine = create_engine(f"sqlite:///{tmp_path / 'db.sqlite'}")
    metadata.create_all(engine)
    publisher, snapshots, clock = CollectingPublisher(), Snapshots(), FakeClock(datetime(2020, 4, 1, tzinfo=UTC))
    expected: set[str] = set()
    try:
        async with serving(snapshots.answer) as server, GuardedClient(LOOPBACK) as client:
            service = IngestService(engine, HttpFetcher(client), publisher, clock)
            feeds = {path.parent.name: service.add_feed(server.url(f"/{path.parent.name}")) for _, path in states}
            for moment, path in states:
                feed, body = feeds[path.parent.name], path.read_bytes()
                clock.set(datetime.fromtimestamp(moment, UTC))
                expected |= {content_id("itm", feed.url, guid) for guid in _guids(body)}
                snapshots.bodies[f"/{path.parent.name}"] = body
                result = await service.poll(feed.id)
                assert result is not None
                assert result.outcome.kind in ("fetched", "not_modified"), result
            with engine.connect() as connection:
                stored = connection.execute(select(feed_items).order_by(feed_items.c.item_id)).all()
            assert {row.item_id for row in stored} == expected
            assert len(stored) == len(expected)
            ingested = _ingested(publisher)
            _check_events(ingested, copies=sum(row.copy_of is not None for row in stored), items=len(expected))

            for name, feed in feeds.items():
                result = await service.poll(feed.id)
                assert result is not None
                assert (result.outcome.kind, result.new, result.revised) == ("not_modified", 0, 0), name
            assert snapshots.not_modified >= 3
            for _, path in states[::3]:
                snapshots.bodies[f"/{path.parent.name}"] = path.read_bytes()
                result = await service.poll(feeds[path.parent.name].id)
                assert result is not None
                assert (result.new, result.copies) == (0, 0)
            assert _ingested(publisher) == ingested
            with engine.connect() as connection:
                assert connection.execute(select(func.count()).select_from(feed_items)).scalar_one() == len(expected)
    finally:
        engine.dispose()


def _guids(body: bytes) -> set[str]:
    return {(guid.text or "").strip() for guid in fromstring(body).iter("guid")}


def _ingested(publisher: CollectingPublisher) -> list[ItemIngested]:
    return [event.data for event in publisher.events if isinstance(event.data, ItemIngested)]


def _check_events(ingested: list[ItemIngested], *, copies: int, items: int) -> None:
    new = [data.item.id for data in ingested if data.change == "new"]
    assert len(new) == len(set(new)) == items - copies
    revisions: dict[str, int] = {}
    for data in ingested:
        assert data.revision == revisions.get(data.item.id, -1) + 1
        revisions[data.item.id] = data.revision
        assert bool(data.changed) == (data.change == "revised")
    assert max(revisions.values()) >= 1
