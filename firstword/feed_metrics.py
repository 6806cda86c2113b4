"""Metrics of each feed, read when they are asked for: status, time behind publication, last news."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from schemas.feeds import FeedStatus
from services.common.errors import FirstwordError
from services.common.metrics import NAMESPACE
from services.ingest.repository import FeedState
from services.ingest.schedule.pacing import usual_delay
from services.ingest.service import IngestService

__all__ = ["FeedCollector"]


class FeedCollector(Collector):
    """Reads the list of feeds for each scrape. If the database is away, the other metrics are given without these."""

    def __init__(self, ingest: IngestService) -> None:
        self._ingest = ingest

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Return no names beforehand, so that registering reads no database."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the number of feeds of each status, and three values of each feed."""
        try:
            states = self._ingest.list_feeds()
        except (SQLAlchemyError, FirstwordError):
            return
        counts = GaugeMetricFamily(f"{NAMESPACE}_feeds", "Feeds, by status", labels=["status"])
        for status in get_args(FeedStatus):
            counts.add_metric([status], sum(state.health.status == status for state in states))
        behind = _per_feed("behind_seconds", "Usual time from an item's publication to the poll that brings it")
        news = _per_feed("last_news_timestamp_seconds", "When a feed brought something new last")
        healthy = _per_feed("ok", "1 if a feed can be read and is not silent, or waits for its first poll; else 0")
        for state in states:
            labels = [state.feed.id, _name(state)]
            healthy.add_metric(labels, state.health.status in ("ok", "waiting"))
            if (delay := usual_delay(state.rhythm)) is not None:
                behind.add_metric(labels, delay)
            if state.health.last_new_at is not None:
                news.add_metric(labels, state.health.last_new_at.timestamp())
        yield from (counts, healthy, behind, news)


def _per_feed(name: str, description: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{NAMESPACE}_feed_{name}", description, labels=["feed", "name"])


def _name(state: FeedState) -> str:
    """Return the name by which people know a feed; never its address, which may have a key in it."""
    return state.feed.publisher or state.feed.title or ""
