"""Add and edit clients, archive and restore them, and their history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any
from zoneinfo import available_timezones

from fastapi import APIRouter, Form
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from schemas.clients import ClientChanged
from services.notifier import queries
from services.notifier.client_book.fields import LABELS
from services.notifier.client_book.history import changes_of, removal
from services.notifier.client_book.port import EntryProblem, InterestPreview, InvalidEntry
from services.notifier.client_book.store import book_frame
from services.notifier.desk.actions.client_edits import (
    EditConflict,
    add_client,
    archive_client,
    restore_client,
    save_client,
)
from services.notifier.desk.actions.interest_previews import preview_interest, read_interest
from services.notifier.desk.client_form import ROWS, entry_of, form_of, problems_by_input
from services.notifier.desk.context import RequestContext
from services.notifier.desk.errors import NotFound
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render

__all__ = ["router"]

router = APIRouter(prefix="/clients")
#: Empty rows below those that are filled in, and how many more a click adds.
EMPTY_ROWS = {"desires": 1, "assets": 2, "interests": 1, "views": 1, "history": 1, "contact.blackouts": 1}
MORE_ROWS = 5


@router.get("/new")
def new_client(context: PageRequest) -> HTMLResponse:
    """Show an empty form."""
    own = None if context.viewer.may("clients.assign") else context.viewer.manager_id
    return _form(context, None, {"manager": own or ""})


@router.post("/new")
async def post_new_client(context: PageForm) -> Response:
    """Add a client, or show the form again with its problems."""
    return await run_in_threadpool(_add, context, await _inputs(context))


def _add(context: RequestContext, form: Mapping[str, str]) -> Response:
    entry, kept = entry_of(form)
    if (again := _again(context, None, form, kept)) is not None:
        return again
    try:
        with context.acting() as action:
            saved = add_client(action, entry)
    except InvalidEntry as invalid:
        return _form(context, None, kept, problems=invalid.problems, code=422)
    return redirect(f"/clients/{saved.entry.client.id}", "client-added")


@router.get("/{client_id}/edit")
def edit_client(context: PageRequest, client_id: str) -> HTMLResponse:
    """Show a client's entry as a form, with what is worth checking in it."""
    entry = _client(context, client_id)
    with context.acting() as action:
        written = action.book.entry(entry.client)
        problems = action.book.read(written, book_frame(action.connection)).problems
    context.audit_read("client.read", client_id, client_id)
    return _form(context, entry, form_of(written), problems=problems)


@router.post("/{client_id}/edit")
async def post_client(context: PageForm, client_id: str) -> Response:
    """Save an entry; show the form again if it has problems or somebody else has changed the same fields."""
    return await run_in_threadpool(_save, context, client_id, await _inputs(context))


def _save(context: RequestContext, client_id: str, form: Mapping[str, str]) -> Response:
    entry, kept = entry_of(form)
    version = form.get("version", "")
    read_version = int(version) if version.isdecimal() and len(version) < 10 else 0
    if (again := _again(context, client_id, form, kept, version=read_version)) is not None:
        return again
    try:
        with context.acting() as action:
            saved = save_client(action, client_id, read_version, entry)
    except InvalidEntry as invalid:
        current = _client(context, client_id)
        return _form(context, current, kept, version=read_version, problems=invalid.problems, code=422)
    except EditConflict as conflict:
        return _form(context, conflict.current, kept, conflict=conflict, code=409)
    return redirect(f"/clients/{client_id}", "client-saved" if saved.fields else "client-same")


@router.post("/{client_id}/archive")
def post_archive(context: PageForm, client_id: str, reason: Annotated[str, Form()] = "") -> Response:
    """Archive a client."""
    with context.acting() as action:
        archive_client(action, client_id, reason)
    return redirect("/clients", "client-archived")


@router.post("/{client_id}/restore")
def post_restore(context: PageForm, client_id: str) -> Response:
    """Restore an archived client."""
    with context.acting() as action:
        restore_client(action, client_id)
    return redirect(f"/clients/{client_id}", "client-restored")


@router.get("/{client_id}/history")
def show_history(context: PageRequest, client_id: str) -> HTMLResponse:
    """Show who changed what in a client's entry, and when."""
    with context.reading() as connection:
        entry = queries.client(connection, context.scope, client_id)
        last = entry or removal(connection, context.scope, client_id)
        if last is None:
            raise NotFound("There is no such client.")
        page = changes_of(connection, context.scope, client_id, number=context.page_number, size=context.page_size)
    context.audit_read("client.history", client_id, client_id)
    return render(context, "client_history.html", client=last.client, archived=entry is None, page=page)


def _again(
    context: RequestContext,
    client_id: str | None,
    form: Mapping[str, str],
    kept: Mapping[str, str],
    *,
    version: int | None = None,
) -> Response | None:
    """Return the form with more rows or with the preview of an interest, if one was asked for; nothing is saved."""
    what, _, which = form.get("do", "").partition(":")
    if what not in ("more", "preview"):
        return None
    current = None if client_id is None else _client(context, client_id)
    if what == "more":
        return _form(context, current, kept, version=version, more=which)
    entry, _ = entry_of(kept)
    interests = entry.get("interests", [])
    if not (which.isdecimal() and int(which) < len(interests)):
        return _form(context, current, kept, version=version)
    try:
        with context.acting() as action:
            watch = read_interest(action, interests[int(which)], entry.get("trade"))
        shown = preview_interest(context.dependencies.interest_previews, watch, context.now)
    except InvalidEntry as invalid:
        problems = [
            replace(problem, field=problem.field.replace("[0]", f"[{which}]", 1)) for problem in invalid.problems
        ]
        return _form(context, current, kept, version=version, problems=problems, code=422)
    return _form(context, current, kept, version=version, preview=(int(which), shown))


async def _inputs(context: RequestContext) -> dict[str, str]:
    form = await context.request.form()
    inputs: dict[str, str] = {}
    for name in form:
        values = [value for value in form.getlist(name) if isinstance(value, str)]
        inputs[name] = "; ".join(values)
    return inputs


def _client(context: RequestContext, client_id: str) -> ClientChanged:
    with context.reading() as connection:
        entry = queries.client(connection, context.scope, client_id)
    if entry is None:
        raise NotFound("There is no such client.")
    return entry


def _form(
    context: RequestContext,
    entry: ClientChanged | None,
    values: Mapping[str, str],
    *,
    version: int | None = None,
    problems: Iterable[EntryProblem] = (),
    conflict: EditConflict | None = None,
    more: str = "",
    preview: tuple[int, InterestPreview] | None = None,
    code: int = 200,
) -> HTMLResponse:
    with context.reading() as connection:
        frame = book_frame(connection)
    found = list(problems)
    rows = {group: _filled(values, group) + EMPTY_ROWS[group] + (MORE_ROWS if more == group else 0) for group in ROWS}
    own: dict[str, Any] = {"trade": frame.firm.trade, "jargon": "plain", "mood": "calm", "language": "", "risk": ""}
    return render(
        context,
        "client_edit.html",
        code=code,
        entry=entry,
        version=version if version is not None else entry.revision if entry else 0,
        values={**own, **values} if entry is None else values,
        problems=problems_by_input(found),
        errors=[problem for problem in found if problem.severity == "error"],
        conflict=conflict,
        preview=preview,
        rows=rows,
        managers=frame.managers,
        may_assign=context.viewer.may("clients.assign"),
        trades=context.dependencies.trades,
        zones=sorted(available_timezones()),
        field_labels=LABELS,
    )


def _filled(values: Mapping[str, str], group: str) -> int:
    names = (name[len(group) + 1 :].partition(".")[0] for name in values if name.startswith(f"{group}."))
    return max((int(number) for number in names if number.isdecimal()), default=-1) + 1
