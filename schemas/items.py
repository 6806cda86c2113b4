"""What a feed published: one item, as it stands in ``firstword parse``'s output and ``firstword replay``'s input."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from schemas.base import Model, Payload, Utc

__all__ = ["Item", "ItemIngested", "Source"]


class Source(Model):
    """Who published an item. ``host`` is lower-case, without port; ``publisher`` and ``owner`` are names for people."""

    feed_url: str | None = None
    host: str | None = None
    publisher: str | None = None
    owner: str | None = None


class Item(Model):
    """One entry of a feed, cleaned: plain text in ``title``, ``summary`` and ``body``, moments in UTC.

    ``id`` is derived from the feed and its guid, or from the canonical URL, and stays the same over revisions.
    ``language`` is a BCP 47 tag as the feed states it, or None.
    """

    id: str
    title: str
    url: str | None = None
    summary: str | None = None
    body: str | None = None
    language: str | None = None
    published_at: Utc | None = None
    updated_at: Utc | None = None
    fetched_at: Utc | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    source: Source = Source()

    def seen_at(self) -> datetime | None:
        """When this state of the item could first be known: fetched, else updated, else published, else None."""
        return self.fetched_at or self.updated_at or self.published_at

    def text(self) -> str:
        """Title, summary and body, a blank line between."""
        return "\n\n".join(part for part in (self.title, self.summary, self.body) if part)


class ItemIngested(Payload):
    """A new item, or a new state of one. ``revision`` counts from 0; ``changed`` names the fields it altered."""

    event_type: ClassVar[str] = "item.ingested"

    item: Item
    revision: int = 0
    change: Literal["new", "revised"] = "new"
    changed: tuple[str, ...] = ()
