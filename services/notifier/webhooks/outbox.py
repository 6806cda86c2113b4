"""What is to be sent by webhooks, in the database before anything leaves; every attempt before and after it.

At least once: what nobody can say the end of is sent again, under the same ``webhook-id``, by which the other side
knows a repeat. It stands in the log as ``unknown`` all the same. What was answered is never sent again by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    RowMapping,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from firstword.kit.db import upsert
from firstword.kit.processing import AnyEvent
from schemas.base import content_id
from services.notifier.delivery.schedule import RETRY_SECONDS, next_attempt
from services.notifier.webhooks.disabling import disable
from services.notifier.webhooks.endpoints import Endpoint, change, find
from services.notifier.webhooks.pace import filled_until, places
from services.notifier.webhooks.payloads import Told
from services.notifier.webhooks.post import Answer
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
    "UNDER_WAY",
    "Done",
    "Room",
    "Work",
    "begin_test",
    "claim",
    "due_endpoints",
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
#: No request is under way for longer: it is given up on after 15 s.
UNDER_WAY = timedelta(seconds=20)
#: After so many failures in a row an endpoint gets one request at a time, until one arrives.
PROBED_AFTER = 3

_D, _A, _E = webhook_deliveries.c, webhook_attempts.c, webhook_endpoints.c


@dataclass(frozen=True, slots=True)
class Room:
    """How much an endpoint takes at present: so many at once, of which so many may begin by its rate."""

    endpoint_id: str
    concurrency: int
    places: int


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


def due_endpoints(connection: Connection, now: datetime, paced_at: datetime | None = None) -> list[Room]:
    """The endpoints for which something is due, and which may be sent to.

    ``paced_at`` is the moment by which their rate is kept: the machine's own, where ``now`` is turned by hand.
    """
    # Asked of each active endpoint: what waits for those that are disabled may be much, and isn't looked at.
    something = select(_D.id).where(_D.endpoint_id == _E.id, _due(now)).exists()
    query = (
        select(_E.id, _E.concurrency, _E.per_second, _E.failures_in_a_row, _E.ordered, _E.paced_until)
        .where(something, _E.state == "active", or_(_E.resting_until.is_(None), _E.resting_until <= now))
        .order_by(_E.id)
    )
    return [
        Room(row.id, _at_once(row), places(row.paced_until, row.per_second, paced_at or now))
        for row in connection.execute(query)
    ]


def claim(
    connection: Connection, free: Mapping[str, int], now: datetime, paced_at: datetime | None = None
) -> list[Work]:
    """Record that attempts begin: at most so many for each endpoint as ``free`` says, the oldest first.

    Over all workers, an endpoint gets no more at once than it takes, and no more a second; what a killed worker had
    under way counts for :data:`UNDER_WAY`, and is taken for lost later (:func:`recover`).
    """
    paced_at = paced_at or now
    chosen: list[tuple[Endpoint, RowMapping]] = []
    under_way: Mapping[str, int] | None = None
    there = [find(connection, id, lock=True) for id in sorted(free)]  # one at a time looks for work at an endpoint
    for endpoint in there:
        if endpoint.state != "active" or (endpoint.resting_until is not None and endpoint.resting_until > now):
            continue
        if under_way is None:
            under_way = _under_way(connection, sorted(free), now)
        room = _at_once(endpoint) - under_way.get(endpoint.id, 0)
        most = min(free[endpoint.id], room, places(endpoint.paced_until, endpoint.per_second, paced_at))
        if most <= 0:
            continue
        rows = _head(connection, endpoint.id, now) if endpoint.ordered else _oldest(connection, endpoint.id, now, most)
        chosen += [(endpoint, row) for row in rows]
    if not chosen:
        return []
    _keep_pace(connection, Counter(endpoint.id for endpoint, _ in chosen), there, paced_at)
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


def _due(now: datetime) -> ColumnElement[bool]:
    return and_(_D.status == "pending", _D.next_attempt_at <= now)


def _at_once(endpoint: Endpoint | Row[Any, Any, Any, Any, Any, Any]) -> int:
    """How many requests an endpoint gets at once: one where order counts, or where none arrived lately."""
    one = endpoint.ordered or endpoint.failures_in_a_row >= PROBED_AFTER
    return 1 if one else int(endpoint.concurrency)


def _under_way(connection: Connection, ids: Sequence[str], now: datetime) -> Mapping[str, int]:
    """How many requests each endpoint has under way, whoever sends them."""
    sending = (_D.status == "sending", _D.changed_at > now - UNDER_WAY)
    query = select(_D.endpoint_id, func.count()).where(_D.endpoint_id.in_(ids), *sending)
    return {row[0]: row[1] for row in connection.execute(query.group_by(_D.endpoint_id))}


def _keep_pace(connection: Connection, begun: Mapping[str, int], at: Sequence[Endpoint], now: datetime) -> None:
    """Write down until when what begins fills each endpoint's time."""
    rows = [
        {"which": one.id, "until": filled_until(one.paced_until, one.per_second, now, begun[one.id])}
        for one in at
        if one.id in begun
    ]
    until = bindparam("until", type_=_E.paced_until.type)
    connection.execute(update(webhook_endpoints).where(_E.id == bindparam("which")).values(paced_until=until), rows)


_WITH_BODY = select(webhook_deliveries, webhook_messages.c.body).join(
    webhook_messages, webhook_messages.c.id == webhook_deliveries.c.message_id
)


def _oldest(connection: Connection, endpoint_id: str, now: datetime, most: int) -> Sequence[RowMapping]:
    query = _WITH_BODY.where(_D.endpoint_id == endpoint_id, _due(now)).order_by(_D.seq).limit(most)
    return connection.execute(query).mappings().all()


def _head(connection: Connection, endpoint_id: str, now: datetime) -> Sequence[RowMapping]:
    """The oldest that isn't settled, if it is due and not on its way; those behind it wait for it."""
    open_ones = _WITH_BODY.where(_D.endpoint_id == endpoint_id, _D.status.in_(("pending", "sending")))
    row = connection.execute(open_ones.order_by(_D.seq).limit(1)).mappings().first()
    if row is None or row["status"] != "pending" or row["next_attempt_at"] > now:
        return ()
    return (row,)


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
