"""Several ingest workers share the feeds: one of them at a time polls each, whatever becomes of that one."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from services.ingest.fetch.fetchers import Response, Validators
from services.ingest.opml import feed_id
from services.ingest.repository import Repository
from services.ingest.service import IngestService, IngestSettings
from tests.fakes import CollectingPublisher, FakeClock

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
URLS = [f"https://news{number}.example/rss" for number in range(30)]
EMPTY = b'<rss version="2.0"><channel><title>News</title></channel></rss>'


class Counting:
    """Answers every feed, after a moment, and counts how often; ``enough`` is set when it was asked ``all`` times."""

    def __init__(self, all: int = 1) -> None:
        self.polls: Counter[str] = Counter()
        self.enough = asyncio.Event()
        self._all = all

    async def fetch(self, url: str, validators: Validators, now: datetime) -> Response:
        self._count(url)
        await asyncio.sleep(0.01)
        return Response(status=200, url=url, body=EMPTY, content_type="application/rss+xml")

    def _count(self, url: str) -> None:
        self.polls[url] += 1
        if sum(self.polls.values()) >= self._all:
            self.enough.set()

    async def aclose(self) -> None:
        pass


def worker(engine: Engine, fetcher: Counting) -> IngestService:
    settings = IngestSettings(idle_seconds=0.01, concurrency=4, lease_seconds=120)
    return IngestService(engine, fetcher, CollectingPublisher(), FakeClock(NOON), settings)


async def test_each_feed_is_polled_once_though_three_workers_look_for_work(database: Engine) -> None:
    fetcher, stop = Counting(len(URLS)), asyncio.Event()
    workers = [worker(database, fetcher) for _ in range(3)]
    for url in URLS:
        workers[0].add_feed(url)
    running = [asyncio.create_task(one.run(stop)) for one in workers]
    await asyncio.wait_for(fetcher.enough.wait(), 30)
    await asyncio.sleep(0.1)
    stop.set()
    await asyncio.gather(*running)
    assert fetcher.polls == Counter(URLS)


async def test_what_a_dead_worker_had_taken_is_polled_when_its_lease_has_run_out(database: Engine) -> None:
    repository, ids = Repository(), [feed_id(url) for url in URLS[:2]]
    one = worker(database, Counting())
    for url in URLS[:2]:
        one.add_feed(url)
    with database.begin() as connection:
        assert repository.lease(connection, ids, NOON, NOON + timedelta(seconds=120)) == frozenset(ids)
    with database.begin() as connection:
        assert repository.lease(connection, ids, NOON, NOON + timedelta(seconds=120)) == frozenset()
        assert repository.due(connection, NOON, 10) == ()
        later = NOON + timedelta(seconds=120)
        assert {due for due, _ in repository.due(connection, later, 10)} == set(ids)
        assert repository.lease(connection, ids[:1], later, later) == frozenset(ids[:1])


async def test_a_feed_that_another_worker_polled_meanwhile_is_left_alone(database: Engine) -> None:
    repository, one = Repository(), worker(database, Counting())
    feed = one.add_feed(URLS[0])
    await one.poll(feed.id)
    with database.begin() as connection:
        assert repository.lease(connection, [feed.id], NOON, NOON + timedelta(seconds=120)) == frozenset()


async def test_a_worker_that_stops_gives_back_what_it_did_not_poll(database: Engine) -> None:
    class Stuck(Counting):
        async def fetch(self, url: str, validators: Validators, now: datetime) -> Response:
            self._count(url)
            await asyncio.Event().wait()
            raise AssertionError

    fetcher, stop = Stuck(), asyncio.Event()
    settings = IngestSettings(idle_seconds=0.01, stop_grace_seconds=0.05, lease_seconds=120)
    one = IngestService(database, fetcher, CollectingPublisher(), FakeClock(NOON), settings)
    one.add_feed(URLS[0])
    running = asyncio.create_task(one.run(stop))
    await asyncio.wait_for(fetcher.enough.wait(), 30)
    stop.set()
    await running
    with database.begin() as connection:
        assert len(Repository().due(connection, NOON, 10)) == 1
