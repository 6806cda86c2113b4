"""One draft: the message, the evidence behind it, and what to do with it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from schemas.drafts import DismissReason
from schemas.interactions import Feedback
from services.notifier import queries
from services.notifier.advice.queries import opinions_of_draft
from services.notifier.delivery.calendar import call_file, half_hour
from services.notifier.delivery.channels.base import Outgoing
from services.notifier.delivery.mailto import mailto
from services.notifier.delivery.routes import targets
from services.notifier.desk import web
from services.notifier.desk.actions import NotFound
from services.notifier.desk.checks import checks_of, why_this_client
from services.notifier.desk.relations import Relations
from services.notifier.desk.web import Page, back_to
from services.notifier.drafting.grounding import by_sentence
from services.notifier.rewording import store as rewordings

__all__ = ["router"]

router = APIRouter(prefix="/drafts")
Version = Annotated[int, Form(ge=0)]


@router.get("/{draft_id}")
def show(who: Page, draft_id: str) -> HTMLResponse:
    """The message on one side, where it comes from on the other."""
    with who.reading() as connection:
        line = queries.draft(connection, who.scope, draft_id)
        if line is None:
            raise NotFound("There is no such draft.")
        book = queries.client(connection, who.scope, line.client_id)
        before = line.draft.supersedes
        earlier = None if before is None else queries.draft(connection, who.scope, before)
        sendings = queries.deliveries_of(connection, who.scope, draft_id)
        others = [one for one in line.draft.told_alerts if one != line.draft.alert_id]
        told = queries.alerts_by_id(connection, who.scope, others)
        said = queries.feedback_on(connection, who.scope, draft_id)
        wording = rewordings.offer(connection, draft_id)
        fared = opinions_of_draft(connection, who.scope, draft_id)
        answers = [
            one for one in queries.contacts(connection, who.scope, line.client_id) if one["draft_id"] == draft_id
        ]
    who.note_read("draft.read", draft_id, line.client_id)
    recipient = None if book is None else book.client.contact.email
    way = next(iter(targets(book.client, who.site.deps.ways)), None) if book is not None else None
    checks = checks_of(line)
    return who.page(
        "draft.html",
        line=line,
        book=book,
        checks=checks,
        sentences=by_sentence(f"{line.subject}\n\n{line.body}", checks.grounding),
        why=why_this_client(line, book),
        sendings=sendings,
        told=told,
        said=said,
        wording=wording,
        fared=fared,
        answers=answers,
        earlier=earlier,
        # Until a channel is set up the address in the book stands there: it is what "Open in mail" writes to.
        recipient=recipient if way is None else way[1],
        by="" if way is None or way[0] == "email" else f" by {way[0].capitalize()}",
        mailto=None if recipient is None else mailto(recipient, line.subject, line.body),
        dismissing="dismiss" in who.request.query_params,
        editing=line.decidable and "edit" in who.request.query_params,
    )


@router.get("/{draft_id}/call.ics")
def call(who: Page, draft_id: str) -> Response:
    """An appointment to call the client about it, within their hours: at the next half hour."""
    with who.reading() as connection:
        line = queries.draft(connection, who.scope, draft_id)
        book = None if line is None else queries.client(connection, who.scope, line.client_id)
    if line is None or book is None:
        raise NotFound("There is no such draft.")
    who.note_read("draft.call", draft_id, line.client_id)
    contact, manager = book.client.contact, book.manager
    message = Outgoing(
        line.id, contact.phone or "", book.client.name, manager.name, manager.email, line.subject, line.body
    )
    start = half_hour(max(who.now, line.send_after))
    file = call_file(message, start, who.now, phone=contact.phone)
    return Response(
        file, media_type="text/calendar", headers={"Content-Disposition": 'attachment; filename="call.ics"'}
    )


@router.post("/{draft_id}/edit")
def edit(
    who: web.Form, draft_id: str, version: Version, subject: Annotated[str, Form()], body: Annotated[str, Form()]
) -> Response:
    """Keep another text."""
    with who.acting() as desk:
        desk.edit(draft_id, version, subject, body)
    return back_to(f"/drafts/{draft_id}", "saved")


@router.post("/{draft_id}/approve")
def approve(who: web.Form, draft_id: str, version: Version, when: Annotated[str, Form()] = "") -> Response:
    """Send it: now, or when the client's hours begin."""
    with who.acting() as desk:
        leaves_at: datetime = desk.approve(draft_id, version, at_once=when == "now")
    return back_to("/", "approved" if leaves_at <= who.now else "waiting")


@router.post("/{draft_id}/take-back")
def take_back(who: web.Form, draft_id: str, version: Version) -> Response:
    """Don't send it after all."""
    with who.acting() as desk:
        desk.take_back(draft_id, version)
    return back_to(f"/drafts/{draft_id}", "taken-back")


@router.post("/{draft_id}/dismiss")
def dismiss(
    who: web.Form,
    draft_id: str,
    version: Version,
    reason: Annotated[DismissReason, Form()],
    comment: Annotated[str, Form()] = "",
) -> Response:
    """Don't send it, and say why."""
    with who.acting() as desk:
        desk.dismiss(draft_id, version, reason, comment)
    return back_to("/", "dismissed")


@router.post("/{draft_id}/sent")
def sent_by_hand(who: web.Form, draft_id: str, version: Version) -> Response:
    """It was sent by other means."""
    with who.acting() as desk:
        desk.sent_by_hand(draft_id, version)
    return back_to("/", "marked")


@router.post("/{draft_id}/outcome")
def outcome(
    who: web.Form,
    draft_id: str,
    outcome: Annotated[Literal["replied", "acted", "disagreed", "no_answer", "other"], Form()],
    summary: Annotated[str, Form()] = "",
    opinion: Annotated[str, Form()] = "",
) -> Response:
    """What came of it."""
    with who.acting() as desk:
        desk.log_outcome(draft_id, outcome, summary, opinion)
    return back_to(f"/drafts/{draft_id}", "logged")


@router.post("/{draft_id}/feedback")
def feedback(
    who: web.Form,
    draft_id: str,
    feedback: Annotated[Feedback, Form()],
    comment: Annotated[str, Form()] = "",
) -> Response:
    """What it was worth to the client."""
    with who.acting() as desk:
        Relations(desk).give_feedback(draft_id, feedback, comment)
    return back_to(f"/drafts/{draft_id}", "feedback")
