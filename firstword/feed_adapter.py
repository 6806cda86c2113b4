"""Connect the desk's page of feeds with ingest; the two services don't know each other."""

from __future__ import annotations

from collections.abc import Sequence

from services.ingest.repository import FeedState
from services.ingest.service import IngestService
from services.notifier.desk.dependencies import FeedView

__all__ = ["FeedAdapter"]


class FeedAdapter:
    """Implements the desk's ports ``feeds_view`` and ``feed_actions`` with the ingest service."""

    def __init__(self, ingest: IngestService) -> None:
        self._ingest = ingest

    def view(self) -> Sequence[FeedView]:
        """Return all feeds and their status."""
        return [_view(state) for state in self._ingest.list_feeds()]

    def add(self, url: str) -> None:
        """Add the feed at ``url``."""
        self._ingest.add_feed(url)

    def remove(self, feed_id: str) -> None:
        """Remove a feed."""
        self._ingest.remove_feed(feed_id)

    def pause(self, feed_id: str) -> None:
        """Stop polling a feed."""
        self._ingest.pause_feed(feed_id)

    def resume(self, feed_id: str) -> None:
        """Start polling a paused feed again."""
        self._ingest.resume_feed(feed_id)


def _view(state: FeedState) -> FeedView:
    feed, health = state.feed, state.health
    return FeedView(
        id=feed.id,
        url=feed.url,
        status=health.status,
        title=feed.title,
        publisher=feed.publisher,
        group=feed.group,
        reason=health.reason,
        fix=health.mend,
        failures_in_a_row=health.failures_in_a_row,
        last_ok_at=health.last_ok_at,
        last_new_at=health.last_new_at,
        next_poll_at=health.next_poll_at,
        speaks_for=feed.speaks_for,
    )
