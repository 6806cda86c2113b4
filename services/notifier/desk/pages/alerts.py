"""Verdicts on news: rumors that are held back, news that was left out, and one alert with all its reasons."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from services.notifier import queries
from services.notifier.desk.actions import alerts, stopped_news
from services.notifier.desk.errors import NotFound
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render
from services.notifier.digest.gather import NOTICED_WITHIN

__all__ = ["router"]

router = APIRouter()


@router.get("/held")
def held(context: PageRequest) -> HTMLResponse:
    """Show rumors that are held back, with an answer in case the client asks."""
    with context.reading() as connection:
        page = queries.held(connection, context.scope, number=context.page_number, size=context.page_size)
    context.audit_read("held.listed", "held", shown=(alert.client_id for alert, _ in page.items))
    return render(context, "held.html", page=page)


@router.get("/noticed")
def noticed(context: PageRequest) -> HTMLResponse:
    """Show the last week's news that was left out of the clients' messages, with the reason."""
    since = context.now - NOTICED_WITHIN
    with context.reading() as connection:
        page = queries.noticed(connection, context.scope, since, number=context.page_number, size=context.page_size)
    context.audit_read("noticed.listed", "noticed", shown=(line.alert.client_id for line in page.items))
    return render(context, "noticed.html", page=page)


@router.post("/alerts/{alert_id}/tell")
def tell_anyway(context: PageForm, alert_id: str, reason: Annotated[str, Form()] = "") -> Response:
    """Ask for a draft on news that was left out."""
    with context.acting() as action:
        alerts.tell_anyway(action, alert_id, reason)
    return redirect("/noticed", "requested")


@router.post("/alerts/{alert_id}/asked")
def note_asked(context: PageForm, alert_id: str, comment: Annotated[str, Form()] = "") -> Response:
    """Note that the client asked about it."""
    with context.acting() as action:
        alerts.note_asked(action, alert_id, comment)
    return redirect(f"/alerts/{alert_id}", "asked")


@router.post("/alerts/{alert_id}/never")
def stop_telling(context: PageForm, alert_id: str, reason: Annotated[str, Form()] = "") -> Response:
    """Don't tell the client such news again."""
    with context.acting() as action:
        stopped_news.stop_telling(action, alert_id, reason)
    return redirect(f"/alerts/{alert_id}", "stopped")


@router.post("/clients/{client_id}/resume")
def resume_telling(
    context: PageForm, client_id: str, entity_id: Annotated[str, Form()], kind: Annotated[str, Form()]
) -> Response:
    """Tell the client such news again."""
    with context.acting() as action:
        stopped_news.resume_telling(action, client_id, entity_id, kind)
    return redirect(f"/clients/{client_id}", "resumed")


@router.get("/alerts/{alert_id}")
def explain(context: PageRequest, alert_id: str) -> HTMLResponse:
    """Explain one verdict: all rules that applied, and the evidence."""
    with context.reading() as connection:
        alert = queries.alert(connection, context.scope, alert_id)
        if alert is None:
            raise NotFound("There is no such alert.")
        entry = queries.client(connection, context.scope, alert.client_id)
        story = queries.story(connection, context.scope, alert.client_id, alert.story_id)
        drafts = queries.drafts_of(connection, context.scope, alert_id=alert_id)
    context.audit_read("alert.read", alert_id, alert.client_id)
    ended = all(line.state in ("dismissed", "withdrawn", "expired") for line in drafts)
    may_tell = alert.information_grade != 5 and ended
    return render(context, "alert.html", alert=alert, book=entry, story=story, drafts=drafts, may_tell=may_tell)
