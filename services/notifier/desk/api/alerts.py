"""Verdicts on news."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from schemas.alerts import Alert
from services.notifier import queries
from services.notifier.desk.actions import alerts
from services.notifier.desk.api.caller import Caller, Listing
from services.notifier.desk.api.models import Compact, ListPage, NoticedItem, Requested, list_page
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
def tell_anyway(context: Caller, alert_id: str) -> Requested:
    """Ask for a draft on news that was left out. It appears among the drafts within moments."""
    with context.acting() as action:
        alerts.tell_anyway(action, alert_id)
    return Requested(alert_id=alert_id)


@router.get("/noticed")
def list_noticed(context: Caller, listing: Listing) -> ListPage[NoticedItem]:
    """List news of the last week that was left out of the clients' messages, newest first, each with the reason."""
    since = context.now - NOTICED_WITHIN
    with context.reading() as connection:
        page = queries.noticed(connection, context.scope, since, number=listing.place, size=listing.size)
    context.audit_read("noticed.listed", "noticed")
    return list_page(page, [NoticedItem(alert=line.alert, why=line.why, at=line.at) for line in page.items])


@router.get("/held")
def list_held(context: Caller, listing: Listing) -> ListPage[Annotated[Alert, Compact]]:
    """List held rumors, newest first."""
    with context.reading() as connection:
        page = queries.held(connection, context.scope, number=listing.place, size=listing.size)
    context.audit_read("held.listed", "held")
    return list_page(page, [alert for alert, _ in page.items])
