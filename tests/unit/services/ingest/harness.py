"""An ingest service with a fake clock and publisher, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from sqlalchemy import Engine

from schemas.feeds import FeedHealthChanged
from schemas.items import ItemIngested
from services.common.http import GuardedClient, HttpSettings
from services.ingest.fetch.fetchers import Fetcher, HttpFetcher
from services.ingest.poll import PollResult
from services.ingest.service import IngestService, IngestSettings
from tests.fakes import CollectingPublisher, FakeClock
from tests.http_server import Reply, Request, Server, serving

__all__ = ["NOON", "Ingest", "rss", "running"]

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HTTP = HttpSettings(allow_private=("127.0.0.1",), host_interval_seconds=0.0)


def rss(*titles: str, extra: str = "", at: datetime = NOON - timedelta(hours=1)) -> bytes:
    items = "".join(
        f"<item><guid>{title.split()[0]}</guid><title>{title}</title><link>https://news.example/{title.split()[0]}</link>"
        f"<pubDate>{format_datetime(at)}</pubDate></item>"
        for title in titles
    )
    return f'<rss version="2.0"><channel><title>Example News</title>{extra}{items}</channel></rss>'.encode()


class Ingest:
    """An ingest service on a database, with its publisher and its clock."""

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


@asynccontextmanager
async def running(
    engine: Engine, answer: Callable[[Request], Reply] | Mapping[str, Reply]
) -> AsyncIterator[tuple[Ingest, Server]]:
    """An ingest service, and the HTTP server that it may fetch from."""
    async with serving(answer) as server, GuardedClient(HTTP) as client:
        yield Ingest(engine, HttpFetcher(client)), server
