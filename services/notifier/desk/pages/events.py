"""One event: the evidence, the clients it affects, and what each was or will be told."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.notifier.desk import labels
from services.notifier.desk.actions.events import show_event
from services.notifier.desk.actions.figures import touched_shares
from services.notifier.desk.pages.rendering import PageRequest, render
from services.notifier.desk.pictures import event_timeline
from services.notifier.event_views.clients import TELLING_OF

__all__ = ["router"]

router = APIRouter()


@router.get("/events/{event_id}")
def show(context: PageRequest, event_id: str) -> HTMLResponse:
    """Show an event, found by its own id or that of one of its stories or alerts."""
    with context.reading() as connection:
        view = show_event(
            connection, context.scope, event_id, context.now, number=context.page_number, size=context.page_size
        )
        touched = touched_shares(connection, context.scope, view)
    timeline = event_timeline(view, labels.zone(context.viewer.time_zone))
    context.audit_read("event.read", view.id, shown=(client.client_id for client in view.affected))
    return render(context, "event.html", view=view, telling_of=TELLING_OF, timeline=timeline, touched=touched)
