"""Writes what is new about items of channels, in the caller's transaction: their records, and the events."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from schemas.base import content_id, event
from schemas.feeds import FeedHealthChanged, FeedStatus
from schemas.items import Item, ItemIngested
from services.common.processing import AnyEvent
from services.ingest.identity.dedupe import ItemChange, detect_changes
from services.ingest.repository import FeedState, Repository

__all__ = ["FORGET_AFTER", "NEWS_BEFORE_ADDED", "SOURCE", "Brought", "health_event", "item_event", "record_items"]

#: The CloudEvents ``source`` of what ingest publishes.
SOURCE = "firstword/ingest"
#: Items that were published this long before their channel was added are background, and no news.
NEWS_BEFORE_ADDED = timedelta(hours=24)
#: Items that a channel no longer brings are forgotten after this time; if one returns, its date shows that it is old.
FORGET_AFTER = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Brought:
    """The items of a channel at a time, with their fingerprints.

    ``still_listed`` are ids of other items that the channel has not dropped.
    """

    feed_id: str
    items: Sequence[Item]
    fingerprints: Sequence[str]
    now: datetime
    still_listed: Collection[str] = ()


def record_items(
    repository: Repository, connection: Connection, brought: Sequence[Brought]
) -> list[Sequence[ItemChange]]:
    """Return the change of each item, for each of ``brought``, which are of different channels.

    The records of items that are new or changed are stored, and no other rows.
    """
    known = repository.seen(
        connection,
        {
            channel.feed_id: {item.id: look for item, look in zip(channel.items, channel.fingerprints, strict=True)}
            for channel in brought
        },
    )
    compared = [
        detect_changes(known[channel.feed_id], channel.items, channel.now, channel.fingerprints) for channel in brought
    ]
    repository.remember(
        connection,
        (
            (channel.feed_id, change.seen)
            for channel, changes in zip(brought, compared, strict=True)
            for change in changes
            if change.seen != known[channel.feed_id].get(change.item.id)
        ),
    )
    grown = [  # the records of others do not grow
        channel
        for channel, changes in zip(brought, compared, strict=True)
        if any(change.kind == "new" for change in changes)
    ]
    if grown:
        listed = {channel.feed_id: {*channel.still_listed, *(item.id for item in channel.items)} for channel in grown}
        repository.forget(connection, listed, {channel.feed_id: _newest(channel) - FORGET_AFTER for channel in grown})
    return compared


def _newest(brought: Brought) -> datetime:
    """Return the time of the newest item by its own date, at most ``now``; undated ones are of now.

    So a clock that is years ahead makes no channel forget what it listed a moment ago and may list again.
    """
    return max(min(item.stated_at() or brought.now, brought.now) for item in brought.items)


def item_event(change: ItemChange, now: datetime, *, background: bool) -> AnyEvent:
    """Return the event that an item is new or was revised."""
    data = ItemIngested(
        item=change.item,
        revision=change.revision,
        change="revised" if change.kind == "revised" else "new",
        changed=change.changed,
        background=background,
    )
    id = content_id("evt", change.item.id, change.revision, change.seen.fingerprint)
    return event(data, key=change.item.id, id=id, source=SOURCE, time=now)


def health_event(state: FeedState, previous: FeedStatus, now: datetime) -> AnyEvent:
    """Return the event that the feed's status is no longer ``previous``."""
    status = state.health.status
    return event(
        FeedHealthChanged(feed=state.feed, health=state.health, previous=previous),
        key=state.feed.id,
        id=content_id("evt", state.feed.id, previous, status, now.isoformat()),
        source=SOURCE,
        time=now,
    )
