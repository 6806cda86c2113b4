"""Disables and enables endpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, func, select

from schemas.base import content_id, event
from schemas.webhooks import EndpointDisabled
from services.common.processing import AnyEvent
from services.notifier.webhooks.endpoints import Endpoint, change
from services.notifier.webhooks.tables import webhook_deliveries

__all__ = ["disable", "enable"]

SOURCE = "firstword/notifier"


def disable(
    connection: Connection, endpoint: Endpoint, cause: Literal["gone", "failing", "by_hand"], reason: str, now: datetime
) -> AnyEvent:
    """Stop sending to ``endpoint``; waiting messages are kept. Return the event to publish with it."""
    change(
        connection,
        endpoint.id,
        now,
        state="disabled",
        disabled_at=now,
        disabled_because=reason,
        notice_due_at=None if cause == "by_hand" else now,
    )
    pending = (webhook_deliveries.c.endpoint_id == endpoint.id, webhook_deliveries.c.status == "pending")
    waiting = connection.execute(select(func.count()).select_from(webhook_deliveries).where(*pending)).scalar_one()
    disabled = EndpointDisabled(
        endpoint_id=endpoint.id,
        url=endpoint.shown,
        cause=cause,
        reason=reason,
        mend=f"Repair the endpoint, then run 'firstword webhooks enable {endpoint.id} --catch-up'.",
        at=now,
        waiting=waiting,
    )
    id = content_id("evt", "endpoint.disabled", endpoint.id, now.isoformat())
    return event(disabled, key=endpoint.id, id=id, source=SOURCE, time=now)


def enable(connection: Connection, endpoint: Endpoint, now: datetime) -> None:
    """Send to ``endpoint`` again, beginning with the waiting messages."""
    change(
        connection,
        endpoint.id,
        now,
        state="active",
        disabled_at=None,
        disabled_because=None,
        notice_due_at=None,
        resting_until=None,
        failures_in_a_row=0,
    )
