"""Deliveries to clients: a queue that sends each message at most once.

If Firstword stops between sending a message and recording it, nobody knows whether the client got it. The delivery
becomes ``unknown`` and waits for a person; it is never repeated automatically.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from schemas.base import content_id, event
from schemas.clients import ClientChanged
from schemas.deliveries import Delivery, DeliveryChanged, DeliveryStatus
from schemas.drafts import Draft, DraftSent
from schemas.interactions import InteractionLogged
from services.common.processing import AnyEvent
from services.common.queue.backoff import STANDARD
from services.common.queue.outcome import Outcome
from services.common.queue.work import Attempt, Finished, WorkQueue
from services.notifier import lifecycle
from services.notifier.delivery.channels.base import Outgoing
from services.notifier.delivery.html_letter import letter_html
from services.notifier.delivery.routes import ClientRoutes, targets
from services.notifier.delivery.send_checks import reason_not_to_send
from services.notifier.gate.current import reason_held
from services.notifier.gate.policy import GatePolicy
from services.notifier.lifecycle import DeliveryCommand
from services.notifier.sending_plan import BY_HAND, kept_plan, plan_queued
from services.notifier.tables import clients, deliveries, delivery_attempts, drafts

__all__ = [
    "QUEUE",
    "SOURCE",
    "ClaimedDelivery",
    "claim",
    "count_unfinished",
    "doubt_due",
    "fall_back",
    "finish",
    "has_unpublished",
    "lock_draft",
    "record_bounce",
    "recover",
    "sent_events",
    "take_unpublished",
]

SOURCE = "firstword/notifier"
#: The answer about a delivery that leaves later than planned.
PUT_OFF = "put off"
#: For so long after its deadline, a message that was approved in time still leaves: the outbox takes a moment.
GRACE = timedelta(minutes=15)
#: The most stopped deliveries that one transaction publishes.
BATCH = 500

QUEUE = WorkQueue(deliveries, "at_most_once", STANDARD, log=delivery_attempts)

#: The change of the draft after an attempt that left its delivery with this status.
_AFTER_ATTEMPT: dict[str, DeliveryCommand] = {
    "pending": "retry",
    "delivered": "delivered",
    "failed": "failed",
    "unknown": "outcome_unknown",
}


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that only this worker may attempt now. With ``blocked`` it must not go out, for the reason given."""

    id: str
    channel: str
    attempt: int
    message: Outgoing
    blocked: str | None = None


def claim(
    connection: Connection, delivery_id: str, now: datetime, gate: GatePolicy | None = None
) -> ClaimedDelivery | None:
    """Begin an attempt; return None if the delivery is no longer due, or another worker was faster.

    ``gate``: the firm's rules on findings; without them, the defaults apply. A message that may not leave yet, because
    the client's hours, messages or book have changed since it was approved, is put off as its plan says.
    """
    lock_draft(connection, delivery_id)
    late = _late_or_put_off(connection, delivery_id, now)
    if late is PUT_OFF:
        return None
    row = QUEUE.claim_one(connection, delivery_id, now)
    if row is None:
        return None
    entry = _client(connection, row["client_id"])
    if row["channel"] == BY_HAND:
        blocked = None
    elif _change_draft(connection, row["draft_id"], "start_sending", now):
        held = reason_held(connection, row, gate or GatePolicy())
        blocked = reason_not_to_send(connection, row, entry, now) or late or held
    else:
        blocked = "The message has already been sent, dismissed or withdrawn."
    return ClaimedDelivery(row["id"], row["channel"], row["attempts"], _outgoing(row, entry), blocked)


def _late_or_put_off(connection: Connection, delivery_id: str, now: datetime) -> str | None:
    """Put the delivery off if its plan says that it leaves later (PUT_OFF); return why it is too late, if it is."""
    row = _delivery(connection, delivery_id)
    if row["plan"] is None or row["status"] != "pending" or row["next_attempt_at"] is None:
        return None
    found = connection.execute(select(drafts).where(drafts.c.id == row["draft_id"])).mappings().one()
    if found["state"] != "approved":
        return None
    draft, deadline = Draft.model_validate(found["payload"]), found["deadline_at"]
    plan = plan_queued(connection, row, deadline, draft, now)
    if plan.refused == "do_not_contact" or not plan.may_override:
        return None  # the checks before sending say so
    if draft.verdict != "correct" and (plan.refused is not None or plan.leaves_at > deadline + GRACE):
        return f"It could not be sent before its deadline. {' '.join(plan.why)}".strip()
    if plan.refused is not None or plan.leaves_at <= now:
        return None
    put_off = {"next_attempt_at": plan.leaves_at, "plan": {**kept_plan(plan)}, "changed_at": now, "untold": True}
    connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(put_off))
    return PUT_OFF


def finish(
    connection: Connection, delivery_id: str, attempt: int, outcome: Outcome, now: datetime
) -> Sequence[AnyEvent]:
    """Record the outcome of attempt number ``attempt``; return the events to publish with it."""
    lock_draft(connection, delivery_id)
    settled = QUEUE.finish(connection, [Finished(Attempt(delivery_id, attempt), outcome)], now)
    return [event for work in settled for event in _events(connection, work.id, _AFTER_ATTEMPT[work.status], now)]


def fall_back(
    connection: Connection, delivery_id: str, routes: ClientRoutes, now: datetime, gate: GatePolicy | None = None
) -> Sequence[AnyEvent]:
    """If ``delivery_id`` definitely failed, send its message through the client's next channel.

    With ``gate``, only if the firm's rules don't hold it back, which is checked again when it is sent.
    """
    lock_draft(connection, delivery_id)
    row = _delivery(connection, delivery_id)
    entry = _client(connection, row["client_id"])
    if row["status"] != "failed" or entry is None or reason_not_to_send(connection, row, entry, now) is not None:
        return ()
    if gate is not None and reason_held(connection, row, gate) is not None:
        return ()
    query = select(deliveries.c.channel).where(deliveries.c.draft_id == row["draft_id"])
    tried = set(connection.execute(query).scalars())
    left = [(name, address) for name, address in targets(entry.client, routes) if name not in tried]
    if not left:
        return ()
    channel, address = left[0]
    copied = {name: row[name] for name in ("draft_id", "client_id", "subject", "body", "approved_by", "plan")}
    new_id = content_id("dlv", row["draft_id"], channel, address)
    connection.execute(
        insert(deliveries).values(
            **copied,
            id=new_id,
            channel=channel,
            recipient=address,
            status="pending",
            attempts=0,
            next_attempt_at=now,
            created_at=now,
            changed_at=now,
        )
    )
    return _events(connection, new_id, "fall_back", now)


def record_bounce(connection: Connection, delivery_id: str, reason: str, now: datetime) -> Sequence[AnyEvent]:
    """Note that a mail server accepted the message and returned it later; no events if there is no such delivery."""
    lock_draft(connection, delivery_id)
    row = connection.execute(select(deliveries).where(deliveries.c.id == delivery_id)).mappings().first()
    if row is None or row["status"] not in ("delivered", "unknown"):
        return ()
    values = {"status": "failed", "last_error": f"It came back: {reason}", "next_attempt_at": None, "changed_at": now}
    connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(values))
    return _events(connection, delivery_id, "bounced", now)


def recover(connection: Connection, now: datetime, began_before: datetime) -> Sequence[AnyEvent]:
    """Mark the attempts that began before ``began_before`` and never ended as ``unknown``."""
    sending = (deliveries.c.status == "sending", deliveries.c.changed_at <= began_before)
    held = select(drafts.c.id).where(drafts.c.id.in_(select(deliveries.c.draft_id).where(*sending)))
    connection.execute(held.order_by(drafts.c.id).with_for_update())
    settled = QUEUE.recover(connection, now, began_before)
    return [event for work in settled for event in _events(connection, work.id, _AFTER_ATTEMPT[work.status], now)]


def doubt_due(connection: Connection, now: datetime, detail: str) -> Sequence[AnyEvent]:
    """Mark every delivery that is due as ``unknown`` for the reason in ``detail``: it may have been sent already."""
    due = select(deliveries.c.id).where(deliveries.c.status == "pending", deliveries.c.next_attempt_at <= now)
    events: list[AnyEvent] = [*recover(connection, now, now)]
    for delivery_id in connection.execute(due.order_by(deliveries.c.id)).scalars().all():
        claimed = claim(connection, delivery_id, now)
        if claimed is not None:
            events += finish(connection, delivery_id, claimed.attempt, Outcome("unknown", detail), now)
    return events


def take_unpublished(connection: Connection, now: datetime) -> Sequence[AnyEvent]:
    """Return the events about deliveries that a sink stopped, each once: the caller's transaction publishes them."""
    query = select(deliveries).where(deliveries.c.untold.is_(True)).order_by(deliveries.c.id).limit(BATCH)
    rows = connection.execute(query.with_for_update(skip_locked=True)).mappings().all()
    if rows:
        ids = [row["id"] for row in rows]
        connection.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(untold=False))
    return [_changed(row, now) for row in rows]


def has_unpublished(connection: Connection) -> bool:
    """Return whether :func:`take_unpublished` has anything to return."""
    return connection.execute(select(deliveries.c.id).where(deliveries.c.untold.is_(True)).limit(1)).first() is not None


def count_unfinished(connection: Connection) -> Mapping[str, int]:
    """Count the deliveries that did not arrive, or not yet, by status."""
    wanted: tuple[DeliveryStatus, ...] = ("pending", "sending", "failed", "unknown")
    query = select(deliveries.c.status, func.count()).where(deliveries.c.status.in_(wanted))
    counts = {row[0]: row[1] for row in connection.execute(query.group_by(deliveries.c.status))}
    return {status: counts.get(status, 0) for status in wanted}


def sent_events(connection: Connection, row: RowMapping, now: datetime) -> Sequence[AnyEvent]:
    """Return the events that follow when a delivery arrived: the draft was sent, and the client was contacted."""
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


def lock_draft(connection: Connection, delivery_id: str) -> None:
    """Lock a delivery's draft. Everyone locks it before the delivery, to avoid deadlocks on PostgreSQL."""
    of_delivery = select(deliveries.c.draft_id).where(deliveries.c.id == delivery_id).scalar_subquery()
    connection.execute(select(drafts.c.id).where(drafts.c.id == of_delivery).with_for_update())


def _events(connection: Connection, delivery_id: str, command: DeliveryCommand, now: datetime) -> Sequence[AnyEvent]:
    """Change the draft in line with its delivery; return the events about the delivery."""
    row = _delivery(connection, delivery_id)
    _change_draft(connection, row["draft_id"], command, now, row["last_error"])
    return [_changed(row, now), *(sent_events(connection, row, now) if row["status"] == "delivered" else ())]


def _changed(row: RowMapping, now: datetime) -> AnyEvent:
    delivery = Delivery.model_validate({name: row[name] for name in Delivery.model_fields})
    return event(
        DeliveryChanged(delivery=delivery),
        key=row["client_id"],
        id=content_id("evt", "delivery", row["id"], row["status"], row["attempts"], now.isoformat()),
        source=SOURCE,
        time=now,
    )


def _change_draft(
    connection: Connection, draft_id: str, command: DeliveryCommand, now: datetime, outcome: str | None = None
) -> bool:
    """Change a delivery's draft; return False if its state doesn't allow that, and leave it as it is."""
    which = drafts.c.id == draft_id
    return bool(lifecycle.change_where(connection, which, command, "delivery", now, outcome=outcome))


def _delivery(connection: Connection, delivery_id: str) -> RowMapping:
    return connection.execute(select(deliveries).where(deliveries.c.id == delivery_id)).mappings().one()


def _client(connection: Connection, client_id: str) -> ClientChanged | None:
    query = select(clients.c.payload).where(clients.c.id == client_id, clients.c.removed.is_(False))
    stored: Any = connection.execute(query).scalar()
    return None if stored is None else ClientChanged.model_validate(stored)


def _outgoing(row: RowMapping, entry: ClientChanged | None) -> Outgoing:
    return Outgoing(
        delivery_id=row["id"],
        recipient=row["recipient"],
        recipient_name=entry.client.name if entry else "",
        sender_name=entry.manager.name if entry else "",
        sender_email=entry.manager.email if entry else None,
        subject=row["subject"],
        body=row["body"],
        html=letter_html(row["subject"], row["body"], entry.client.language if entry else "en"),
    )
