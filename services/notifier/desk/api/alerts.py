"""Verdicts on news."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from schemas.alerts import Alert
from services.notifier import queries
from services.notifier.desk.api.caller import Caller
from services.notifier.desk.api.models import Compact, ListPage, list_page
from services.notifier.desk.errors import NotFound

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


@router.get("/held")
def list_held(context: Caller) -> ListPage[Annotated[Alert, Compact]]:
    """List held rumors, newest first."""
    with context.reading() as connection:
        page = queries.held(connection, context.scope, number=context.page_number, size=context.page_size)
    context.audit_read("held.listed", "held")
    return list_page(page, [alert for alert, _ in page.items])
