"""Ids of items, derived from their content, so that every installation gives the same item the same id."""

from __future__ import annotations

from datetime import datetime

from schemas.base import content_id
from services.ingest.identity.urls import canonical_url

__all__ = ["item_id"]


def item_id(feed_url: str, guid: str | None, url: str | None, title: str, published_at: datetime | None) -> str:
    """Return an item's id: from the feed and the guid, else the canonical URL, else title and date.

    The feed is always part of it: no feed can revise, retract or come before another feed's item.
    """
    if guid:
        return content_id("itm", feed_url, guid)
    if url:
        return content_id("itm", feed_url, canonical_url(url))
    return content_id("itm", feed_url, title, published_at.isoformat() if published_at else "")
