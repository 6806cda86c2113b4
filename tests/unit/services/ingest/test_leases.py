"""Several ingest workers share the feeds: each feed is polled by one of them at a time, even if a worker dies."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select

from services.common.db import reading
from services.ingest.fetch.fetchers import Response, Validators
from services.ingest.opml import feed_id
from services.ingest.repository import Repository
from services.ingest.service import IngestService, IngestSettings
from services.ingest.tables import feeds
from tests.fakes import CollectingPublisher, FakeClock
from tests.patience import PATIENCE_SECONDS, until

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
URLS = [f"https://news{number}.example/rss" for number in range(30)]
EMPTY = b'<rss version="2.0"><channel><title>News</title></channel></rss>'


class CountingFetcher:
    """Returns an empty feed after a moment and counts the fetches; ``enough`` is set after ``all`` of them."""

    def __init__(self, all: int = 1) -> None:
        self.polls: Counter[str] = Counter()
        self.enough = asyncio.Event()
        self._all = all

    async def fetch(
        self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
    ) -> Response:
        self._count(url)
        await asyncio.sleep(0.01)
        return Response(status=200, url=url, body=EMPTY, content_type="application/rss+xml")

    def _count(self, url: str) -> None:
        self.polls[url] += 1
        if sum(self.polls.values()) >= self._all:
            self.enough.set()

    async def aclose(self) -> None:
        pass


def worker(engine: Engine, fetcher: CountingFetcher) -> IngestService:
    settings = IngestSettings(idle_seconds=0.01, concurrency=4, lease_seconds=120)
    return IngestService(engine, fetcher, CollectingPublisher(), FakeClock(NOON), settings)


async def test_three_workers_poll_each_feed_once(database: Engine) -> None:
    fetcher, stop = CountingFetcher(len(URLS)), asyncio.Event()
    workers = [worker(database, fetcher) for _ in range(3)]
    for url in URLS:
        workers[0].add_feed(url)
    running = [asyncio.create_task(service.run(stop)) for service in workers]
    await asyncio.wait_for(fetcher.enough.wait(), PATIENCE_SECONDS)
    await asyncio.sleep(0.1)
    stop.set()
    await asyncio.gather(*running)
    assert fetcher.polls == Counter(URLS)


async def test_the_feeds_of_a_dead_worker_are_polled_after_its_leases_expire(database: Engine) -> None:
    repository, ids = Repository(), [feed_id(url) for url in URLS[:2]]
    service = worker(database, CountingFetcher())
    for url in URLS[:2]:
        service.add_feed(url)
    with database.begin() as connection:
        assert repository.lease(connection, ids, NOON, NOON + timedelta(seconds=120)) == frozenset(ids)
    with database.begin() as connection:
        assert repository.lease(connection, ids, NOON, NOON + timedelta(seconds=120)) == frozenset()
        assert repository.due(connection, NOON, 10) == ()
        later = NOON + timedelta(seconds=120)
        assert {due for due, _ in repository.due(connection, later, 10)} == set(ids)
        assert repository.lease(connection, ids[:1], later, later) == frozenset(ids[:1])


async def test_a_feed_that_another_worker_has_just_polled_is_not_leased(database: Engine) -> None:
    repository, service = Repository(), worker(database, CountingFetcher())
    feed = service.add_feed(URLS[0])
    await service.poll(feed.id)
    with database.begin() as connection:
        assert repository.lease(connection, [feed.id], NOON, NOON + timedelta(seconds=120)) == frozenset()


async def test_a_worker_that_stops_releases_the_feeds_it_did_not_poll(database: Engine) -> None:
    class StuckFetcher(CountingFetcher):
        async def fetch(
            self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
        ) -> Response:
            self._count(url)
            await asyncio.Event().wait()
            raise AssertionError

    fetcher, stop = StuckFetcher(), asyncio.Event()
    settings = IngestSettings(idle_seconds=0.01, stop_grace_seconds=0.05, lease_seconds=120)
    service = IngestService(database, fetcher, CollectingPublisher(), FakeClock(NOON), settings)
    service.add_feed(URLS[0])
    running = asyncio.create_task(service.run(stop))
    await asyncio.wait_for(fetcher.enough.wait(), PATIENCE_SECONDS)
    stop.set()
    await running
    with database.begin() as connection:
        assert len(Repository().due(connection, NOON, 10)) == 1


def leased_until(engine: Engine) -> datetime | None:
    with reading(engine) as connection:
        leased: datetime | None = connection.execute(select(feeds.c.leased_until)).scalar_one()
    return leased


async def test_a_lease_is_renewed_while_a_poll_takes_longer(database: Engine) -> None:
    class SlowFetcher(CountingFetcher):
        async def fetch(
            self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
        ) -> Response:
            self._count(url)
            await slow.wait()
            return Response(status=200, url=url, body=EMPTY, content_type="application/rss+xml")

    slow, stop, fetcher = asyncio.Event(), asyncio.Event(), SlowFetcher()
    settings = IngestSettings(idle_seconds=0.01, concurrency=4, lease_seconds=45)
    clock = FakeClock(NOON)
    first, second = (IngestService(database, fetcher, CollectingPublisher(), clock, settings) for _ in range(2))
    first.add_feed(URLS[0])
    tasks = [asyncio.create_task(first.run(stop))]
    await asyncio.wait_for(fetcher.enough.wait(), PATIENCE_SECONDS)
    tasks.append(asyncio.create_task(second.run(stop)))
    for _ in range(6):
        clock.advance(seconds=20)
        await until(lambda: leased_until(database) == clock.now() + timedelta(seconds=45))
        await asyncio.sleep(0.05)  # time for the second to look
    slow.set()
    await until(lambda: leased_until(database) is None)
    stop.set()
    await asyncio.gather(*tasks)
    assert fetcher.polls == Counter({URLS[0]: 1})
