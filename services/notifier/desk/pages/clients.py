"""The client book as it is known here, and what was found for each."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.notifier import repository
from services.notifier.desk.actions import NotFound
from services.notifier.desk.web import Page, number_of

__all__ = ["router"]

router = APIRouter(prefix="/clients")


@router.get("")
def every(who: Page) -> HTMLResponse:
    """Clients by name."""
    search = who.request.query_params.get("q", "").strip()[:100]
    size = who.site.deps.settings.page_size
    with who.reading() as connection:
        page = repository.client_lines(connection, who.scope, search=search, number=number_of(who.request), size=size)
    who.note_read("clients.listed", "clients", None)
    return who.page("clients.html", page=page, search=search)


@router.get("/{client_id}")
def one(who: Page, client_id: str) -> HTMLResponse:
    """What a client owns, wants and follows; what was found for them, and what passed between us."""
    with who.reading() as connection:
        book = repository.client(connection, who.scope, client_id)
        if book is None:
            raise NotFound("There is no such client.")
        drafts = repository.drafts_of(connection, who.scope, client_id=client_id)
        found = repository.alert_lines(connection, who.scope, client_id)
        contacts = repository.contacts(connection, client_id)
    who.note_read("client.read", client_id, client_id)
    return who.page("client.html", book=book, drafts=drafts, found=found, contacts=contacts)
