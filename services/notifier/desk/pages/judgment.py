"""Why: held rumors and what to answer, each verdict's reasons, and everything that was decided against."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.notifier import queries
from services.notifier.desk.actions import NotFound
from services.notifier.desk.web import Page, number_of

__all__ = ["router"]

router = APIRouter()


@router.get("/held")
def held(who: Page) -> HTMLResponse:
    """Rumors that are held back, for when the client calls."""
    size = who.site.deps.settings.page_size
    with who.reading() as connection:
        page = queries.held(connection, who.scope, number=number_of(who.request), size=size)
    who.note_read("held.listed", "held", None)
    return who.page("held.html", page=page)


@router.get("/decisions")
def decisions(who: Page) -> HTMLResponse:
    """What was refused, ignored, dismissed or withdrawn, and why."""
    size = who.site.deps.settings.page_size
    with who.reading() as connection:
        page = queries.decisions(connection, who.scope, number=number_of(who.request), size=size)
    who.note_read("decisions.listed", "decisions", None)
    return who.page("decisions.html", page=page)


@router.get("/alerts/{alert_id}")
def explain(who: Page, alert_id: str) -> HTMLResponse:
    """One verdict: each rule that spoke, and the evidence."""
    with who.reading() as connection:
        alert = queries.alert(connection, who.scope, alert_id)
        if alert is None:
            raise NotFound("There is no such alert.")
        book = queries.client(connection, who.scope, alert.client_id)
        course = queries.story(connection, who.scope, alert.client_id, alert.story_id)
        drafts = queries.drafts_of(connection, who.scope, alert_id=alert_id)
    who.note_read("alert.read", alert_id, alert.client_id)
    return who.page("alert.html", alert=alert, book=book, course=course, drafts=drafts)
