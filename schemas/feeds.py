"""Feeds that are watched, and how they are."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.base import Model, Payload, Utc

__all__ = ["Feed", "FeedHealth", "FeedHealthChanged", "FeedStatus"]

#: waiting: not polled yet · ok · silent: answers, but nothing new for far longer than usual · broken: what comes is no
#: feed · unreachable: nothing comes · gone: the server says 410 · paused: by hand.
FeedStatus = Literal["waiting", "ok", "silent", "broken", "unreachable", "gone", "paused"]


class Feed(Model):
    """A feed as it is listed. ``publisher`` overrides what the feed says of itself; ``group`` is the OPML folder."""

    id: str
    url: str
    title: str | None = None
    publisher: str | None = None
    group: str | None = None
    site_url: str | None = None


class FeedHealth(Model):
    """How a feed is. ``reason`` says what is wrong in words a person accepts, ``mend`` what to do about it."""

    feed_id: str
    status: FeedStatus
    reason: str | None = None
    mend: str | None = None
    failures_in_a_row: int = 0
    last_ok_at: Utc | None = None
    last_new_at: Utc | None = None
    next_poll_at: Utc | None = None


class FeedHealthChanged(Payload):
    """A feed's status is another than before."""

    event_type: ClassVar[str] = "feed.health_changed"

    feed: Feed
    health: FeedHealth
    previous: FeedStatus
