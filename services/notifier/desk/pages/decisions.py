"""News that was not sent, or not yet, and why."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.notifier import queries
from services.notifier.desk.pages.rendering import PageRequest, render

__all__ = ["router"]

router = APIRouter()


@router.get("/decisions")
def decisions(context: PageRequest) -> HTMLResponse:
    """List what was refused, ignored, dismissed, withdrawn or postponed."""
    with context.reading() as connection:
        page = queries.decisions(connection, context.scope, number=context.page_number, size=context.page_size)
    context.audit_read("decisions.listed", "decisions", shown=(row["client_id"] for row in page.items))
    return render(context, "decisions.html", page=page)
