"""Sends again, because a person wants it: one message, or all of a span of time. The ``webhook-id`` stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select, update

from services.common.db import upsert
from services.common.errors import BadInput
from services.notifier.webhooks.endpoints import Endpoint
from services.notifier.webhooks.outbox import new_delivery
from services.notifier.webhooks.tables import webhook_deliveries, webhook_messages

__all__ = ["replay_one", "replay_span"]

_D, _M = webhook_deliveries.c, webhook_messages.c
#: What is on its way anyhow is left alone.
_ENDED = ("delivered", "failed", "canceled")


def replay_one(connection: Connection, endpoint: Endpoint, which: str, now: datetime) -> str:
    """Send one message again: ``which`` is the id of the message, or of its delivery. Returns the delivery's id.

    Raises:
        BadInput: when no such message is kept.
    """
    query = select(webhook_messages).outerjoin(webhook_deliveries, _D.message_id == _M.id)
    row = connection.execute(query.where((_M.id == which) | (_D.id == which)).limit(1)).mappings().first()
    if row is None:
        raise BadInput(f"No message {which!r} is kept.", fix="'firstword webhooks log' shows the ids.")
    return _again(connection, endpoint, [row], now)[0]


def replay_span(
    connection: Connection,
    endpoint: Endpoint,
    now: datetime,
    *,
    since: datetime,
    until: datetime | None = None,
    every: bool = False,
) -> int:
    """Send again what the endpoint wants of what happened in a span of time; returns how many messages.

    Unless ``every``, only what it has not got, or was never sent, for it was disabled or wanted something else then.
    """
    span = [_M.at >= since, _M.type != "endpoint.test"] + ([] if until is None else [_M.at < until])
    rows = connection.execute(select(webhook_messages).where(*span).order_by(_M.seq)).mappings().all()
    wanted = [row for row in rows if endpoint.wants.hear(row["type"], row["client_id"], row["entity_id"])]
    if not every:
        got = select(_D.message_id).where(_D.endpoint_id == endpoint.id, _D.status == "delivered")
        have = set(connection.execute(got).scalars())
        wanted = [row for row in wanted if row["id"] not in have]
    return len(_again(connection, endpoint, wanted, now))


def _again(connection: Connection, endpoint: Endpoint, messages: Sequence[RowMapping], now: datetime) -> list[str]:
    rows = [new_delivery(row["id"], endpoint.id, now) for row in messages]
    ids = [str(row["id"]) for row in rows]
    upsert(connection, webhook_deliveries, rows, ["id"], update=())
    for some in (ids[start : start + 500] for start in range(0, len(ids), 500)):
        connection.execute(
            update(webhook_deliveries)
            .where(_D.id.in_(some), _D.status.in_(_ENDED))
            .values(status="pending", attempts_before=_D.attempts, next_attempt_at=now, last_error=None, changed_at=now)
        )
    return ids
