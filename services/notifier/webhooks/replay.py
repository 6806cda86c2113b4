"""Sends messages again at a person's request: one, or those of a time span. The ``webhook-id`` stays the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select, update

from services.common.db import upsert
from services.common.errors import BadInput
from services.notifier.webhooks.endpoints import Endpoint
from services.notifier.webhooks.outbox import new_delivery
from services.notifier.webhooks.tables import webhook_deliveries, webhook_messages

__all__ = ["replay_message", "replay_span"]

_D, _M = webhook_deliveries.c, webhook_messages.c
#: Only settled deliveries are sent again; others are under way anyhow.
_SETTLED = ("delivered", "failed", "canceled")


def replay_message(connection: Connection, endpoint: Endpoint, which: str, now: datetime) -> str:
    """Send one message again; return its delivery's id. ``which`` is the id of the message or of the delivery.

    Raises:
        BadInput: there is no such message.
    """
    query = select(webhook_messages).outerjoin(webhook_deliveries, _D.message_id == _M.id)
    row = connection.execute(query.where((_M.id == which) | (_D.id == which)).limit(1)).mappings().first()
    if row is None:
        raise BadInput(f"There is no message {which!r}.", fix="'firstword webhooks log' shows the ids.")
    return _again(connection, endpoint, [row], now)[0]


def replay_span(
    connection: Connection,
    endpoint: Endpoint,
    now: datetime,
    *,
    since: datetime,
    until: datetime | None = None,
    also_delivered: bool = False,
) -> int:
    """Send again the messages of a time span that the endpoint wants; return how many.

    Messages that it has already accepted are left out, unless ``also_delivered``.
    """
    span = [_M.at >= since, _M.type != "endpoint.test"] + ([] if until is None else [_M.at < until])
    rows = connection.execute(select(webhook_messages).where(*span).order_by(_M.seq)).mappings().all()
    wanted = [row for row in rows if endpoint.wants.matches(row["type"], row["client_id"], row["entity_id"])]
    if not also_delivered:
        delivered = select(_D.message_id).where(_D.endpoint_id == endpoint.id, _D.status == "delivered")
        accepted = set(connection.execute(delivered).scalars())
        wanted = [row for row in wanted if row["id"] not in accepted]
    return len(_again(connection, endpoint, wanted, now))


def _again(connection: Connection, endpoint: Endpoint, messages: Sequence[RowMapping], now: datetime) -> list[str]:
    rows = [new_delivery(row["id"], endpoint.id, now) for row in messages]
    ids = [str(row["id"]) for row in rows]
    upsert(connection, webhook_deliveries, rows, ["id"], update=())
    for batch in (ids[start : start + 500] for start in range(0, len(ids), 500)):
        connection.execute(
            update(webhook_deliveries)
            .where(_D.id.in_(batch), _D.status.in_(_SETTLED))
            .values(status="pending", attempts_before=_D.attempts, next_attempt_at=now, last_error=None, changed_at=now)
        )
    return ids
