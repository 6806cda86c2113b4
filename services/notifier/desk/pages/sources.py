"""Sources: their grades and the grounds for them, their track records, and the feeds through which they may speak."""

from __future__ import annotations

from typing import Annotated, get_args
from urllib.parse import quote

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from schemas.mentions import SourceLetter
from services.notifier.desk.actions import sources as grades
from services.notifier.desk.actions.feeds import feeds_of, list_sources
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render

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
    with context.reading() as connection:
        changes = grades.list_changes(connection, context.viewer, context.dependencies)
    return render(
        context,
        "sources.html",
        letters=get_args(SourceLetter),
        may_grade=grades.may_grade(context.viewer, context.dependencies),
        changes=changes,
        page=page,
        search=context.search,
        everything=everything,
        feeds=feeds_of(context.dependencies, page.items),
    )


@router.post("/grade")
def set_grade(
    context: PageForm,
    domain: Annotated[str, Form(max_length=255)],
    grade: Annotated[SourceLetter, Form()],
    ground: Annotated[str, Form(max_length=500)] = "",
    publisher: Annotated[str, Form(max_length=120)] = "",
) -> Response:
    """Set the grade of a source, with the reason."""
    change = grades.set_grade(context.viewer, context.dependencies, domain, grade, ground, publisher=publisher)
    return redirect(f"/sources?all=yes&q={quote(change.domain)}", "source-graded")


@router.post("/changes/{change_id}/undo")
def undo_grade(context: PageForm, change_id: str) -> Response:
    """Put the grade back that a source had before a change."""
    change = grades.undo_grade(context.viewer, context.dependencies, change_id)
    return redirect(f"/sources?all=yes&q={quote(change.domain)}", "source-undone")
