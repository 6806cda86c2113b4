"""Chooses the webhooks that may leave now: what is due, the oldest first, at endpoints that take more.

An endpoint's limits, at once and per second, hold over all workers on a database: a worker that looks for work there
locks the endpoint's row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, bindparam, func, or_, select, update

from services.notifier.webhooks.endpoints import Endpoint, find
from services.notifier.webhooks.pace import free_slots, paced_until_after
from services.notifier.webhooks.queue import QUEUE
from services.notifier.webhooks.tables import webhook_deliveries, webhook_endpoints, webhook_messages

__all__ = ["UNDER_WAY", "Capacity", "choose_due", "due_endpoints"]

#: No request is under way for longer: the HTTP client gives up after 15 s.
UNDER_WAY = timedelta(seconds=20)
#: After this many failures in a row an endpoint gets one request at a time, until it accepts one.
PROBED_AFTER = 3

_D, _E = webhook_deliveries.c, webhook_endpoints.c


@dataclass(frozen=True, slots=True)
class Capacity:
    """The capacity of an endpoint now: ``concurrency`` requests at once, ``slots`` of which its rate lets begin."""

    endpoint_id: str
    concurrency: int
    slots: int


def due_endpoints(connection: Connection, now: datetime, paced_at: datetime | None = None) -> list[Capacity]:
    """Return the endpoints that may be sent to and for which something is due.

    ``paced_at`` is the moment that their rate follows: the machine's own, even if ``now`` is set by hand.
    """
    # Checked for each active endpoint: much may wait for disabled ones, and isn't read.
    something = select(_D.id).where(_D.endpoint_id == _E.id, QUEUE.is_due(now)).exists()
    query = (
        select(_E.id, _E.concurrency, _E.per_second, _E.failures_in_a_row, _E.ordered, _E.paced_until)
        .where(something, _E.state == "active", or_(_E.resting_until.is_(None), _E.resting_until <= now))
        .order_by(_E.id)
    )
    return [
        Capacity(row.id, _at_once(row), free_slots(row.paced_until, row.per_second, paced_at or now))
        for row in connection.execute(query)
    ]


def choose_due(
    connection: Connection, free: Mapping[str, int], now: datetime, paced_at: datetime
) -> list[tuple[Endpoint, RowMapping]]:
    """Return deliveries that may begin, with their bodies: for each endpoint at most as many as ``free`` says.

    A request of a killed worker counts as under way for :data:`UNDER_WAY`, and is recovered later.
    """
    chosen: list[tuple[Endpoint, RowMapping]] = []
    locked = [find(connection, id, lock=True) for id in sorted(free)]  # one worker at a time looks at an endpoint
    under_way = _under_way(connection, sorted(free), now)
    for endpoint in locked:
        if endpoint.state != "active" or (endpoint.resting_until is not None and endpoint.resting_until > now):
            continue
        left = _at_once(endpoint) - under_way.get(endpoint.id, 0)
        most = min(free[endpoint.id], left, free_slots(endpoint.paced_until, endpoint.per_second, paced_at))
        if most <= 0:
            continue
        rows = _head(connection, endpoint.id, now) if endpoint.ordered else _oldest(connection, endpoint.id, now, most)
        chosen += [(endpoint, row) for row in rows]
    if chosen:
        _keep_pace(connection, Counter(endpoint.id for endpoint, _ in chosen), locked, paced_at)
    return chosen


def _at_once(endpoint: Endpoint | Row[Any, Any, Any, Any, Any, Any]) -> int:
    """Return how many requests an endpoint gets at once: one if order counts, or if none arrived lately."""
    one_at_a_time = endpoint.ordered or endpoint.failures_in_a_row >= PROBED_AFTER
    return 1 if one_at_a_time else int(endpoint.concurrency)


def _under_way(connection: Connection, ids: Sequence[str], now: datetime) -> Mapping[str, int]:
    """Count the requests under way at each endpoint, of all workers."""
    sending = (_D.status == "sending", _D.changed_at > now - UNDER_WAY)
    query = select(_D.endpoint_id, func.count()).where(_D.endpoint_id.in_(ids), *sending)
    return {row[0]: row[1] for row in connection.execute(query.group_by(_D.endpoint_id))}


def _keep_pace(connection: Connection, begun: Mapping[str, int], endpoints: Sequence[Endpoint], now: datetime) -> None:
    """Record the moment up to which each endpoint's rate is used up."""
    rows = [
        {
            "which": endpoint.id,
            "until": paced_until_after(endpoint.paced_until, endpoint.per_second, now, begun[endpoint.id]),
        }
        for endpoint in endpoints
        if endpoint.id in begun
    ]
    until = bindparam("until", type_=_E.paced_until.type)
    connection.execute(update(webhook_endpoints).where(_E.id == bindparam("which")).values(paced_until=until), rows)


_WITH_BODY = select(_D.id, _D.status, _D.next_attempt_at, webhook_messages.c.body).join(
    webhook_messages, webhook_messages.c.id == _D.message_id
)


def _oldest(connection: Connection, endpoint_id: str, now: datetime, most: int) -> Sequence[RowMapping]:
    query = _WITH_BODY.where(_D.endpoint_id == endpoint_id, QUEUE.is_due(now)).order_by(_D.seq).limit(most)
    return connection.execute(query).mappings().all()


def _head(connection: Connection, endpoint_id: str, now: datetime) -> Sequence[RowMapping]:
    """Return the oldest unsettled delivery if it is due and not under way; those behind it wait for it."""
    unsettled = _WITH_BODY.where(_D.endpoint_id == endpoint_id, _D.status.in_(("pending", "sending")))
    row = connection.execute(unsettled.order_by(_D.seq).limit(1)).mappings().first()
    if row is None or row["status"] != "pending" or row["next_attempt_at"] > now:
        return ()
    return (row,)
