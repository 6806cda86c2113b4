"""What went out, what is on its way, and what a person must look into."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from services.notifier import queries
from services.notifier.desk import web
from services.notifier.desk.web import Page, back_to, number_of

__all__ = ["router"]

router = APIRouter()
STATUSES = ("pending", "sending", "delivered", "failed", "unknown")


@router.get("/sent")
def sent(who: Page) -> HTMLResponse:
    """Deliveries; those whose outcome nobody knows come first."""
    wanted = who.request.query_params.get("status")
    status = wanted if wanted in STATUSES else None
    size = who.site.deps.settings.page_size
    with who.reading() as connection:
        page = queries.delivery_lines(connection, who.scope, status=status, number=number_of(who.request), size=size)
    who.note_read("deliveries.listed", "deliveries", None)
    return who.page("sent.html", page=page, status=status, statuses=STATUSES)


@router.post("/deliveries/{delivery_id}/arrived")
def arrived(who: web.Form, delivery_id: str) -> Response:
    """A person knows that the client has it."""
    with who.acting() as desk:
        desk.arrived(delivery_id)
    return back_to("/sent", "delivery")


@router.post("/deliveries/{delivery_id}/again")
def again(who: web.Form, delivery_id: str) -> Response:
    """A person wants it sent again."""
    with who.acting() as desk:
        desk.send_again(delivery_id)
    return back_to("/sent", "delivery")
