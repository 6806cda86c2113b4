"""Sources: their grades and the grounds for them, their track records, and the feeds through which they may speak."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.notifier.desk.actions.feeds import feeds_of, list_sources
from services.notifier.desk.pages.rendering import PageRequest, render

__all__ = ["router"]

router = APIRouter(prefix="/sources")


@router.get("")
def sources(context: PageRequest) -> HTMLResponse:
    """List sources by domain; ``?all=yes`` also those without a feed, ``?q=`` searches."""
    everything = context.request.query_params.get("all") == "yes"
    page = list_sources(
        context.dependencies,
        context.search,
        only_feeds=not everything,
        number=context.page_number,
        size=context.page_size,
    )
    return render(
        context,
        "sources.html",
        page=page,
        search=context.search,
        everything=everything,
        feeds=feeds_of(context.dependencies, page.items),
    )
