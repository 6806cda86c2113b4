"""Queries about webhooks: how many wait, what was sent, and how endpoints answered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from services.common.errors import BadInput
from services.notifier.webhooks.endpoints import Endpoint, all_endpoints
from services.notifier.webhooks.tables import webhook_attempts, webhook_deliveries, webhook_messages

__all__ = ["attempts", "counts", "delivery", "disabled"]

_D, _A, _M = webhook_deliveries.c, webhook_attempts.c, webhook_messages.c


def counts(connection: Connection) -> Mapping[str, Mapping[str, int]]:
    """Count each endpoint's deliveries by status, without tests."""
    query = (
        select(_D.endpoint_id, _D.status, func.count())
        .join(webhook_messages, _M.id == _D.message_id)
        .where(_M.type != "endpoint.test")
        .group_by(_D.endpoint_id, _D.status)
    )
    by_endpoint: dict[str, dict[str, int]] = {}
    for endpoint_id, status, count in connection.execute(query.order_by(_D.endpoint_id, _D.status)):
        by_endpoint.setdefault(endpoint_id, {})[status] = count
    return by_endpoint


def disabled(connection: Connection) -> Sequence[Endpoint]:
    """Return the disabled endpoints."""
    return [endpoint for endpoint in all_endpoints(connection) if endpoint.state == "disabled"]


def attempts(
    connection: Connection, *, endpoint_id: str | None = None, outcome: str | None = None, limit: int = 50
) -> Sequence[RowMapping]:
    """Return the newest attempts with their endpoint and message."""
    query = (
        select(webhook_attempts, _D.endpoint_id, _D.status.label("delivery_status"), _M.type, _M.id.label("message_id"))
        .join(webhook_deliveries, _D.id == _A.delivery_id)
        .join(webhook_messages, _M.id == _D.message_id)
        .order_by(_A.began_at.desc(), _A.delivery_id, _A.number.desc())
        .limit(limit)
    )
    if endpoint_id is not None:
        query = query.where(_D.endpoint_id == endpoint_id)
    if outcome is not None:
        query = query.where(_A.outcome == outcome)
    return connection.execute(query).mappings().all()


def delivery(connection: Connection, delivery_id: str) -> dict[str, Any]:
    """Return a delivery with its message, and each request and response.

    Raises:
        BadInput: no delivery has this id.
    """
    query = select(webhook_deliveries, _M.type, _M.body).join(webhook_messages, _M.id == _D.message_id)
    row = connection.execute(query.where(_D.id == delivery_id)).mappings().first()
    if row is None:
        raise BadInput(f"No webhook has the id {delivery_id!r}.", fix="'firstword webhooks log' shows the ids.")
    tries = connection.execute(select(webhook_attempts).where(_A.delivery_id == delivery_id).order_by(_A.number))
    return {**row, "body": json.loads(row["body"]), "tries": [dict(attempt) for attempt in tries.mappings()]}
