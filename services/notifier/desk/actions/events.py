"""Events with everybody they affect: who was or will be told what, on what evidence."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from schemas.alerts import Verdict
from schemas.event_views import EventLine, EventView
from services.notifier.desk.errors import NotFound
from services.notifier.event_views.queries import EventFilter, event_lines, event_view
from services.notifier.paging import Page, Place
from services.notifier.scope import Scope

__all__ = ["list_events", "show_event"]


def list_events(
    connection: Connection, scope: Scope, wanted: EventFilter, *, number: Place, size: int
) -> Page[EventLine]:
    """Return a page of events that affect clients in scope, those with the newest evidence first."""
    return event_lines(connection, scope, wanted, number=number, size=size)


def show_event(
    connection: Connection,
    scope: Scope,
    some_id: str,
    now: datetime,
    *,
    number: int = 1,
    size: int,
    verdict: Verdict | None = None,
) -> EventView:
    """Return the event of this id, or of this story or alert, with one page of its clients.

    Raises:
        NotFound: there is none that affects a client in scope.
    """
    view = event_view(connection, scope, some_id, now, number=number, size=size, verdict=verdict)
    if view is None:
        raise NotFound("There is no such event.")
    return view
