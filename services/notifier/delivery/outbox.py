"""What is to be sent stands in the database before anything leaves, and every attempt before and after it.

A crash between the two leaves ``sending``. Nobody can say then whether the client has the message, so it becomes
``unknown`` and waits for a person; it is never repeated by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from schemas.base import content_id, event
from schemas.clients import ClientChanged
from schemas.deliveries import Delivery, DeliveryChanged, DeliveryStatus
from schemas.drafts import Draft, DraftSent
from schemas.interactions import InteractionLogged
from services.common.processing import AnyEvent
from services.common.queue.backoff import RETRY_SECONDS, next_attempt
from services.notifier import lifecycle
from services.notifier.delivery.channels.base import Outcome, Outgoing
from services.notifier.delivery.html_letter import letter_html
from services.notifier.delivery.routes import Ways, targets
from services.notifier.delivery.send_checks import forbidden
from services.notifier.lifecycle import DeliveryCommand
from services.notifier.tables import clients, deliveries, delivery_attempts, drafts

__all__ = [
    "RETRY_SECONDS",
    "SOURCE",
    "Claimed",
    "came_back",
    "claim",
    "due",
    "fall_back",
    "finish",
    "hold_draft",
    "recover",
    "retry_at",
    "sent_events",
    "standing",
    "stuck",
    "tell",
    "untold",
]

SOURCE = "firstword/notifier"
#: Of what sinks have stopped, so many are told of in one transaction.
BATCH = 500

#: How an attempt that ended with a delivery of this status changes the draft.
_AFTER_ATTEMPT: dict[DeliveryStatus, DeliveryCommand] = {
    "pending": "retry",
    "delivered": "delivered",
    "failed": "failed",
    "unknown": "outcome_unknown",
}


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker, and no other, may attempt now; unless ``forbidden`` says why it must not go out."""

    channel: str
    attempt: int
    message: Outgoing
    forbidden: str | None = None


def due(connection: Connection, now: datetime, limit: int) -> Sequence[str]:
    """Ids of the deliveries whose moment has come, oldest first."""
    query = (
        select(deliveries.c.id)
        .where(deliveries.c.status == "pending", deliveries.c.next_attempt_at <= now)
        .order_by(deliveries.c.next_attempt_at, deliveries.c.id)
        .limit(limit)
    )
    return connection.execute(query).scalars().all()


def claim(connection: Connection, delivery_id: str, now: datetime) -> Claimed | None:
    """Record that an attempt begins; None when it is no longer to be sent, or another worker was faster."""
    hold_draft(connection, delivery_id)
    taken = connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.status == "pending", deliveries.c.next_attempt_at <= now)
        .values(status="sending", attempts=deliveries.c.attempts + 1, next_attempt_at=None, changed_at=now)
    )
    if taken.rowcount != 1:
        return None
    row = connection.execute(select(deliveries).where(deliveries.c.id == delivery_id)).mappings().one()
    book = _book(connection, row["client_id"])
    connection.execute(insert(delivery_attempts).values(delivery_id=delivery_id, number=row["attempts"], began_at=now))
    if not _change_draft(connection, row["draft_id"], "start_sending", now):
        reason: str | None = "The message was sent or decided about otherwise in the meantime."
    else:
        reason = forbidden(connection, row, book, now)
    return Claimed(row["channel"], row["attempts"], _outgoing(row, book), reason)


def finish(
    connection: Connection, delivery_id: str, attempt: int, outcome: Outcome, now: datetime
) -> Sequence[AnyEvent]:
    """Record how attempt number ``attempt`` ended; returns the events that are to be published with it."""
    hold_draft(connection, delivery_id)
    connection.execute(
        update(delivery_attempts)
        .where(delivery_attempts.c.delivery_id == delivery_id, delivery_attempts.c.number == attempt)
        .values(ended_at=now, outcome=outcome.kind, detail=outcome.detail)
    )
    row = connection.execute(select(deliveries).where(deliveries.c.id == delivery_id)).mappings().one()
    if row["status"] != "sending" or row["attempts"] != attempt:  # a person has decided in the meantime
        return ()
    again = retry_at(delivery_id, attempt, outcome, now)
    status: DeliveryStatus
    match outcome.kind:
        case "delivered":
            status = "delivered"
        case "unknown":
            status = "unknown"
        case "retry" if again is not None:
            status = "pending"
        case _:
            status = "failed"
    error = None if status == "delivered" else outcome.detail
    next_attempt_at = again if status == "pending" else None
    changed = _set_status(connection, row, status, _AFTER_ATTEMPT[status], now, error, next_attempt_at)
    return [changed, *(sent_events(connection, row, now) if status == "delivered" else ())]


def fall_back(connection: Connection, delivery_id: str, ways: Ways, now: datetime) -> Sequence[AnyEvent]:
    """After ``delivery_id`` has surely failed: send its message by the next channel that its client names, if any."""
    hold_draft(connection, delivery_id)
    row = connection.execute(select(deliveries).where(deliveries.c.id == delivery_id)).mappings().one()
    book = _book(connection, row["client_id"])
    if row["status"] != "failed" or book is None or forbidden(connection, row, book, now) is not None:
        return ()
    query = select(deliveries.c.channel).where(deliveries.c.draft_id == row["draft_id"])
    tried = set(connection.execute(query).scalars())
    left = [(name, address) for name, address in targets(book.client, ways) if name not in tried]
    if not left:
        return ()
    channel, address = left[0]
    names = ("draft_id", "client_id", "subject", "body", "approved_by")
    new = {name: row[name] for name in names} | {
        "id": content_id("dlv", row["draft_id"], channel, address),
        "channel": channel,
        "recipient": address,
        "attempts": 0,
        "created_at": now,
    }
    connection.execute(insert(deliveries).values(**new, status="pending", next_attempt_at=now, changed_at=now))
    inserted = connection.execute(select(deliveries).where(deliveries.c.id == new["id"])).mappings().one()
    return [_set_status(connection, inserted, "pending", "fall_back", now, None, now)]


def came_back(connection: Connection, delivery_id: str, reason: str, now: datetime) -> Sequence[AnyEvent]:
    """A mail server took it, and sent it back later: the client hasn't got it. Nothing if there is no such delivery."""
    hold_draft(connection, delivery_id)
    row = connection.execute(select(deliveries).where(deliveries.c.id == delivery_id)).mappings().first()
    if row is None or row["status"] not in ("delivered", "unknown"):
        return ()
    return [_set_status(connection, row, "failed", "bounced", now, f"It came back: {reason}")]


def recover(connection: Connection, now: datetime, *, began_before: datetime) -> Sequence[AnyEvent]:
    """Attempts that began before ``began_before`` and whose end nobody recorded become ``unknown``."""
    rows = connection.execute(
        select(deliveries).where(deliveries.c.status == "sending", deliveries.c.changed_at <= began_before)
    ).mappings()
    events: list[AnyEvent] = []
    for row in rows.all():
        detail = "Firstword was stopped while this was being sent; nobody can say whether it arrived."
        connection.execute(
            update(delivery_attempts)
            .where(delivery_attempts.c.delivery_id == row["id"], delivery_attempts.c.ended_at.is_(None))
            .values(ended_at=now, outcome="unknown", detail=detail)
        )
        events.append(_set_status(connection, row, "unknown", "outcome_unknown", now, detail))
    return events


def tell(connection: Connection, now: datetime) -> Sequence[AnyEvent]:
    """Events on deliveries that a sink has stopped, each once: it is marked as told in the caller's transaction."""
    untold = select(deliveries).where(deliveries.c.untold.is_(True)).order_by(deliveries.c.id).limit(BATCH)
    rows = connection.execute(untold.with_for_update(skip_locked=True)).mappings().all()
    if rows:
        ids = [row["id"] for row in rows]
        connection.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(untold=False))
    return [_changed(row, row["status"], row["last_error"], row["next_attempt_at"], now) for row in rows]


def untold(connection: Connection) -> bool:
    """Whether there is anything for :func:`tell` to do."""
    return connection.execute(select(deliveries.c.id).where(deliveries.c.untold.is_(True)).limit(1)).first() is not None


def standing(connection: Connection) -> Mapping[str, int]:
    """How many deliveries there are of each status that is no good end."""
    wanted: tuple[DeliveryStatus, ...] = ("pending", "sending", "failed", "unknown")
    query = select(deliveries.c.status, func.count()).where(deliveries.c.status.in_(wanted))
    found = {row[0]: row[1] for row in connection.execute(query.group_by(deliveries.c.status))}
    return {status: found.get(status, 0) for status in wanted}


def stuck(connection: Connection, *, began_before: datetime) -> bool:
    """Whether there is anything for :func:`recover` to do."""
    query = select(deliveries.c.id).where(deliveries.c.status == "sending", deliveries.c.changed_at <= began_before)
    return connection.execute(query.limit(1)).first() is not None


def retry_at(delivery_id: str, attempt: int, outcome: Outcome, now: datetime) -> datetime | None:
    """When to try again after attempt number ``attempt`` (from 1); None when it was the last one."""
    if outcome.kind != "retry":
        return None
    return next_attempt(delivery_id, attempt, now, outcome.retry_after_seconds)


def sent_events(connection: Connection, row: RowMapping, now: datetime) -> Sequence[AnyEvent]:
    """What is known once a delivery has arrived: the draft was sent, a contact took place."""
    stored = connection.execute(select(drafts.c.payload).where(drafts.c.id == row["draft_id"])).scalar_one()
    draft = Draft.model_validate(stored)
    sent = DraftSent(
        draft_id=draft.id,
        alert_id=draft.alert_id,
        story_id=draft.story_id,
        client_id=draft.client_id,
        channel=row["channel"],
        delivery_id=row["id"],
    )
    contact = InteractionLogged(
        interaction_id=content_id("int", row["id"]),
        client_id=draft.client_id,
        manager_id=draft.manager_id,
        at=now,
        channel=row["channel"],
        draft_id=draft.id,
        summary=row["subject"],
    )
    return (
        event(sent, key=draft.client_id, id=content_id("evt", "draft.sent", row["id"]), source=SOURCE, time=now),
        event(contact, key=draft.client_id, id=content_id("evt", "contact", row["id"]), source=SOURCE, time=now),
    )


def _set_status(
    connection: Connection,
    row: RowMapping,
    status: DeliveryStatus,
    command: DeliveryCommand,
    now: datetime,
    error: str | None,
    next_attempt_at: datetime | None = None,
) -> AnyEvent:
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == row["id"])
        .values(status=status, last_error=error, next_attempt_at=next_attempt_at, changed_at=now)
    )
    _change_draft(connection, row["draft_id"], command, now, error)
    return _changed(row, status, error, next_attempt_at, now)


def _changed(
    row: RowMapping, status: DeliveryStatus, error: str | None, next_attempt_at: datetime | None, now: datetime
) -> AnyEvent:
    delivery = Delivery(
        id=row["id"],
        draft_id=row["draft_id"],
        client_id=row["client_id"],
        channel=row["channel"],
        recipient=row["recipient"],
        status=status,
        attempts=row["attempts"],
        last_error=error,
        next_attempt_at=next_attempt_at,
    )
    return event(
        DeliveryChanged(delivery=delivery),
        key=row["client_id"],
        id=content_id("evt", "delivery", row["id"], status, row["attempts"], now.isoformat()),
        source=SOURCE,
        time=now,
    )


def _change_draft(
    connection: Connection, draft_id: str, command: DeliveryCommand, now: datetime, outcome: str | None = None
) -> bool:
    """Move a delivery's draft on; False where the draft's state does not allow it, and then it stays as it is."""
    which = drafts.c.id == draft_id
    return bool(lifecycle.change_where(connection, which, command, "delivery", now, outcome=outcome))


def hold_draft(connection: Connection, delivery_id: str) -> None:
    """Lock a delivery's draft before the delivery, as all do: else two could wait for each other (PostgreSQL)."""
    of_delivery = select(deliveries.c.draft_id).where(deliveries.c.id == delivery_id).scalar_subquery()
    connection.execute(select(drafts.c.id).where(drafts.c.id == of_delivery).with_for_update())


def _book(connection: Connection, client_id: str) -> ClientChanged | None:
    query = select(clients.c.payload).where(clients.c.id == client_id, clients.c.removed.is_(False))
    stored: Any = connection.execute(query).scalar()
    return None if stored is None else ClientChanged.model_validate(stored)


def _outgoing(row: RowMapping, book: ClientChanged | None) -> Outgoing:
    return Outgoing(
        delivery_id=row["id"],
        recipient=row["recipient"],
        recipient_name=book.client.name if book else "",
        sender_name=book.manager.name if book else "",
        sender_email=book.manager.email if book else None,
        subject=row["subject"],
        body=row["body"],
        html=letter_html(row["subject"], row["body"], book.client.language if book else "en"),
    )
