"""Drafts whose deadline passed without a decision, and what to do about each."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.notifier import queries
from services.notifier.desk.pages.rendering import PageRequest, render

__all__ = ["router"]

router = APIRouter()


@router.get("/expired")
def expired(context: PageRequest) -> HTMLResponse:
    """List expired drafts, the latest deadline first."""
    with context.reading() as connection:
        page = queries.expired(connection, context.scope, number=context.page_number, size=context.page_size)
    context.audit_read("drafts.listed", "expired", shown=(line.client_id for line in page.items))
    return render(context, "expired.html", page=page)
