"""The feeds that are watched, and how each of them is."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from services.notifier.desk import web
from services.notifier.desk.actions import NotFound, audit
from services.notifier.desk.deps import FeedActions
from services.notifier.desk.web import Asking, Page, back_to

__all__ = ["router"]

router = APIRouter(prefix="/feeds")


@router.get("")
def every(who: Page) -> HTMLResponse:
    """All feeds, those with a problem first."""
    feeds = sorted(who.site.deps.feeds_view(), key=lambda feed: (not feed.ill, feed.name.casefold(), feed.id))
    return who.page("feeds.html", feeds=feeds, ill=sum(feed.ill for feed in feeds), may_change=_may_change(who))


@router.post("")
def add(who: web.Form, url: Annotated[str, Form(max_length=2_000)]) -> Response:
    """Watch one more."""
    _actions(who).add(url.strip())
    _note(who, "feed.added", url.strip())
    return back_to("/feeds", "feed-added")


@router.post("/{feed_id}/{action}")
def change(who: web.Form, feed_id: str, action: Literal["remove", "pause", "resume"]) -> Response:
    """Remove, pause or resume one."""
    actions = _actions(who)
    if feed_id not in {feed.id for feed in who.site.deps.feeds_view()}:
        raise NotFound("There is no such feed.")
    match action:
        case "remove":
            actions.remove(feed_id)
        case "pause":
            actions.pause(feed_id)
        case "resume":
            actions.resume(feed_id)
    _note(who, f"feed.{action}d", feed_id)
    return back_to("/feeds", f"feed-{action}d")


def _may_change(who: Asking) -> bool:
    return who.viewer.role == "owner" and who.site.deps.feed_actions is not None


def _actions(who: Asking) -> FeedActions:
    """Feeds serve everybody, so only the owner changes them.

    Raises:
        NotFound: for everybody else.
    """
    actions = who.site.deps.feed_actions
    if actions is None or not _may_change(who):
        raise NotFound("There is no such page.")
    return actions


def _note(who: Asking, action: str, subject: str) -> None:
    with who.site.deps.engine.begin() as connection:
        audit(connection, who.viewer, who.now, action, subject[:120])
