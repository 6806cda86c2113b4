"""Each feed's status and delay as metrics, without its address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firstword.compose import common
from firstword.feed_adapter import FeedAdapter
from firstword.feed_metrics import FeedCollector
from firstword.store import Store
from services.common.clock import ManualClock
from services.common.metrics import Metrics
from services.common.settings import read_settings
from services.ingest.repository import Repository
from services.ingest.schedule.moves import Move

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with common.open_store(read_settings(data=tmp_path), ManualClock(NOW)) as opened:
        yield opened


def test_status_delay_and_last_news_of_each_feed_are_measured(store: Store) -> None:
    ingest = common.build_ingest(store)
    feed = ingest.add_feed("https://news.example/feed?key=open-sesame", title="The News")
    ingest.add_feed("https://b.example/feed?key=open-sesame")
    with store.engine.begin() as connection:
        state = Repository().lock(connection, feed.id)
        assert state is not None
        health = state.health.model_copy(update={"status": "broken", "last_new_at": NOW})
        delayed = replace(state, health=health, rhythm=replace(state.rhythm, delays=(60.0, 120.0, 180.0)))
        Repository().save(connection, delayed)
    metrics = Metrics()
    metrics.registry.register(FeedCollector(ingest))
    text = metrics.render().decode()
    assert 'firstword_feeds{status="broken"} 1.0' in text
    assert 'firstword_feeds{status="waiting"} 1.0' in text
    labels = f'{{feed="{feed.id}",name="The News"}}'
    assert f"firstword_feed_ok{labels} 0.0" in text
    assert f"firstword_feed_behind_seconds{labels} 120.0" in text
    assert f"firstword_feed_last_news_timestamp_seconds{labels} 1.7726256e+09" in text
    assert text.count("firstword_feed_behind_seconds{") == 1, "of the other, nothing is known"
    assert "open-sesame" not in text


def test_without_a_database_the_other_metrics_are_given(store: Store) -> None:
    metrics = Metrics()
    metrics.registry.register(FeedCollector(common.build_ingest(store)))
    metrics.counter("others", "Others").inc()
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE feeds RENAME TO hidden")
    text = metrics.render().decode()
    assert "firstword_others_total 1.0" in text
    assert "firstword_feeds" not in text


def test_a_permanent_redirect_is_shown(store: Store) -> None:
    ingest = common.build_ingest(store)
    feed = ingest.add_feed("https://news.example/feed")
    view = FeedAdapter(ingest)
    (before,) = view.view()
    assert (before.fetched_at, before.redirects_to) == (None, None)
    with store.engine.begin() as connection:
        state = Repository().lock(connection, feed.id)
        assert state is not None
        moving = Move("https://me:open-sesame@new.example/feed", 1, NOW)
        Repository().save(connection, replace(state, fetch_url="https://news.example/rss", move=moving))
    (after,) = view.view()
    assert after.fetched_at == "https://news.example/rss"
    assert (after.redirects_to or "").endswith("new.example/feed")
    assert "open-sesame" not in str(after)
