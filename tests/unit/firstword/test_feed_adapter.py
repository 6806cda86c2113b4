from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from firstword.feed_adapter import FeedAdapter
from services.common.errors import BadInput
from services.ingest.fetch.fetchers import Response, Validators
from services.ingest.service import IngestService
from services.ingest.tables import metadata
from tests.fakes import CollectingPublisher, FakeClock

NOW = datetime(2026, 3, 5, 8, 20, tzinfo=UTC)
FEED = b"""<rss version="2.0"><channel><title>Northgate</title>
<item><title>Halden cuts its dividend</title><link>https://n.example/1</link><guid>1</guid>
<pubDate>Thu, 05 Mar 2026 08:00:00 GMT</pubDate></item></channel></rss>"""
PAGE = b"""<html><head><link rel="alternate" type="application/rss+xml" href="/feed" title="News">
<link rel="alternate" type="application/atom+xml" href="/gone" title="Old"></head><body>News</body></html>"""


class Web:
    """A site with a page and a feed; everything else is missing."""

    async def fetch(
        self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
    ) -> Response:
        body = {"https://n.example/": PAGE, "https://n.example/feed": FEED}.get(url)
        return Response(status=200 if body else 404, url=url, body=body or b"")

    async def aclose(self) -> None: ...


@pytest.fixture
def adapter(tmp_path: Path) -> FeedAdapter:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    metadata.create_all(engine)
    return FeedAdapter(IngestService(engine, Web(), CollectingPublisher(), FakeClock(NOW)))


async def test_a_pages_feeds_are_found_with_a_preview(adapter: FeedAdapter) -> None:
    good, gone = await adapter.find("https://n.example/")
    assert (good.url, good.title, good.count, good.feed_id) == ("https://n.example/feed", "Northgate", 1, None)
    assert [item.title for item in good.items] == ["Halden cuts its dividend"]
    assert (gone.title, gone.count, gone.problem is None) == ("Old", 0, False)
    adapter.add("https://n.example/feed")
    (again,) = await adapter.find("https://n.example/feed")
    assert again.feed_id == adapter.view()[0].id


async def test_an_address_without_a_feed_is_refused_with_a_reason(adapter: FeedAdapter) -> None:
    with pytest.raises(BadInput):
        await adapter.find("https://n.example/nothing")


def test_full_text_is_set_and_seen(adapter: FeedAdapter) -> None:
    adapter.add("https://n.example/feed")
    (before,) = adapter.view()
    assert (before.full_text, before.articles) == (False, {})
    adapter.set_full_text(before.id, True)
    assert adapter.view()[0].full_text


def test_speakers_are_set_and_taken_away_again(adapter: FeedAdapter) -> None:
    adapter.add("https://n.example/feed")
    (feed,) = adapter.view()
    assert (feed.channel, feed.speaks_for) == ("n.example", ())
    adapter.set_speakers(feed.id, ["WWW.Port.example", "port.example"], "Its page says so.")
    (feed,) = adapter.view()
    assert (feed.speaks_for, feed.ground) == (("port.example",), "Its page says so.")
    adapter.set_speakers(feed.id, [], "")
    assert (adapter.view()[0].speaks_for, adapter.view()[0].ground) == ((), None)
    with pytest.raises(BadInput, match="Nothing says why"):
        adapter.set_speakers(feed.id, ["port.example"], "")


def test_lists_go_in_and_out(adapter: FeedAdapter) -> None:
    adapter.add("https://n.example/feed")
    exported = adapter.export_opml()
    done = adapter.import_opml(exported.replace(b"n.example", b"m.example"), "mine")
    assert (done.added, done.already, done.problems) == (1, 0, ())
    assert len(adapter.view()) == 2
