"""The watched feeds and their state."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from services.notifier.desk.actions import feeds
from services.notifier.desk.actions.feeds import FeedAction
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render

__all__ = ["router"]

router = APIRouter(prefix="/feeds")


@router.get("")
def list_feeds(context: PageRequest) -> HTMLResponse:
    """List all feeds, those with a problem first."""
    listed = sorted(
        context.dependencies.feeds_view(), key=lambda feed: (not feed.has_problem, feed.name.casefold(), feed.id)
    )
    return render(
        context,
        "feeds.html",
        feeds=listed,
        problem_count=sum(feed.has_problem for feed in listed),
        may_change=feeds.may_change(context.viewer, context.dependencies),
    )


@router.post("")
def add(context: PageForm, url: Annotated[str, Form(max_length=2_000)]) -> Response:
    """Watch another feed."""
    feeds.add(context.viewer, context.dependencies, url)
    return redirect("/feeds", "feed-added")


@router.post("/{feed_id}/{action}")
def change(context: PageForm, feed_id: str, action: FeedAction) -> Response:
    """Remove, pause or resume a feed."""
    feeds.change(context.viewer, context.dependencies, feed_id, action)
    return redirect("/feeds", f"feed-{action}d")
