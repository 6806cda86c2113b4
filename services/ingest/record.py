"""Writes what is new about items of a channel, in the caller's transaction: their records, and the events."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from schemas.base import content_id, event
from schemas.feeds import FeedHealthChanged, FeedStatus
from schemas.items import Item, ItemIngested
from services.common.processing import AnyEvent
from services.ingest.identity.dedupe import ItemChange, detect_changes, fingerprint_of
from services.ingest.repository import FeedState, Repository

__all__ = ["FORGET_AFTER", "NEWS_BEFORE_ADDED", "SOURCE", "health_event", "item_event", "record_items"]

#: The CloudEvents ``source`` of what ingest publishes.
SOURCE = "firstword/ingest"
#: Items that were published this long before their channel was added are background, and no news.
NEWS_BEFORE_ADDED = timedelta(hours=24)
#: Items that a channel no longer brings are forgotten after this time; if one returns, its date shows that it is old.
FORGET_AFTER = timedelta(days=90)


def record_items(
    repository: Repository,
    connection: Connection,
    feed_id: str,
    items: Sequence[Item],
    now: datetime,
    fingerprints: Sequence[str] | None = None,
    still_listed: Collection[str] = (),
) -> Sequence[ItemChange]:
    """Return the change of each item, and store the records of those that are new or changed, and no other rows.

    ``fingerprints`` are those of the items, if they are known already. ``still_listed`` are ids of other items that the
    channel has not dropped.
    """
    fingerprints = fingerprints or [fingerprint_of(item) for item in items]
    known = repository.seen(
        connection, feed_id, {item.id: look for item, look in zip(items, fingerprints, strict=True)}
    )
    changes = detect_changes(known, items, now, fingerprints)
    updated = [change.seen for change in changes if change.seen != known.get(change.item.id)]
    repository.remember(connection, feed_id, updated)
    if any(change.kind == "new" for change in changes):  # otherwise the table does not grow
        repository.forget(connection, feed_id, now - FORGET_AFTER, {*still_listed, *(item.id for item in items)})
    return changes


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
