"""Polls that end together are written together, and what happens to one of them concerns no other."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text

from schemas.feeds import Feed
from services.common.processing import AnyEvent
from services.ingest.fetch.fetchers import Response, Validators
from services.ingest.identity.dedupe import SeenItem
from services.ingest.poll import MOST_ITEMS, MOST_POLLS
from services.ingest.repository import Repository
from services.ingest.tables import metadata
from tests.fakes import CollectingPublisher
from tests.patience import PATIENCE_SECONDS, until
from tests.unit.services.ingest.harness import NOON, Ingest, rss

FEEDS = 40


@pytest.fixture
def engine(database: Engine) -> Engine:
    return database


class Together:
    """Answers all requests at once, when as many as ``count`` wait; ``bodies`` by URL, if not one item."""

    def __init__(self, count: int, bodies: dict[str, bytes] | None = None, status: int = 200) -> None:
        self.asked: list[str] = []
        self._count = count
        self._bodies = bodies or {}
        self._status = status
        self._all = asyncio.Event()

    async def fetch(
        self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
    ) -> Response:
        self.asked.append(url)
        if len(self.asked) >= self._count:
            self._all.set()
        await self._all.wait()
        return Response(self._status, url, self._bodies.get(url, rss("one")), retry_after_seconds=3_600)

    async def aclose(self) -> None:
        pass


def listed(ingest: Ingest, count: int = FEEDS) -> list[str]:
    return [ingest.service.add_feed(f"https://news{number}.example/feed").id for number in range(count)]


@contextmanager
def commits(engine: Engine) -> Iterator[list[object]]:
    """Collect commits of transactions that write."""
    found: list[object] = []

    def committed(connection: Any) -> None:
        if not connection.get_execution_options().get("reading"):
            found.append(connection)

    event.listen(engine, "commit", committed)
    try:
        yield found
    finally:
        event.remove(engine, "commit", committed)


async def test_polls_that_end_together_share_transactions(engine: Engine) -> None:
    ingest = Ingest(engine, Together(FEEDS))
    feeds = listed(ingest)
    with commits(engine) as found:
        await asyncio.gather(*(ingest.poll(feed) for feed in feeds))
    assert len(ingest.items()) == FEEDS
    assert {state.health.status for state in ingest.service.list_feeds()} == {"ok"}
    assert len(found) < FEEDS / 2


async def test_a_transaction_is_bounded(engine: Engine) -> None:
    many = rss(*(f"item{number}" for number in range(MOST_ITEMS // 4)))
    urls = [f"https://news{number}.example/feed" for number in range(MOST_POLLS)]
    ingest = Ingest(engine, Together(MOST_POLLS, dict.fromkeys(urls[:12], many)))
    written: list[int] = []
    publish = ingest.publisher.publish

    def counting(connection: Any, events: Sequence[AnyEvent]) -> int:
        written.append(len(events))
        return publish(connection, events)

    ingest.publisher.publish = counting  # type: ignore[method-assign]
    feeds = listed(ingest, MOST_POLLS)
    await asyncio.gather(*(ingest.poll(feed) for feed in feeds))
    assert len(ingest.items()) == 12 * (MOST_ITEMS // 4) + MOST_POLLS - 12
    assert max(written) <= MOST_ITEMS + MOST_POLLS  # besides items, one change of health for each poll


class Refusing(CollectingPublisher):
    """Raises when it gets an event of the feed ``refused``, before it has collected any, or always ``at_first``."""

    def __init__(self, refused: str = "", at_first: int = 0) -> None:
        super().__init__()
        self._refused = refused
        self._at_first = at_first

    def publish(self, connection: Any, events: Sequence[AnyEvent]) -> int:
        self._at_first -= 1
        if self._at_first >= 0 or any(event.subject == self._refused for event in events):
            raise RuntimeError("killed")
        return super().publish(connection, events)


async def test_what_is_wrong_with_one_poll_costs_no_other_of_its_batch(engine: Engine) -> None:
    ingest = Ingest(engine, Together(FEEDS))
    feeds = listed(ingest)
    ingest.service._poller._publisher = publisher = Refusing(feeds[7])
    results = await asyncio.gather(*(ingest.service.poll(feed) for feed in feeds), return_exceptions=True)
    failed = [feed for feed, result in zip(feeds, results, strict=True) if isinstance(result, Exception)]
    assert failed == [feeds[7]]
    items = Counter(event.subject for event in publisher.events if event.type.startswith("firstword.item"))
    assert (len(items), set(items.values())) == (FEEDS - 1, {1})
    waiting = [state.feed.id for state in ingest.service.list_feeds() if state.health.status == "waiting"]
    assert waiting == [feeds[7]]


async def test_a_crash_while_a_batch_is_written_loses_nothing_and_repeats_nothing(engine: Engine) -> None:
    ingest = Ingest(engine, Together(FEEDS))
    feeds = listed(ingest)
    before = ingest.service.list_feeds()
    ingest.service._poller._publisher = publisher = Refusing(at_first=2 * FEEDS)
    results = await asyncio.gather(*(ingest.service.poll(feed) for feed in feeds), return_exceptions=True)
    assert all(isinstance(result, RuntimeError) for result in results)
    assert (ingest.service.list_feeds(), publisher.events) == (before, [])
    publisher._at_first = 0
    for _ in range(2):
        again = await asyncio.gather(*(ingest.service.poll(feed) for feed in feeds))
        assert None not in again
    items = Counter(event.subject for event in publisher.events if event.type.startswith("firstword.item"))
    assert (len(items), set(items.values())) == (FEEDS, {1})


async def test_two_polls_of_one_feed_at_once_tell_its_items_once(engine: Engine) -> None:
    ingest = Ingest(engine, Together(2))
    (feed,) = listed(ingest, 1)
    first, second = await asyncio.gather(ingest.poll(feed), ingest.poll(feed))
    assert sorted((first.new, second.new)) == [0, 1]
    assert len(ingest.items()) == 1


async def test_a_poll_that_is_canceled_while_it_waits_is_not_written(engine: Engine) -> None:
    ingest = Ingest(engine, Together(1))
    first, second = listed(ingest, 2)
    release, publish = threading.Event(), ingest.publisher.publish

    def slowly(connection: Any, events: Sequence[AnyEvent]) -> int:
        release.wait(PATIENCE_SECONDS)
        return publish(connection, events)

    ingest.publisher.publish = slowly  # type: ignore[method-assign]
    poller = ingest.service._poller
    written = asyncio.create_task(ingest.poll(first))
    await until(lambda: poller._writing is not None and not poller._waiting)
    canceled = asyncio.create_task(ingest.poll(second))
    await until(lambda: bool(poller._waiting))
    canceled.cancel()
    release.set()
    assert (await written).new == 1
    await poller.finish()
    assert canceled.cancelled()
    assert len(ingest.items()) == 1


async def test_feeds_that_were_found_due_are_not_polled_after_their_host_asked_for_rest(engine: Engine) -> None:
    fetcher = Together(1, status=429)
    ingest = Ingest(engine, fetcher)
    for number in range(30):
        ingest.service.add_feed(f"https://one.example/{number}")
    stop = asyncio.Event()
    loop = asyncio.create_task(ingest.service.run(stop))
    now = ingest.clock.now()
    await until(lambda: all(state.health.next_poll_at != now for state in ingest.service.list_feeds()))
    await asyncio.sleep(0.2)
    stop.set()
    await loop
    assert len(fetcher.asked) <= 6  # those that were asked before the first answer was written


async def test_a_damaged_row_rests_and_the_others_are_polled(engine: Engine) -> None:
    ingest = Ingest(engine, Together(1))
    feeds = listed(ingest, 5)
    with engine.begin() as connection:
        connection.execute(text("update feeds set new_moments = '7' where id = :id"), {"id": feeds[0]})
    stop = asyncio.Event()
    loop = asyncio.create_task(ingest.service.run(stop))
    await until(lambda: len(ingest.items()) == 4)
    stop.set()
    await loop
    assert len(ingest.items()) == 4


@pytest.mark.parametrize("feeds", [1, 2, 64])
def test_records_are_found_by_an_index_however_many_feeds_are_written(tmp_path: Path, feeds: int) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'db.sqlite'}")
    metadata.create_all(engine)
    asked: list[tuple[str, Any]] = []
    prints = {f"feed {n}": {f"item {n} {m}": f"print {m}" for m in range(3)} for n in range(feeds)}
    with engine.begin() as connection:
        for feed_id, own in prints.items():
            Repository().add(connection, Feed(id=feed_id, url=f"https://news.example/{feed_id}"), NOON)
            record = SeenItem(next(iter(own)), "print", 0, NOON, NOON)
            Repository().remember(connection, [(feed_id, record)])
    with engine.connect() as connection:
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2:4]))
        found = Repository().seen(connection, prints)
        Repository().forget(connection, prints, dict.fromkeys(prints, NOON))
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values) for sql, values in asked[:]]
        steps = [row[3] for plan in plans for row in plan if "feed_items" in row[3]]
    engine.dispose()
    assert [len(records) for records in found.values()] == [1] * feeds
    assert len(plans) == 4
    assert [step for step in steps if not re.match("SEARCH feed_items USING (COVERING )?INDEX", step)] == []


def test_nothing_is_looked_up_for_new_feeds(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'db.sqlite'}")
    metadata.create_all(engine)
    asked: list[str] = []
    with engine.begin() as connection:
        Repository().add(connection, Feed(id="feed", url="https://news.example/feed"), NOON)
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        found = Repository().seen(connection, {"feed": {"item": "print"}})
    engine.dispose()
    assert found["feed"] == {}
    assert len(asked) == 1
