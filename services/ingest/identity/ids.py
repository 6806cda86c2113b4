"""Ids of items, derived from their content, so that every installation gives the same item the same id."""

from __future__ import annotations

import re
from datetime import datetime

from schemas.base import content_id
from services.ingest.identity.urls import canonical_url

__all__ = ["distinct_item_id", "item_id", "place_of"]

#: A place on a page, as in ``/changelog#v2``; parameters behind a number sign, such as ``#xtor=RSS-1``, are none.
_PLACE = re.compile(r"#([\w.-]{1,100})", re.ASCII)


def item_id(feed_url: str, guid: str | None, url: str | None, title: str, published_at: datetime | None) -> str:
    """Return an item's id: from the feed and the guid, else the place that it links to, else title and date.

    The feed is always part of it: no feed can revise, retract or come before another feed's item.
    """
    if guid:
        return content_id("itm", feed_url, guid)
    if url:
        return content_id("itm", feed_url, place_of(url))
    return content_id("itm", feed_url, title, published_at.isoformat() if published_at else "")


def place_of(url: str) -> str:
    """Return the canonical form of ``url`` with the place on the page that it names: two places are two stories."""
    place = _PLACE.fullmatch(url, max(url.find("#"), 0))
    return canonical_url(url) + (place[0] if place else "")


def distinct_item_id(feed_url: str, guid: str | None, url: str | None, title: str) -> str:
    """Return the id of an item whose feed gives the same guid, or the same page, to several stories at once.

    The URL counts with its fragment: ``/changelog#v1`` and ``/changelog#v2`` are two stories.
    """
    return content_id("itm", feed_url, guid or "", url or "", title)
