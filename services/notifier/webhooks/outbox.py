"""What is to be sent by webhooks, in the database before anything leaves; every attempt before and after it.

At least once: what nobody can say the end of is sent again, under the same ``webhook-id``, by which the other side
knows a repeat. It stands in the log as ``unknown`` all the same. What was answered is never sent again by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from schemas.base import content_id
from services.common.db import upsert
from services.common.post import Answer
from services.common.processing import AnyEvent
from services.common.queue.backoff import RETRY_SECONDS, next_attempt
from services.notifier.webhooks.disabling import disable
from services.notifier.webhooks.endpoints import Endpoint, change, find
from services.notifier.webhooks.payloads import Told
from services.notifier.webhooks.selection import choose
from services.notifier.webhooks.tables import (
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
    webhook_messages,
)

__all__ = [
    "KEPT",
    "KEPT_FOR_NOBODY",
    "PRUNED_AT_ONCE",
    "Done",
    "Work",
    "begin_test",
    "claim",
    "enqueue",
    "finish",
    "new_delivery",
    "prune",
    "recover",
    "stuck",
    "webhook_id",
]

#: So long messages and their log are kept, and can be replayed.
KEPT = timedelta(days=30)
#: The same where there is no endpoint at all: enough to begin with.
KEPT_FOR_NOBODY = timedelta(days=7)
#: At most so many messages are dropped in one transaction.
PRUNED_AT_ONCE = 1_000

_D, _A, _E = webhook_deliveries.c, webhook_attempts.c, webhook_endpoints.c


@dataclass(frozen=True, slots=True)
class Work:
    """A delivery that this worker, and no other, may attempt now."""

    delivery_id: str
    attempt: int
    attempt_of_round: int
    endpoint: Endpoint
    body: str
    test: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """How the attempt of ``work`` ended, and with which request."""

    work: Work
    headers: Mapping[str, str]
    answer: Answer


def webhook_id(event_id: str, endpoint_id: str) -> str:
    """The id of a message at one endpoint: the same over all attempts and replays."""
    return content_id("msg", event_id, endpoint_id)


def enqueue(connection: Connection, told: Told, to: Iterable[Endpoint]) -> int:
    """Note that ``told`` is to go to those of ``to`` that are active and want it; returns to how many it is new.

    The message itself is kept in any case, for endpoints that are disabled now and catch up later.
    """
    message = {name: getattr(told, name) for name in ("id", "type", "client_id", "entity_id", "body", "at")}
    upsert(connection, webhook_messages, [message], ["id"], update=())
    rows = [
        new_delivery(told.id, endpoint.id, told.at)
        for endpoint in to
        if endpoint.state == "active" and endpoint.wants.hear(told.type, told.client_id, told.entity_id)
    ]
    return upsert(connection, webhook_deliveries, rows, ["id"], update=())


def claim(
    connection: Connection, free: Mapping[str, int], now: datetime, paced_at: datetime | None = None
) -> list[Work]:
    """Record that attempts begin: at most so many for each endpoint as ``free`` says, and as it takes over all workers.

    See :func:`services.notifier.webhooks.selection.choose`.
    """
    chosen = choose(connection, free, now, paced_at or now)
    if not chosen:
        return []
    ids = [row["id"] for _, row in chosen]
    connection.execute(
        update(webhook_deliveries)
        .where(_D.id.in_(ids))
        .values(status="sending", attempts=_D.attempts + 1, next_attempt_at=None, changed_at=now)
    )
    begun = [{"delivery_id": row["id"], "number": row["attempts"] + 1, "began_at": now} for _, row in chosen]
    connection.execute(insert(webhook_attempts), begun)
    return [
        Work(row["id"], row["attempts"] + 1, row["attempts"] + 1 - row["attempts_before"], endpoint, row["body"])
        for endpoint, row in chosen
    ]


def begin_test(connection: Connection, endpoint: Endpoint, told: Told, now: datetime) -> Work:
    """Record that ``endpoint`` is tried out with ``told``: one attempt, which says nothing of the endpoint's state."""
    enqueue(connection, told, ())
    last = {"status": "sending", "attempts": 1, "attempts_before": 1 - len(RETRY_SECONDS), "next_attempt_at": None}
    row = {**new_delivery(told.id, endpoint.id, now), **last}
    connection.execute(insert(webhook_deliveries).values(row))
    connection.execute(insert(webhook_attempts).values(delivery_id=row["id"], number=1, began_at=now))
    return Work(str(row["id"]), 1, len(RETRY_SECONDS), endpoint, told.body, test=True)


def finish(connection: Connection, done: Sequence[Done], now: datetime) -> list[AnyEvent]:
    """Record how attempts ended, and what follows; returns the events that are to be published with it."""
    if not done:
        return []
    # Endpoints before deliveries, and both in one order, as all do: else two could wait for each other (PostgreSQL).
    at = {
        id: find(connection, id, lock=True) for id in _still_there(connection, {one.work.endpoint.id for one in done})
    }
    told = [one for one in done if one.work.endpoint.id in at]
    if not told:
        return []
    _record_attempts(connection, told, now)
    settled = [_settled(one, now) for one in sorted(told, key=lambda one: one.work.delivery_id)]
    # Pending: it was taken for lost (see `recover`) and has come to its end after all; a late answer is one, too.
    under_way = or_(_D.status == "sending", _D.status == "pending")
    ours = and_(_D.id == bindparam("which"), under_way, _D.attempts == bindparam("attempt"))
    names = ("status", "next_attempt_at", "last_error", "changed_at")
    new = {name: bindparam(f"new_{name}", type_=_D[name].type) for name in names}
    connection.execute(update(webhook_deliveries).where(ours).values(new), settled)
    events: list[AnyEvent] = []
    for endpoint in at.values():
        events += _judge(
            connection,
            endpoint,
            [one for one in told if one.work.endpoint.id == endpoint.id and not one.work.test],
            now,
        )
    return events


def recover(connection: Connection, now: datetime, *, began_before: datetime) -> int:
    """Attempts whose end nobody recorded are ``unknown``, and are made again in their time; returns how many."""
    stuck = and_(_D.status == "sending", _D.changed_at <= began_before)
    rows = (
        connection.execute(select(webhook_deliveries).where(stuck).with_for_update(skip_locked=True)).mappings().all()
    )
    detail = "Firstword was stopped while this was being sent; nobody can say whether it arrived."
    for row in rows:
        connection.execute(
            update(webhook_attempts)
            .where(_A.delivery_id == row["id"], _A.number == row["attempts"])
            .values(ended_at=now, outcome="unknown", detail=detail)
        )
        again = next_attempt(row["id"], row["attempts"] - row["attempts_before"], now)
        connection.execute(
            update(webhook_deliveries)
            .where(_D.id == row["id"])
            .values(status="pending" if again else "failed", next_attempt_at=again, last_error=detail, changed_at=now)
        )
    return len(rows)


def stuck(connection: Connection, *, began_before: datetime) -> bool:
    """Whether there is anything for :func:`recover` to do."""
    query = select(_D.id).where(_D.status == "sending", _D.changed_at <= began_before)
    return connection.execute(query.limit(1)).first() is not None


def prune(connection: Connection, now: datetime) -> int:
    """Drop messages older than :data:`KEPT` of which nothing waits, with their log; returns how many.

    At most :data:`PRUNED_AT_ONCE`: who gets that many asks again.
    """
    kept = KEPT if connection.execute(select(_E.id).limit(1)).first() else KEPT_FOR_NOBODY
    waiting = select(_D.message_id).where(_D.status.in_(("pending", "sending")))
    old = select(webhook_messages.c.id).where(webhook_messages.c.at < now - kept, webhook_messages.c.id.not_in(waiting))
    ids = connection.execute(old.limit(PRUNED_AT_ONCE)).scalars().all()
    of_message = select(_D.id).where(_D.message_id.in_(ids))
    connection.execute(delete(webhook_attempts).where(_A.delivery_id.in_(of_message)))
    connection.execute(delete(webhook_deliveries).where(_D.message_id.in_(ids)))
    connection.execute(delete(webhook_messages).where(webhook_messages.c.id.in_(ids)))
    return len(ids)


def new_delivery(message_id: str, endpoint_id: str, at: datetime) -> dict[str, object]:
    """The row of a delivery that waits from ``at`` on."""
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


def _still_there(connection: Connection, ids: Iterable[str]) -> Sequence[str]:
    """An endpoint may have been removed while something was on its way there."""
    return connection.execute(select(_E.id).where(_E.id.in_(ids)).order_by(_E.id)).scalars().all()


def _record_attempts(connection: Connection, done: Sequence[Done], now: datetime) -> None:
    names = ("ended_at", "outcome", "detail", "request", "status", "response", "elapsed_ms")
    statement = (
        update(webhook_attempts)
        .where(_A.delivery_id == bindparam("which"), _A.number == bindparam("attempt"))
        .values({name: bindparam(f"new_{name}", type_=_A[name].type) for name in names})
    )
    connection.execute(statement, [_attempt_row(one, now) for one in done])


def _attempt_row(one: Done, now: datetime) -> dict[str, object]:
    answer = one.answer
    response = None if answer.status is None else {"headers": dict(answer.headers or {}), "body": answer.body}
    return {
        "which": one.work.delivery_id,
        "attempt": one.work.attempt,
        "new_ended_at": now,
        "new_outcome": "rejected" if answer.kind == "gone" else answer.kind,
        "new_detail": answer.detail,
        "new_request": {"url": one.work.endpoint.shown, "headers": dict(one.headers)},
        "new_status": answer.status,
        "new_response": response,
        "new_elapsed_ms": round(answer.elapsed_seconds * 1000),
    }


def _settled(one: Done, now: datetime) -> dict[str, object]:
    answer, work = one.answer, one.work
    again = None
    if answer.kind in ("retry", "unknown"):
        patience = (answer.retry_after - now).total_seconds() if answer.retry_after else None
        again = next_attempt(work.delivery_id, work.attempt_of_round, now, patience)
    status = "delivered" if answer.kind == "delivered" else "pending" if again else "failed"
    return {
        "which": work.delivery_id,
        "attempt": work.attempt,
        "new_status": status,
        "new_next_attempt_at": again,
        "new_last_error": None if status == "delivered" else answer.detail,
        "new_changed_at": now,
    }


def _judge(connection: Connection, endpoint: Endpoint, done: Sequence[Done], now: datetime) -> list[AnyEvent]:
    """What the attempts say of the endpoint itself: that it lives, wants rest, or is to be given up on."""
    if not done:
        return []
    kinds = [one.answer.kind for one in done]
    arrived = "delivered" in kinds
    rest = max((one.answer.retry_after for one in done if one.answer.retry_after), default=None)
    values: dict[str, object] = {"resting_until": rest or endpoint.resting_until}
    values["failures_in_a_row"] = 0 if arrived else endpoint.failures_in_a_row + len(kinds)
    if arrived:
        values["last_delivered_at"] = now
    change(connection, endpoint.id, now, **values)
    if endpoint.state != "active" or arrived:
        return []
    if "gone" in kinds:
        return [disable(connection, endpoint, "gone", "It answered 410: nothing more is wanted there.", now)]
    last = [one for one in done if _settled(one, now)["new_status"] == "failed"]
    if any(_nothing_arrived_since(connection, endpoint, one.work) for one in last):
        reason = f"Every attempt of the last {_SPAN} failed, the last one so: {last[0].answer.detail}"
        return [disable(connection, endpoint, "failing", reason, now)]
    return []


#: About so long the whole schedule takes.
_SPAN = "three days"


def _nothing_arrived_since(connection: Connection, endpoint: Endpoint, work: Work) -> bool:
    """Whether nothing was delivered there while this delivery went through its whole schedule."""
    first = work.attempt - work.attempt_of_round + 1
    query = select(func.min(_A.began_at)).where(_A.delivery_id == work.delivery_id, _A.number >= first)
    begun: datetime = connection.execute(query).scalar_one()
    return endpoint.last_delivered_at is None or endpoint.last_delivered_at < begun
