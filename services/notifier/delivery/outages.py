"""Outages of a channel: since when it takes no messages, and how many wait. One ends with the first answer it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from services.common.queue.outcome import Outcome
from services.notifier.scope import Scope
from services.notifier.tables import channel_outages, clients, deliveries

__all__ = ["Outage", "channels_down", "end_outage", "note_outcome", "outages"]


@dataclass(frozen=True, slots=True)
class Outage:
    """A channel that takes no messages: since when, why, and how many of the messages in scope wait for it."""

    channel: str
    since: datetime
    detail: str
    waiting: int


def note_outcome(connection: Connection, channel: str, outcome: Outcome, now: datetime) -> None:
    """Note that an attempt met an outage, or that the channel answered."""
    known = connection.execute(select(channel_outages.c.since).where(channel_outages.c.channel == channel)).first()
    if not outcome.service_down:
        if known is not None and outcome.kind != "unknown":
            end_outage(connection, channel, now)
    elif known is None:
        connection.execute(insert(channel_outages).values(channel=channel, since=now, detail=outcome.detail))
    else:
        changed = update(channel_outages).where(channel_outages.c.channel == channel)
        connection.execute(changed.values(detail=outcome.detail))


def end_outage(connection: Connection, channel: str, now: datetime) -> None:
    """Note that ``channel`` works again. What waited for it is tried at once; its plan still decides when it leaves."""
    connection.execute(delete(channel_outages).where(channel_outages.c.channel == channel))
    waited = (deliveries.c.channel == channel, deliveries.c.status == "pending", deliveries.c.attempts > 0)
    connection.execute(
        update(deliveries).where(*waited, deliveries.c.next_attempt_at > now).values(next_attempt_at=now)
    )


def channels_down(connection: Connection) -> Sequence[str]:
    """Return the channels that take no messages."""
    return connection.execute(select(channel_outages.c.channel).order_by(channel_outages.c.channel)).scalars().all()


def outages(connection: Connection, scope: Scope, now: datetime) -> Sequence[Outage]:
    """Return the outages, with the number of messages to clients in ``scope`` that wait for each channel."""
    found = connection.execute(select(channel_outages).order_by(channel_outages.c.since)).all()
    return [Outage(row.channel, row.since, row.detail, _waiting(connection, scope, row.channel, now)) for row in found]


def _waiting(connection: Connection, scope: Scope, channel: str, now: datetime) -> int:
    held_up = or_(deliveries.c.attempts > 0, deliveries.c.next_attempt_at <= now)
    query = (
        select(func.count())
        .select_from(deliveries.join(clients, clients.c.id == deliveries.c.client_id))
        .where(deliveries.c.channel == channel, deliveries.c.status == "pending", held_up, scope.condition())
    )
    return connection.execute(query).scalar_one()
