"""Ids of items, derived from their content, so that every installation gives the same item the same id."""

from __future__ import annotations

from datetime import datetime

from schemas.base import content_id
from services.ingest.identity.urls import canonical_url

__all__ = ["item_id"]


def item_id(feed_url: str, guid: str | None, url: str | None, title: str, published_at: datetime | None) -> str:
    """Return an item's id: from feed and guid, else from the canonical URL, else from feed, title and date."""
    if guid:
        return content_id("itm", feed_url, guid)
    if url:
        return content_id("itm", canonical_url(url))
    return content_id("itm", feed_url, title, published_at.isoformat() if published_at else "")
