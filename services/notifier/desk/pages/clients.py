"""The client book, and what Firstword found for each client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from schemas.clients import ClientChanged, Mood
from services.common.errors import BadInput
from services.notifier import queries
from services.notifier.client_book.duplicate_store import duplicates, duplicates_of
from services.notifier.client_book.fields import LABELS
from services.notifier.client_book.file_values import file_differences, filed_client
from services.notifier.client_book.port import EntryProblem, InvalidEntry
from services.notifier.contact.blackouts import upcoming_blackouts
from services.notifier.contact.discovery import answers_by_question, questions_for, unanswered
from services.notifier.contact.plan import zone_of
from services.notifier.desk import labels
from services.notifier.desk.actions.client_edits import EditConflict, take_file_value
from services.notifier.desk.actions.clients import (
    CONTACT_CHANNELS,
    ContactChannel,
    decide_mood,
    log_contact,
    record_interview,
    record_traits,
)
from services.notifier.desk.actions.figures import client_weeks
from services.notifier.desk.client_form import form_of
from services.notifier.desk.context import RequestContext
from services.notifier.desk.errors import NotFound
from services.notifier.desk.mood import mood_suggestion
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render
from services.notifier.desk.pictures import bars
from services.notifier.drafting.languages import language_name, reads_english
from services.notifier.outreach.tuning import BOUNDS, ENTITY_BOUNDS

__all__ = ["router"]

router = APIRouter(prefix="/clients")


@router.get("")
def list_clients(context: PageRequest) -> HTMLResponse:
    """List clients by name; ``?q=``, ``manager``, ``archived`` and ``asking`` filter them."""
    parameters = context.request.query_params
    wanted = queries.ClientFilter(
        context.search,
        parameters.get("manager", "")[:80],
        archived=bool(parameters.get("archived")),
        asking=bool(parameters.get("asking")),
    )
    with context.reading() as connection:
        page = queries.client_lines(
            connection, context.scope, wanted, number=context.page_number, size=context.page_size
        )
        managers = queries.client_managers(connection, context.scope)
        twins = len(duplicates(connection, context.scope)) if context.viewer.may("clients.write") else 0
    context.audit_read("clients.listed", "clients", shown=(entry.client.id for entry in page.items))
    filters = {"q": wanted.search, "manager": wanted.manager}
    filters |= {name: "yes" for name in ("archived", "asking") if getattr(wanted, name)}
    query = urlencode({name: value for name, value in filters.items() if value})
    return render(
        context,
        "clients.html",
        page=page,
        wanted=wanted,
        managers=managers,
        query=f"&{query}" if query else "",
        duplicates=twins,
    )


@router.get("/{client_id}")
def show_client(context: PageRequest, client_id: str) -> HTMLResponse:
    """Show what a client owns, wants and follows, what was found for them, and the contacts with them."""
    with context.reading() as connection:
        entry = queries.client(connection, context.scope, client_id)
        if entry is None:
            raise NotFound("There is no such client.")
        drafts = queries.drafts_of(connection, context.scope, client_id=client_id)
        alerts = queries.alert_lines(connection, context.scope, client_id)
        contacts = queries.contacts(connection, context.scope, client_id)
        stopped = queries.stopped(connection, context.scope, client_id)
        filed = filed_client(connection, client_id)
        same = duplicates_of(connection, context.scope, client_id)
        tuning = queries.tuning(connection, context.scope, client_id)
        weekly = client_weeks(connection, context.scope, client_id, context.now, labels.zone(context.viewer.time_zone))
    trade = context.dependencies.trades.of(entry.client.trade)
    context.audit_read("client.read", client_id, client_id)
    return render(
        context,
        "client.html",
        book=entry,
        trade=trade,
        drafts=drafts,
        alerts=alerts,
        contacts=contacts,
        tuning=tuning,
        week_bars=bars(weekly, entry.client.contact.max_per_week),
        stopped=stopped,
        same=same,
        file_differences=() if filed is None else file_differences(entry.client, filed[0]),
        labels_of=LABELS,
        filed_at=None if filed is None else filed[1],
        language="English" if reads_english(entry.client) else language_name(entry.client.language),
        mood_hint=mood_suggestion(entry.client, contacts, context.now),
        bounds=BOUNDS,
        entity_bounds=ENTITY_BOUNDS,
        blackouts=upcoming_blackouts(entry.client, zone_of(entry.client), context.now),
        channels=CONTACT_CHANNELS,
        local_now=context.now.astimezone(labels.zone(context.viewer.time_zone)).strftime("%Y-%m-%dT%H:%M"),
        open_questions=len(unanswered(entry.client, trade)),
    )


@router.post("/{client_id}/file-value")
def take_value(
    context: PageForm, client_id: str, field: Annotated[str, Form(max_length=80)], version: Annotated[int, Form(ge=0)]
) -> Response:
    """Give a field that was changed at the desk back to the client book's file."""
    with context.acting() as action:
        take_file_value(action, client_id, version, field)
    return redirect(f"/clients/{client_id}", "file-value")


@router.post("/{client_id}/contacts")
def post_contact(
    context: PageForm,
    client_id: str,
    at: Annotated[str, Form(max_length=25)],
    channel: Annotated[ContactChannel, Form()],
    summary: Annotated[str, Form()],
    minutes: Annotated[str, Form(max_length=4)] = "",
    opinion: Annotated[str, Form()] = "",
    confirm: Annotated[str, Form()] = "",
) -> Response:
    """Record a conversation; ``at`` is in the viewer's zone."""
    try:
        moment = datetime.fromisoformat(at).replace(tzinfo=labels.zone(context.viewer.time_zone))
    except ValueError:
        raise BadInput(
            f"{at!r} is not a valid date and time.", fix="Give date and time, such as 2026-01-31 14:30."
        ) from None
    if minutes and not (minutes.isascii() and minutes.isdigit()):
        raise BadInput(f"{minutes!r} is not a number of minutes.", fix="Give a whole number, or leave it empty.")
    with context.acting() as action:
        draft_id = log_contact(
            action,
            client_id,
            at=moment,
            channel=channel,
            minutes=int(minutes) if minutes else None,
            summary=summary,
            opinion=opinion,
            confirm=bool(confirm),
        )
    return redirect(f"/clients/{client_id}", "contact" if draft_id is None else "confirm")


@router.post("/{client_id}/traits")
def post_traits(
    context: PageForm,
    client_id: str,
    goal: Annotated[str, Form()] = "",
    words: Annotated[str, Form()] = "",
    risk: Annotated[str, Form()] = "",
) -> Response:
    """Record a goal and a risk tolerance that the client book leaves out."""
    with context.acting() as action:
        count = record_traits(action, client_id, risk=risk, goal=goal, words=words)
    return redirect(f"/clients/{client_id}", "answers" if count else "no-answers")


@router.post("/{client_id}/mood")
def post_mood(
    context: PageForm,
    client_id: str,
    mood: Annotated[Mood, Form()],
    draft: Annotated[str, Form(pattern=r"^[\w-]*$", max_length=80)] = "",
) -> Response:
    """Record how the client feels at present; go back to the ``draft`` that it was decided on."""
    with context.acting() as action:
        decide_mood(action, client_id, mood)
    return redirect(f"/drafts/{draft}" if draft else f"/clients/{client_id}", "mood")


@router.get("/{client_id}/discovery")
def discovery(context: PageRequest, client_id: str) -> HTMLResponse:
    """Show questions for getting to know the client, with the answers so far, and the profile that they fill."""
    with context.acting() as action:
        entry = action.client(client_id)
        values = form_of(action.book.entry(entry.client))
    context.audit_read("client.discovery", client_id, client_id)
    return _interview(context, entry, values, version=entry.revision)


@router.post("/{client_id}/discovery")
async def post_answers(context: PageForm, client_id: str) -> Response:
    """Save the client's answers, by question, and the profile; show the form again if it has problems."""
    form = await context.request.form()
    inputs = {name: value for name, value in form.items() if isinstance(value, str) and name != "form_token"}
    return await run_in_threadpool(_save_interview, context, client_id, inputs)


def _save_interview(context: RequestContext, client_id: str, inputs: Mapping[str, str]) -> Response:
    text = inputs.get("version", "")
    version = int(text) if text.isdecimal() and len(text) < 10 else 0
    try:
        with context.acting() as action:
            count = record_interview(action, client_id, version, inputs, inputs)
        return redirect(f"/clients/{client_id}/discovery", "answers" if count else "no-answers")
    except InvalidEntry as invalid:
        problems, code = [problem for problem in invalid.problems if problem.severity == "error"], 422
    except EditConflict as conflict:
        # What was typed stays; a second save takes it.
        problems, code = [EntryProblem("error", "", conflict.message, conflict.fix or "")], 409
        version = conflict.current.revision
    with context.acting() as action:
        entry = action.client(client_id)
    return _interview(context, entry, inputs, version=version, problems=problems, code=code)


def _interview(
    context: RequestContext,
    entry: ClientChanged,
    values: Mapping[str, str],
    *,
    version: int,
    problems: Sequence[EntryProblem] = (),
    code: int = 200,
) -> HTMLResponse:
    trade = context.dependencies.trades.of(entry.client.trade)
    return render(
        context,
        "discovery.html",
        code=code,
        book=entry,
        questions=questions_for(trade),
        answers=answers_by_question(entry.client, trade),
        values=values,
        version=version,
        problems=problems,
        goals=list(trade.desires),
    )
