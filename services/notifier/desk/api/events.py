"""Events: what happened, on what evidence, who is affected, and what each was or will be told."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from schemas.alerts import Verdict
from schemas.base import Utc
from schemas.event_views import EventLine, EventView
from services.notifier.desk.actions.events import list_events, show_event
from services.notifier.desk.api.caller import Caller, Listing
from services.notifier.desk.api.models import ListPage, list_page
from services.notifier.event_views.queries import EventFilter

__all__ = ["router"]

router = APIRouter()

Page = Annotated[int, Query(ge=1, le=1_000_000)]


@router.get("/events")
def get_events(
    context: Caller,
    listing: Listing,
    since: Utc | None = None,
    entity: str | None = None,
    client: str | None = None,
    verdict: Verdict | None = None,
) -> ListPage[EventLine]:
    """List events that affect your clients, those with the newest evidence first.

    ``?since=`` lists those with evidence since a time (ISO 8601 with a time zone), ``?entity=`` those about a watched
    name or its id, ``?client=`` those that affect a client, ``?verdict=`` those with that verdict for a client. Without
    ``?verdict=``, events that are ignored for everybody are left out.
    """
    wanted = EventFilter(since=since, entity=entity, client=client, verdict=verdict)
    with context.reading() as connection:
        found = list_events(connection, context.scope, wanted, number=listing.place, size=listing.size)
    context.audit_read("events.listed", "events")
    return list_page(found, found.items)


@router.get("/events/{event_id}", response_model_exclude_none=True)
def get_event(context: Caller, event_id: str, verdict: Verdict | None = None, page: Page = 1) -> EventView:
    """Return an event with its evidence and one page of the clients it affects, and what each was or will be told.

    ``event_id`` may also be the id of one of its stories or alerts. ``?verdict=`` shows only clients with that verdict,
    ``?page=`` further clients. Account managers see their own clients and the names that these watch; the evidence is
    the same for everybody.
    """
    with context.reading() as connection:
        view = show_event(
            connection, context.scope, event_id, context.now, number=page, size=context.page_size, verdict=verdict
        )
    context.audit_read("event.read", view.id, shown=(client.client_id for client in view.affected))
    return view
