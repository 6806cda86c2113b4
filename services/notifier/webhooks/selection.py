"""Which webhooks may leave now: what is due, at endpoints that take more, of each the oldest first.

How much an endpoint takes, at once and a second, holds over all workers on a database: who looks for work there holds
the endpoint's row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, RowMapping, and_, bindparam, func, or_, select, update

from services.notifier.webhooks.endpoints import Endpoint, find
from services.notifier.webhooks.pace import filled_until, places
from services.notifier.webhooks.tables import webhook_deliveries, webhook_endpoints, webhook_messages

__all__ = ["UNDER_WAY", "Room", "choose", "due_endpoints"]

#: No request is under way for longer: it is given up on after 15 s.
UNDER_WAY = timedelta(seconds=20)
#: After so many failures in a row an endpoint gets one request at a time, until one arrives.
PROBED_AFTER = 3

_D, _E = webhook_deliveries.c, webhook_endpoints.c


@dataclass(frozen=True, slots=True)
class Room:
    """How much an endpoint takes at present: so many at once, of which so many may begin by its rate."""

    endpoint_id: str
    concurrency: int
    places: int


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


def choose(
    connection: Connection, free: Mapping[str, int], now: datetime, paced_at: datetime
) -> list[tuple[Endpoint, RowMapping]]:
    """Deliveries that may begin, with their messages: at most so many for each endpoint as ``free`` says.

    What a killed worker had under way counts for :data:`UNDER_WAY`, and is taken for lost later.
    """
    chosen: list[tuple[Endpoint, RowMapping]] = []
    there = [find(connection, id, lock=True) for id in sorted(free)]  # one at a time looks for work at an endpoint
    under_way = _under_way(connection, sorted(free), now)
    for endpoint in there:
        if endpoint.state != "active" or (endpoint.resting_until is not None and endpoint.resting_until > now):
            continue
        room = _at_once(endpoint) - under_way.get(endpoint.id, 0)
        most = min(free[endpoint.id], room, places(endpoint.paced_until, endpoint.per_second, paced_at))
        if most <= 0:
            continue
        rows = _head(connection, endpoint.id, now) if endpoint.ordered else _oldest(connection, endpoint.id, now, most)
        chosen += [(endpoint, row) for row in rows]
    if chosen:
        _keep_pace(connection, Counter(endpoint.id for endpoint, _ in chosen), there, paced_at)
    return chosen


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
