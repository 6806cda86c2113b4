"""Messages that went out, are on their way, or need a person's decision."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from services.notifier import queries
from services.notifier.desk.actions.deliveries import confirm_arrival, send_again
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render

__all__ = ["router"]

router = APIRouter()
STATUSES = ("pending", "sending", "delivered", "failed", "unknown")


@router.get("/sent")
def sent(context: PageRequest) -> HTMLResponse:
    """List deliveries; those of unknown outcome come first."""
    wanted = context.request.query_params.get("status")
    status = wanted if wanted in STATUSES else None
    with context.reading() as connection:
        page = queries.delivery_lines(
            connection, context.scope, status=status, number=context.page_number, size=context.page_size
        )
    context.audit_read("deliveries.listed", "deliveries", shown=(row["client_id"] for row in page.items))
    return render(context, "sent.html", page=page, status=status, statuses=STATUSES)


@router.post("/deliveries/{delivery_id}/arrived")
def post_arrival(context: PageForm, delivery_id: str) -> Response:
    """Record that the client has the message."""
    with context.acting() as action:
        confirm_arrival(action, delivery_id)
    return redirect("/sent", "delivery")


@router.post("/deliveries/{delivery_id}/again")
def post_send_again(context: PageForm, delivery_id: str) -> Response:
    """Send the message again."""
    with context.acting() as action:
        send_again(action, delivery_id)
    return redirect("/sent", "delivery")
