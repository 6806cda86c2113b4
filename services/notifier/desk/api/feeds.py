"""Feeds and sources: what is read, and how reliable it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field, SecretStr, StrictBool

from schemas.base import Model
from schemas.mentions import SourceGrade, SourceLetter
from services.notifier.desk.actions import feeds, sources
from services.notifier.desk.actions.feeds import FeedAction
from services.notifier.desk.api.caller import Caller, Listing
from services.notifier.desk.api.models import FeedList, ListPage, list_page
from services.notifier.desk.dependencies import CredentialKind, FeedImport, FeedPack, FoundFeed, SourceView

__all__ = ["router"]


class NewGrade(Model):
    """The grade to set for a source, and the reason, in one sentence. ``publisher`` is its name if it is new."""

    domain: str = Field(min_length=1, max_length=255)
    grade: SourceLetter
    ground: str = Field(min_length=1, max_length=500)
    publisher: str = Field(default="", max_length=120)


class GradeSet(Model):
    """A grade that was set, or put back, by the change ``change_id``."""

    change_id: str
    domain: str
    before: SourceLetter
    after: SourceLetter


class SourceChangeItem(Model):
    """A grade that was set at the desk. ``in_force``: nothing changed it since, so it can be undone."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    domain: str
    at: datetime
    user_id: str
    before: SourceGrade
    after: SourceGrade
    undone_at: datetime | None
    in_force: bool


class SourceChangeList(Model):
    """The latest grades that were set at the desk."""

    items: Sequence[SourceChangeItem]


router = APIRouter()


class FeedAddress(Model):
    """The address of a feed, or to find feeds, of a page."""

    url: str = Field(min_length=1, max_length=2_000)


class Speakers(Model):
    """The domains of the publishers that may speak through a feed besides its own host, and the reason for it."""

    domains: tuple[str, ...] = Field(max_length=50)
    ground: str = Field(default="", max_length=500)


class Credentials(Model):
    """The credentials that a feed's server asks for. ``name`` is the user's, or the header's; a token has none."""

    kind: CredentialKind
    name: str = Field(default="", max_length=200)
    secret: SecretStr = Field(default=SecretStr(""), max_length=8_000)


class FullText(Model):
    """The wish to have the articles of a feed's headlines and teasers read on their pages, or not."""

    wanted: StrictBool


class OpmlText(Model):
    """A list of feeds as OPML."""

    opml: str = Field(max_length=200_000)


class PackName(Model):
    """The name of a pack."""

    name: str = Field(min_length=1, max_length=40)


class FeedPacks(Model):
    """The packs that ship with Firstword."""

    items: Sequence[FeedPack]


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
    return FeedsFound(items=await feeds.find(context.viewer, context.dependencies, context.site.find_rates, page.url))


@router.get("/feeds/packs")
def list_packs(context: Caller) -> FeedPacks:
    """List the sets of official feeds that ship with Firstword; none to those who may not add feeds."""
    return FeedPacks(items=feeds.packs(context.viewer, context.dependencies))


@router.post("/feeds/packs")
def add_pack(context: Caller, pack: PackName) -> FeedImport:
    """Watch all feeds of a pack (owners only). Those that are watched already stay as they are."""
    return feeds.add_pack(context.viewer, context.dependencies, pack.name)


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


@router.put("/feeds/{feed_id}/credentials")
def set_credentials(context: Caller, feed_id: str, credentials: Credentials) -> Changed:
    """Set what a feed's server asks for, or with ``none`` forget it (owners only). It can't be read again."""
    secret = credentials.secret.get_secret_value()
    feeds.set_credentials(context.viewer, context.dependencies, feed_id, credentials.kind, credentials.name, secret)
    return Changed(feed_id=feed_id)


@router.put("/feeds/{feed_id}/full-text")
def set_full_text(context: Caller, feed_id: str, full_text: FullText) -> Changed:
    """Set whether the articles of a feed's headlines and teasers are read on their pages (owners only).

    Only pages on the feed's own site are read, after their robots.txt, and nothing that is for subscribers.
    """
    feeds.set_full_text(context.viewer, context.dependencies, feed_id, wanted=full_text.wanted)
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


@router.get("/sources/changes")
def list_source_changes(context: Caller) -> SourceChangeList:
    """List the latest grades that were set at the desk, newest first (owners only)."""
    with context.reading() as connection:
        found = sources.list_changes(connection, context.viewer, context.dependencies)
    return SourceChangeList(items=[SourceChangeItem.model_validate(change) for change in found])


@router.post("/sources/grade", status_code=201)
def set_source_grade(context: Caller, wanted: NewGrade) -> GradeSet:
    """Set the grade of a source, with the reason (owners only). A new track record begins."""
    change = sources.set_grade(
        context.viewer,
        context.dependencies,
        wanted.domain,
        wanted.grade,
        wanted.ground,
        publisher=wanted.publisher,
    )
    return GradeSet(change_id=change.id, domain=change.domain, before=change.before.grade, after=change.after.grade)


@router.post("/sources/changes/{change_id}/undo")
def undo_source_grade(context: Caller, change_id: str) -> GradeSet:
    """Put the grade back that a source had before a change (owners only)."""
    change = sources.undo_grade(context.viewer, context.dependencies, change_id)
    return GradeSet(change_id=change.id, domain=change.domain, before=change.after.grade, after=change.before.grade)
