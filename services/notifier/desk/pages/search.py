"""Search over drafts, stories, clients and holdings; the box is on every page."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.notifier.desk.pages.rendering import PageRequest, render
from services.notifier.search.queries import search

__all__ = ["router"]

router = APIRouter(prefix="/search")


@router.get("")
def show(context: PageRequest) -> HTMLResponse:
    """Show what was found, by what it is."""
    with context.reading() as connection:
        results = search(connection, context.scope, context.search)
    if context.search:
        # Without the words: they may name a client, and the log keeps no names that an erasure could not remove.
        context.audit_read("search", "search", shown=results.client_ids())
    return render(context, "search.html", results=results, search=context.search)
