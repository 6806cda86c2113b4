"""Feeds and sources: what is read, and how reliable it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from schemas.base import Model
from services.notifier.desk.actions import feeds
from services.notifier.desk.actions.feeds import FeedAction
from services.notifier.desk.api.caller import Caller, Listing
from services.notifier.desk.api.models import FeedList, ListPage, list_page
from services.notifier.desk.dependencies import FeedImport, FoundFeed, SourceView

__all__ = ["router"]

router = APIRouter()


class FeedAddress(Model):
    """The address of a feed, or to find feeds, of a page."""

    url: str = Field(min_length=1, max_length=2_000)


class Speakers(Model):
    """The domains of the publishers that may speak through a feed besides its own host, and the reason for it."""

    domains: tuple[str, ...] = Field(max_length=50)
    ground: str = Field(default="", max_length=500)


class OpmlText(Model):
    """A list of feeds as OPML."""

    opml: str = Field(max_length=200_000)


class FeedsFound(Model):
    """The feeds at an address."""

    items: Sequence[FoundFeed]


class Changed(Model):
    """A feed that was changed."""

    feed_id: str


@router.get("/feeds")
def list_feeds(context: Caller) -> FeedList:
    """List feeds and their status, with what to do about a problem."""
    return FeedList(items=context.dependencies.feeds_view())


@router.post("/feeds", status_code=201)
def add_feed(context: Caller, feed: FeedAddress) -> FeedList:
    """Watch a feed (owners only), and return all feeds."""
    feeds.add(context.viewer, context.dependencies, feed.url)
    return FeedList(items=context.dependencies.feeds_view())


@router.post("/feeds/find")
async def find_feeds(context: Caller, page: FeedAddress) -> FeedsFound:
    """Return the feed at an address, or those of the page there, each with a preview (owners only)."""
    return FeedsFound(items=await feeds.find(context.viewer, context.dependencies, page.url))


@router.get("/feeds/opml")
def export_feeds(context: Caller) -> OpmlText:
    """Return all feeds as OPML."""
    return OpmlText(opml=feeds.export_opml(context.dependencies).decode())


@router.post("/feeds/opml")
def import_feeds(context: Caller, listing: OpmlText) -> FeedImport:
    """Watch all feeds of a list (owners only). Entries that can't be read are named; the others are added."""
    return feeds.import_opml(context.viewer, context.dependencies, listing.opml.encode(), "the list")


@router.put("/feeds/{feed_id}/speakers")
def set_speakers(context: Caller, feed_id: str, speakers: Speakers) -> Changed:
    """Set who may speak through a feed (owners only)."""
    feeds.set_speakers(context.viewer, context.dependencies, feed_id, speakers.domains, speakers.ground)
    return Changed(feed_id=feed_id)


@router.post("/feeds/{feed_id}/{action}")
def change_feed(context: Caller, feed_id: str, action: FeedAction) -> Changed:
    """Pause, resume or remove a feed (owners only)."""
    feeds.change(context.viewer, context.dependencies, feed_id, action)
    return Changed(feed_id=feed_id)


@router.get("/sources")
def list_sources(
    context: Caller,
    listing: Listing,
    q: Annotated[str, Query(max_length=200)] = "",
    only_feeds: bool = False,
) -> ListPage[SourceView]:
    """List sources by domain: grade, ground and track record. ``?q=`` searches domain, publisher and owner."""
    found = feeds.list_sources(
        context.dependencies, q.strip(), only_feeds=only_feeds, number=listing.place, size=listing.size
    )
    return list_page(found, found.items)
