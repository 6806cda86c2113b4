"""The client book as it is known here, and what was found for each."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from services.common.errors import BadInput
from services.notifier import queries
from services.notifier.contact.blackouts import upcoming_blackouts
from services.notifier.contact.discovery import answers_by_question, questions_for, unanswered
from services.notifier.contact.plan import zone_of
from services.notifier.desk import labels, web
from services.notifier.desk.actions import NotFound
from services.notifier.desk.relations import CONTACT_CHANNELS, ContactChannel, Relations
from services.notifier.desk.web import Page, back_to, number_of
from services.notifier.outreach.tuning import BOUNDS, ENTITY_BOUNDS

__all__ = ["router"]

router = APIRouter(prefix="/clients")


@router.get("")
def every(who: Page) -> HTMLResponse:
    """Clients by name."""
    search = who.request.query_params.get("q", "").strip()[:100]
    size = who.site.deps.settings.page_size
    with who.reading() as connection:
        page = queries.client_lines(connection, who.scope, search=search, number=number_of(who.request), size=size)
    who.note_read("clients.listed", "clients", None)
    return who.page("clients.html", page=page, search=search)


@router.get("/{client_id}")
def one(who: Page, client_id: str) -> HTMLResponse:
    """What a client owns, wants and follows; what was found for them, and what passed between us."""
    with who.reading() as connection:
        book = queries.client(connection, who.scope, client_id)
        if book is None:
            raise NotFound("There is no such client.")
        drafts = queries.drafts_of(connection, who.scope, client_id=client_id)
        found = queries.alert_lines(connection, who.scope, client_id)
        contacts = queries.contacts(connection, who.scope, client_id)
        tuning = queries.tuning(connection, who.scope, client_id)
    who.note_read("client.read", client_id, client_id)
    return who.page(
        "client.html",
        book=book,
        drafts=drafts,
        found=found,
        contacts=contacts,
        tuning=tuning,
        bounds=(BOUNDS, ENTITY_BOUNDS),
        blackouts=upcoming_blackouts(book.client, zone_of(book.client), who.now),
        channels=CONTACT_CHANNELS,
        local_now=who.now.astimezone(labels.zone(who.viewer.time_zone)).strftime("%Y-%m-%dT%H:%M"),
        open_questions=len(unanswered(book.client)),
    )


@router.post("/{client_id}/contacts")
def log_contact(
    who: web.Form,
    client_id: str,
    at: Annotated[str, Form(max_length=25)],
    channel: Annotated[ContactChannel, Form()],
    summary: Annotated[str, Form()],
    minutes: Annotated[str, Form(max_length=4)] = "",
    opinion: Annotated[str, Form()] = "",
    confirm: Annotated[str, Form()] = "",
) -> Response:
    """A conversation took place; ``at`` is on the viewer's own clock."""
    try:
        moment = datetime.fromisoformat(at).replace(tzinfo=labels.zone(who.viewer.time_zone))
    except ValueError:
        raise BadInput(f"{at!r} is no moment.", fix="Give day and time, such as 2026-01-31 14:30.") from None
    if minutes and not (minutes.isascii() and minutes.isdigit()):
        raise BadInput(f"{minutes!r} are no minutes.", fix="Give a whole number, or leave it empty.")
    with who.acting() as desk:
        draft_id = Relations(desk).log_contact(
            client_id,
            at=moment,
            channel=channel,
            minutes=int(minutes) if minutes else None,
            summary=summary,
            opinion=opinion,
            confirm=bool(confirm),
        )
    return back_to(f"/clients/{client_id}", "contact" if draft_id is None else "confirm")


@router.get("/{client_id}/discovery")
def discovery(who: Page, client_id: str) -> HTMLResponse:
    """Questions for getting to know the client, and what they answered."""
    with who.reading() as connection:
        book = queries.client(connection, who.scope, client_id)
    if book is None:
        raise NotFound("There is no such client.")
    who.note_read("client.discovery", client_id, client_id)
    answers = answers_by_question(book.client)
    return who.page("discovery.html", book=book, questions=questions_for(book.client.trade), answers=answers)


@router.post("/{client_id}/discovery")
async def answer(who: web.Form, client_id: str) -> Response:
    """What the client answered, by question."""
    form = await who.request.form()
    answers = {name: value for name, value in form.items() if isinstance(value, str) and name != "form_token"}

    def keep() -> int:
        with who.acting() as desk:
            return Relations(desk).answer(client_id, answers)

    count = await run_in_threadpool(keep)
    return back_to(f"/clients/{client_id}/discovery", "answers" if count else "no-answers")
