"""Clients who may be one and the same: compare them, merge them, or say that they are different."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from services.common.errors import BadInput
from services.notifier.desk.actions.duplicates import list_duplicates, merge_clients, tell_apart
from services.notifier.desk.context import RequestContext
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render

__all__ = ["router"]

router = APIRouter(prefix="/clients/duplicates")
_VERSION = "version."


@router.get("")
def show_duplicates(context: PageRequest) -> HTMLResponse:
    """List clients who may be one and the same, with what they share."""
    with context.reading() as connection:
        groups, total = list_duplicates(connection, context.scope)
    context.audit_read(
        "clients.duplicates", "clients", shown=(entry.client.id for group in groups for entry in group.entries)
    )
    return render(context, "duplicates.html", groups=groups, total=total)


@router.post("/merge")
async def post_merge(context: PageForm) -> Response:
    """Merge the ticked entries into the one to keep."""
    form = await context.request.form()
    inputs = {name: value for name, value in form.items() if isinstance(value, str)}
    ticked = [value for value in form.getlist("client") if isinstance(value, str)]
    return await run_in_threadpool(_merge, context, inputs, ticked)


def _merge(context: RequestContext, inputs: Mapping[str, str], ticked: list[str]) -> Response:
    kept = inputs.get("keep", "")
    if not kept:
        raise BadInput("No entry is chosen to be kept.", fix="Go back and choose one.")
    versions = {client_id: _version(inputs.get(f"{_VERSION}{client_id}", "")) for client_id in (kept, *ticked)}
    with context.acting() as action:
        merge_clients(action, kept, versions)
    return redirect(f"/clients/{kept}", "clients-merged")


@router.post("/different")
async def post_different(context: PageForm) -> Response:
    """Record that the ticked clients are different ones."""
    form = await context.request.form()
    ticked = [value for value in form.getlist("client") if isinstance(value, str)]

    def act() -> None:
        with context.acting() as action:
            tell_apart(action, ticked)

    await run_in_threadpool(act)
    return redirect("/clients/duplicates", "clients-different")


def _version(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
