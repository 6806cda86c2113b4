"""What there is to decide, the most urgent first."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.notifier import queries
from services.notifier.desk.web import Page, number_of
from services.notifier.webhooks import log

__all__ = ["router"]

router = APIRouter()


@router.get("/")
def inbox(who: Page) -> HTMLResponse:
    """Drafts by deadline, what waits to go out, and what is wrong."""
    with who.reading() as connection:
        size = who.site.deps.settings.page_size
        page = queries.inbox(connection, who.scope, who.now, number=number_of(who.request), size=size)
        waiting = queries.waiting(connection, who.scope)
        stopped = log.disabled(connection) if who.viewer.role == "owner" else ()
    feeds = who.site.deps.feeds_view()
    ill = who.site.ill_feeds()
    return who.page("inbox.html", page=page, waiting=waiting, ill=ill, feed_count=len(feeds), stopped=stopped)
