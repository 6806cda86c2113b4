"""Takes items that came to an inlet by themselves, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from schemas.items import Item
from services.common.errors import BadInput, FirstwordError
from services.common.processing import EventPublisher
from services.ingest.identity.dedupe import ItemChange, fingerprint_of
from services.ingest.inlets.pushed import PushedBatch
from services.ingest.record import NEWS_BEFORE_ADDED, Brought, health_event, item_event, record_items
from services.ingest.repository import FeedState, Repository

__all__ = ["InletPaused", "RefusedItems", "UnknownInlet", "publish_items", "take_items"]


class UnknownInlet(BadInput):
    """There is no such inlet, or it was removed."""


class InletPaused(FirstwordError):
    """A person paused the inlet. Nothing is taken until it is resumed."""


class RefusedItems(BadInput):
    """A batch has items that can't be used, so none of it was taken."""

    def __init__(self, batch: PushedBatch) -> None:
        listed = " ".join(f"items.{place}.{field}: {message}" for place, field, message in batch.problems)
        super().__init__(f"Nothing of this batch was taken. {listed}", fix="Fix these fields, then send it again.")
        self.problems = batch.problems


def take_items(
    connection: Connection,
    repository: Repository,
    publisher: EventPublisher,
    inlet_id: str,
    batch: PushedBatch,
    now: datetime,
) -> Sequence[ItemChange]:
    """Store and publish the new and revised items of a batch; return the change of each item, in order.

    Raises:
        RefusedItems: the batch has problems.
        UnknownInlet: there is no such inlet.
        InletPaused: a person paused it.
    """
    if batch.problems:
        raise RefusedItems(batch)
    before = repository.lock(connection, inlet_id)
    if before is None or before.feed.kind != "push":
        raise UnknownInlet("This inlet does not exist any more.", fix="Ask the owner for another token.")
    if before.paused:
        raise InletPaused(
            f"The inlet {before.feed.title or before.feed.url} is paused.",
            fix="The owner resumes it on the Feeds page; then send the items again.",
        )
    changes = publish_items(connection, repository, publisher, before, batch.items, now)
    had_news = any(change.kind in ("new", "revised") for change in changes)
    after = _next_state(before, now, had_news=had_news)
    repository.save(connection, after)
    if after.health.status != before.health.status:
        publisher.publish(connection, [health_event(after, before.health.status, now)])
    return changes


def publish_items(
    connection: Connection,
    repository: Repository,
    publisher: EventPublisher,
    inlet: FeedState,
    items: Sequence[Item],
    now: datetime,
) -> Sequence[ItemChange]:
    """Store items without repeats, and publish those that are new or revised; the inlet must be locked.

    What was published before the inlet was set up is background: an archive that is put in first is no news.
    """
    brought = Brought(inlet.feed.id, items, [fingerprint_of(item) for item in items], now)
    (changes,) = record_items(repository, connection, [brought])
    news = [change for change in changes if change.kind in ("new", "revised")]
    publisher.publish(
        connection, [item_event(change, now, background=_is_background(inlet, change)) for change in news]
    )
    return changes


def _is_background(inlet: FeedState, change: ItemChange) -> bool:
    stated = change.item.stated_at()
    return change.kind == "new" and stated is not None and stated < inlet.rhythm.watched_since - NEWS_BEFORE_ADDED


def _next_state(before: FeedState, now: datetime, *, had_news: bool) -> FeedState:
    health = before.health.model_copy(
        update={
            "status": "ok",
            "reason": None,
            "mend": None,
            "failures_in_a_row": 0,
            "last_ok_at": now,
            "last_new_at": now if had_news else before.health.last_new_at,
            "next_poll_at": None,
        }
    )
    return replace(before, health=health)
