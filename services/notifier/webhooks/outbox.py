"""Webhooks to send: a queue that sends each message to each endpoint at least once.

An attempt whose outcome is unknown is repeated under the same ``webhook-id``, so that the receiver recognizes it; the
log still says ``unknown``. What an endpoint has answered is never sent again automatically.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from schemas.base import content_id
from services.common.db import upsert
from services.common.post import PostResult
from services.common.processing import AnyEvent
from services.common.queue.outcome import Outcome
from services.common.queue.work import Attempt, Finished
from services.notifier.webhooks.disabling import disable
from services.notifier.webhooks.endpoints import Endpoint, change, find
from services.notifier.webhooks.payloads import WebhookMessage
from services.notifier.webhooks.queue import QUEUE
from services.notifier.webhooks.selection import choose_due
from services.notifier.webhooks.tables import (
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
    webhook_messages,
)

__all__ = [
    "KEPT",
    "KEPT_WITHOUT_ENDPOINTS",
    "PRUNE_BATCH",
    "ClaimedWebhook",
    "FinishedWebhook",
    "begin_test",
    "claim",
    "enqueue",
    "finish",
    "new_delivery",
    "prune",
    "webhook_id",
]

#: Messages and their log are kept, and can be replayed, for this long.
KEPT = timedelta(days=30)
#: The same while no endpoint exists: enough to start with.
KEPT_WITHOUT_ENDPOINTS = timedelta(days=7)
#: The most messages that one transaction drops.
PRUNE_BATCH = 1_000

_D, _A, _E = webhook_deliveries.c, webhook_attempts.c, webhook_endpoints.c


@dataclass(frozen=True, slots=True)
class ClaimedWebhook:
    """A delivery that only this worker may attempt now. ``attempt_of_round`` counts since the last replay."""

    delivery_id: str
    attempt: int
    attempt_of_round: int
    endpoint: Endpoint
    body: str
    test: bool = False


@dataclass(frozen=True, slots=True)
class FinishedWebhook:
    """An attempt at ``claimed`` that ended with ``result``; ``headers`` are those of the request."""

    claimed: ClaimedWebhook
    headers: Mapping[str, str]
    result: PostResult

    def outcome(self, now: datetime) -> Outcome:
        """Return the outcome as the queue takes it. Status 410 means that the endpoint is gone for good."""
        result = self.result
        patience = (result.retry_after - now).total_seconds() if result.retry_after else None
        return Outcome("rejected" if result.kind == "gone" else result.kind, result.detail, patience)


def webhook_id(event_id: str, endpoint_id: str) -> str:
    """Return the id of a message at one endpoint: the same for all attempts and replays."""
    return content_id("msg", event_id, endpoint_id)


def enqueue(connection: Connection, message: WebhookMessage, to: Iterable[Endpoint]) -> int:
    """Queue ``message`` for those of ``to`` that are active and want it; return for how many it is new.

    The message itself is kept in any case, for endpoints that are disabled now and catch up later.
    """
    row = {name: getattr(message, name) for name in ("id", "type", "client_id", "entity_id", "body", "at")}
    upsert(connection, webhook_messages, [row], ["id"], update=())
    rows = [
        new_delivery(message.id, endpoint.id, message.at)
        for endpoint in to
        if endpoint.state == "active" and endpoint.wants.matches(message.type, message.client_id, message.entity_id)
    ]
    return upsert(connection, webhook_deliveries, rows, ["id"], update=())


def claim(
    connection: Connection, free: Mapping[str, int], now: datetime, paced_at: datetime | None = None
) -> list[ClaimedWebhook]:
    """Begin attempts: for each endpoint at most as many as ``free`` says, within its limits over all workers.

    See :func:`services.notifier.webhooks.selection.choose_due`.
    """
    chosen = choose_due(connection, free, now, paced_at or now)
    if not chosen:
        return []
    claimed = {row["id"]: row for row in QUEUE.claim(connection, [row["id"] for _, row in chosen], now)}
    works = []
    for endpoint, due in chosen:
        if (row := claimed.get(due["id"])) is not None:
            attempt = row["attempts"]
            works.append(ClaimedWebhook(row["id"], attempt, attempt - row["attempts_before"], endpoint, due["body"]))
    return works


def begin_test(connection: Connection, endpoint: Endpoint, message: WebhookMessage, now: datetime) -> ClaimedWebhook:
    """Begin the only attempt at a test ``message``; it doesn't affect the endpoint's state."""
    enqueue(connection, message, ())
    schedule = QUEUE.schedule
    last = {"status": "sending", "attempts": 1, "attempts_before": 1 - schedule.attempts, "next_attempt_at": None}
    row = {**new_delivery(message.id, endpoint.id, now), **last}
    connection.execute(insert(webhook_deliveries).values(row))
    connection.execute(insert(webhook_attempts).values(delivery_id=row["id"], number=1, began_at=now))
    return ClaimedWebhook(str(row["id"]), 1, schedule.attempts, endpoint, message.body, test=True)


def finish(connection: Connection, finished: Sequence[FinishedWebhook], now: datetime) -> list[AnyEvent]:
    """Record how attempts ended, and what follows for their endpoints; return the events to publish with it."""
    if not finished:
        return []
    # Everyone locks endpoints before deliveries, and both in one order, to avoid deadlocks on PostgreSQL.
    ids = {end.claimed.endpoint.id for end in finished}
    endpoints = {id: find(connection, id, lock=True) for id in _existing(connection, ids)}
    recorded = [end for end in finished if end.claimed.endpoint.id in endpoints]
    QUEUE.finish(
        connection,
        [
            Finished(
                Attempt(end.claimed.delivery_id, end.claimed.attempt), end.outcome(now), log_values=_log_values(end)
            )
            for end in recorded
        ],
        now,
    )
    events: list[AnyEvent] = []
    for endpoint in endpoints.values():
        ours = [end for end in recorded if end.claimed.endpoint.id == endpoint.id and not end.claimed.test]
        events += _update_endpoint(connection, endpoint, ours, now)
    return events


def prune(connection: Connection, now: datetime) -> int:
    """Drop messages older than :data:`KEPT` that nobody waits for, with their log; return how many.

    It drops at most :data:`PRUNE_BATCH`: if that many were dropped, call it again.
    """
    kept = KEPT if connection.execute(select(_E.id).limit(1)).first() else KEPT_WITHOUT_ENDPOINTS
    waiting = select(_D.message_id).where(_D.status.in_(("pending", "sending")))
    old = select(webhook_messages.c.id).where(webhook_messages.c.at < now - kept, webhook_messages.c.id.not_in(waiting))
    ids = connection.execute(old.limit(PRUNE_BATCH)).scalars().all()
    of_message = select(_D.id).where(_D.message_id.in_(ids))
    connection.execute(delete(webhook_attempts).where(_A.delivery_id.in_(of_message)))
    connection.execute(delete(webhook_deliveries).where(_D.message_id.in_(ids)))
    connection.execute(delete(webhook_messages).where(webhook_messages.c.id.in_(ids)))
    return len(ids)


def new_delivery(message_id: str, endpoint_id: str, at: datetime) -> dict[str, object]:
    """Return the row of a delivery that is due from ``at`` on."""
    return {
        "id": webhook_id(message_id, endpoint_id),
        "endpoint_id": endpoint_id,
        "message_id": message_id,
        "status": "pending",
        "attempts": 0,
        "attempts_before": 0,
        "next_attempt_at": at,
        "created_at": at,
        "changed_at": at,
    }


def _existing(connection: Connection, ids: Iterable[str]) -> Sequence[str]:
    """Return those of ``ids`` whose endpoints still exist: one may be removed while a request is under way."""
    return connection.execute(select(_E.id).where(_E.id.in_(ids)).order_by(_E.id)).scalars().all()


def _log_values(finished: FinishedWebhook) -> dict[str, object]:
    result = finished.result
    response = None if result.status is None else {"headers": dict(result.headers or {}), "body": result.body}
    return {
        "request": {"url": finished.claimed.endpoint.shown, "headers": dict(finished.headers)},
        "status": result.status,
        "response": response,
        "elapsed_ms": round(result.elapsed_seconds * 1000),
    }


def _update_endpoint(
    connection: Connection, endpoint: Endpoint, finished: Sequence[FinishedWebhook], now: datetime
) -> list[AnyEvent]:
    """Record the endpoint's successes, failures and requested pauses; disable it if it is gone or keeps failing."""
    if not finished:
        return []
    kinds = [end.result.kind for end in finished]
    arrived = "delivered" in kinds
    rest = max((end.result.retry_after for end in finished if end.result.retry_after), default=None)
    values: dict[str, object] = {"resting_until": rest or endpoint.resting_until}
    values["failures_in_a_row"] = 0 if arrived else endpoint.failures_in_a_row + len(kinds)
    if arrived:
        values["last_delivered_at"] = now
    change(connection, endpoint.id, now, **values)
    if endpoint.state != "active" or arrived:
        return []
    if "gone" in kinds:
        return [
            disable(
                connection, endpoint, "gone", "The endpoint answered 410 (Gone), so it no longer accepts messages.", now
            )
        ]
    failed = [end for end in finished if _failed(end, now)]
    if any(_nothing_arrived_since(connection, endpoint, end.claimed) for end in failed):
        reason = f"Every attempt of the last {_SPAN} failed. The last error: {failed[0].result.detail}"
        return [disable(connection, endpoint, "failing", reason, now)]
    return []


#: About how long the whole schedule takes.
_SPAN = "three days"


def _failed(finished: FinishedWebhook, now: datetime) -> bool:
    claimed = finished.claimed
    settled = QUEUE.settle(claimed.delivery_id, claimed.attempt_of_round, finished.outcome(now), now)
    return settled.status == "failed"


def _nothing_arrived_since(connection: Connection, endpoint: Endpoint, claimed: ClaimedWebhook) -> bool:
    """Return whether the endpoint took nothing while this delivery went through its whole schedule."""
    first = claimed.attempt - claimed.attempt_of_round + 1
    query = select(func.min(_A.began_at)).where(_A.delivery_id == claimed.delivery_id, _A.number >= first)
    begun: datetime = connection.execute(query).scalar_one()
    return endpoint.last_delivered_at is None or endpoint.last_delivered_at < begun
