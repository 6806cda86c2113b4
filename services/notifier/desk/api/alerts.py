"""Verdicts on news."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter

from schemas.alerts import Alert
from services.notifier import queries
from services.notifier.desk.actions import alerts, stopped_news
from services.notifier.desk.api.caller import Caller, Listing
from services.notifier.desk.api.models import (
    Compact,
    GivenReason,
    ListPage,
    NoticedItem,
    Recorded,
    Requested,
    Resuming,
    StoppedItem,
    list_page,
)
from services.notifier.desk.errors import NotFound
from services.notifier.digest.gather import NOTICED_WITHIN

__all__ = ["router"]

router = APIRouter()


@router.get("/alerts/{alert_id}", response_model_exclude_none=True)
def get_alert(context: Caller, alert_id: str) -> Alert:
    """Return an alert: its verdict, reasons and evidence."""
    with context.reading() as connection:
        alert = queries.alert(connection, context.scope, alert_id)
    if alert is None:
        raise NotFound("There is no such alert.")
    context.audit_read("alert.read", alert_id, alert.client_id)
    return alert


@router.post("/alerts/{alert_id}/tell", status_code=202)
def tell_anyway(context: Caller, alert_id: str, telling: GivenReason | None = None) -> Requested:
    """Ask for a draft on news that was left out. It appears among the drafts within moments.

    A ``reason`` counts as feedback that such news is useful to the client.
    """
    with context.acting() as action:
        alerts.tell_anyway(action, alert_id, telling.reason if telling else "")
    return Requested(alert_id=alert_id)


@router.post("/alerts/{alert_id}/asked", status_code=202)
def note_asked(context: Caller, alert_id: str, asked: GivenReason | None = None) -> Requested:
    """Note in the client's history that they asked about this news; ``reason`` says what they asked."""
    with context.acting() as action:
        alerts.note_asked(action, alert_id, asked.reason if asked else "")
    return Requested(alert_id=alert_id)


@router.post("/alerts/{alert_id}/never", status_code=202)
def stop_telling(context: Caller, alert_id: str, stopping: GivenReason) -> Requested:
    """Decide that the client is not told news of this kind about this name again, unless it is urgent."""
    with context.acting() as action:
        stopped_news.stop_telling(action, alert_id, stopping.reason)
    return Requested(alert_id=alert_id)


@router.get("/clients/{client_id}/stopped")
def list_stopped(context: Caller, client_id: str) -> Sequence[StoppedItem]:
    """List the news that the client is not told again."""
    with context.reading() as connection:
        known = queries.client(connection, context.scope, client_id)
        rows = queries.stopped(connection, context.scope, client_id)
    if known is None:
        raise NotFound("There is no such client.")
    context.audit_read("client.read", client_id, client_id)
    return [StoppedItem.model_validate({name: row[name] for name in StoppedItem.model_fields}) for row in rows]


@router.post("/clients/{client_id}/resume")
def resume_telling(context: Caller, client_id: str, resuming: Resuming) -> Recorded:
    """Tell the client such news again."""
    with context.acting() as action:
        stopped_news.resume_telling(action, client_id, resuming.entity_id, resuming.kind)
    return Recorded(client_id=client_id)


@router.get("/noticed")
def list_noticed(context: Caller, listing: Listing) -> ListPage[NoticedItem]:
    """List news of the last week that was left out of the clients' messages, newest first, each with the reason."""
    since = context.now - NOTICED_WITHIN
    with context.reading() as connection:
        page = queries.noticed(connection, context.scope, since, number=listing.place, size=listing.size)
    context.audit_read("noticed.listed", "noticed", shown=(line.alert.client_id for line in page.items))
    return list_page(page, [NoticedItem(alert=line.alert, why=line.why, at=line.at) for line in page.items])


@router.get("/held")
def list_held(context: Caller, listing: Listing) -> ListPage[Annotated[Alert, Compact]]:
    """List held rumors, newest first."""
    with context.reading() as connection:
        page = queries.held(connection, context.scope, number=listing.place, size=listing.size)
    context.audit_read("held.listed", "held", shown=(alert.client_id for alert, _ in page.items))
    return list_page(page, [alert for alert, _ in page.items])
