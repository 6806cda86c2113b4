"""Ids of items, derived from their content, so that every installation gives the same item the same id."""

from __future__ import annotations

from datetime import datetime

from schemas.base import content_id
from services.ingest.identity.urls import canonical_url

__all__ = ["distinct_item_id", "item_id"]


def item_id(feed_url: str, guid: str | None, url: str | None, title: str, published_at: datetime | None) -> str:
    """Return an item's id: from the feed and the guid, else the canonical URL, else title and date.

    The feed is always part of it: no feed can revise, retract or come before another feed's item.
    """
    if guid:
        return content_id("itm", feed_url, guid)
    if url:
        return content_id("itm", feed_url, canonical_url(url))
    return content_id("itm", feed_url, title, published_at.isoformat() if published_at else "")


def distinct_item_id(feed_url: str, guid: str | None, url: str | None, title: str) -> str:
    """Return the id of an item whose feed gives the same guid, or the same page, to several stories at once.

    The URL counts with its fragment: ``/changelog#v1`` and ``/changelog#v2`` are two stories.
    """
    return content_id("itm", feed_url, guid or "", url or "", title)
