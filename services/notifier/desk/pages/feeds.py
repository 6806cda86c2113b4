"""The watched feeds and their state: find, add, pause and remove them, and import and export the list."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from services.notifier.desk.actions import feeds, inlet_setup, quarantine
from services.notifier.desk.actions.feeds import FeedAction
from services.notifier.desk.context import RequestContext
from services.notifier.desk.dependencies import CredentialKind
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render

__all__ = ["router"]

router = APIRouter(prefix="/feeds")


@router.get("")
def list_feeds(context: PageRequest) -> HTMLResponse:
    """List all feeds, those with a problem first."""
    return _page(context)


@router.get("/feeds.opml")
def export(context: PageRequest) -> Response:
    """Return all feeds as an OPML file."""
    headers = {"Content-Disposition": 'attachment; filename="feeds.opml"'}
    return Response(feeds.export_opml(context.dependencies), media_type="text/x-opml", headers=headers)


@router.post("")
def add(context: PageForm, url: Annotated[str, Form(max_length=2_000)]) -> Response:
    """Watch another feed."""
    feeds.add(context.viewer, context.dependencies, url)
    return redirect("/feeds", "feed-added")


@router.post("/find")
async def find(context: PageForm, url: Annotated[str, Form(max_length=2_000)]) -> HTMLResponse:
    """Offer the feed at an address, or those of the page there, with a preview of each."""
    found = await feeds.find(context.viewer, context.dependencies, context.site.find_rates, url)
    return await run_in_threadpool(_page, context, found=found, asked=url.strip())


@router.post("/import")
def import_opml(context: PageForm, file: UploadFile) -> HTMLResponse:
    """Watch all feeds of an OPML file, and say which could not be read."""
    done = feeds.import_opml(context.viewer, context.dependencies, file.file.read(), file.filename or "the file")
    return _page(context, imported=done)


@router.post("/packs")
def add_pack(context: PageForm, name: Annotated[str, Form(max_length=40)]) -> HTMLResponse:
    """Watch all feeds of a pack."""
    return _page(context, imported=feeds.add_pack(context.viewer, context.dependencies, name))


@router.post("/{feed_id}/speakers")
def set_speakers(
    context: PageForm,
    feed_id: str,
    domains: Annotated[str, Form(max_length=2_000)] = "",
    ground: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Set the publishers that may speak through a feed; ``domains`` are separated by commas or blanks."""
    named = [domain for domain in re.split(r"[\s,;]+", domains) if domain]
    feeds.set_speakers(context.viewer, context.dependencies, feed_id, named, ground)
    return redirect("/feeds", "feed-speakers")


@router.post("/{feed_id}/credentials")
def set_credentials(
    context: PageForm,
    feed_id: str,
    kind: Annotated[CredentialKind, Form()],
    name: Annotated[str, Form(max_length=200)] = "",
    secret: Annotated[str, Form(max_length=8_000)] = "",
) -> Response:
    """Set what a feed's server asks for, or forget it."""
    feeds.set_credentials(context.viewer, context.dependencies, feed_id, kind, name, secret)
    return redirect("/feeds", "feed-credentials")


@router.post("/{feed_id}/full-text")
def set_full_text(context: PageForm, feed_id: str, wanted: Annotated[Literal["on", "off"], Form()]) -> Response:
    """Set whether the articles of a feed's headlines and teasers are read on their pages."""
    feeds.set_full_text(context.viewer, context.dependencies, feed_id, wanted=wanted == "on")
    return redirect("/feeds", f"feed-full-text-{wanted}")


@router.post("/{feed_id}/{action}")
def change(context: PageForm, feed_id: str, action: FeedAction) -> Response:
    """Remove, pause or resume a feed."""
    feeds.change(context.viewer, context.dependencies, feed_id, action)
    return redirect("/feeds", f"feed-{action}d")


def _page(context: RequestContext, **values: Any) -> HTMLResponse:
    listed = sorted(
        context.dependencies.feeds_view(), key=lambda feed: (not feed.has_problem, feed.name.casefold(), feed.id)
    )
    return render(
        context,
        "feeds.html",
        feeds=listed,
        problem_count=sum(feed.has_problem for feed in listed),
        unread=quarantine.count(context.viewer, context.dependencies),
        packs=feeds.packs(context.viewer, context.dependencies),
        may_change=feeds.may_change(context.viewer, context.dependencies),
        may_set_up=inlet_setup.may_set_up(context.viewer, context.dependencies),
        **{"found": None, "asked": "", "imported": None, **values},
    )
