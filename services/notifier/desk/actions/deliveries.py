"""A person's decision about a delivery that failed or whose outcome is unknown."""

from __future__ import annotations

from sqlalchemy import RowMapping, select, update

from schemas.deliveries import Delivery, DeliveryChanged, DeliveryStatus
from services.notifier import lifecycle, queries
from services.notifier.delivery.outbox import lock_draft, sent_events
from services.notifier.desk import labels
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.gate.current import reason_held
from services.notifier.lifecycle import IllegalTransition
from services.notifier.tables import deliveries, drafts

__all__ = ["confirm_arrival", "publish_delivery", "publish_sent", "send_again"]


def confirm_arrival(context: ActionContext, delivery_id: str) -> None:
    """Record that the client has a message whose outcome was unknown."""
    row = _decide(context, delivery_id, ("unknown",), "delivered")
    # A draft that was dismissed or withdrawn in the meantime stays so; the client has the message anyway.
    which = drafts.c.id == row["draft_id"]
    lifecycle.change_where(context.connection, which, "confirm_arrival", "account manager", context.now, outcome=None)
    publish_sent(context, delivery_id)
    context.audit("delivery.arrived", delivery_id, row["client_id"])


def send_again(context: ActionContext, delivery_id: str) -> None:
    """Send a message again that failed, or whose outcome is unknown."""
    row = _decide(context, delivery_id, ("unknown", "failed"), "pending")
    held = reason_held(context.connection, row, context.gate)
    if held is not None:
        raise Conflict(held)
    try:
        lifecycle.change(
            context.connection, row["draft_id"], "send_again", "account manager", context.now, outcome=None
        )
    except IllegalTransition as refused:
        state = labels.STATE[context.draft(row["draft_id"]).state]
        raise Conflict(f"This message is {state} by now, so it isn't sent again.") from refused
    context.audit("delivery.again", delivery_id, row["client_id"])


def publish_delivery(context: ActionContext, delivery_id: object) -> None:
    """Publish the delivery's current state."""
    row = _row(context, delivery_id)
    fields = {name: row[name] for name in Delivery.model_fields}
    changed = DeliveryChanged(delivery=Delivery.model_validate(fields))
    moment = context.now.isoformat()
    context.publish(changed, row["client_id"], "delivery", row["id"], row["status"], row["attempts"], moment)


def publish_sent(context: ActionContext, delivery_id: object) -> None:
    """Publish that the delivery's draft is sent and the client was contacted."""
    row = _row(context, delivery_id)
    context.publisher.publish(context.connection, sent_events(context.connection, row, context.now))


def _decide(
    context: ActionContext, delivery_id: str, statuses: tuple[DeliveryStatus, ...], to: DeliveryStatus
) -> RowMapping:
    """Change the status of a delivery that has one of ``statuses``, and return its row."""
    if queries.delivery(context.connection, context.viewer.scope, delivery_id) is None:
        raise NotFound("There is no such delivery.")
    lock_draft(context.connection, delivery_id)
    changed = context.connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.status.in_(statuses))
        .values(status=to, last_error=None, changed_at=context.now)
        .values(next_attempt_at=context.now if to == "pending" else None)
    )
    if changed.rowcount != 1:
        raise Conflict(
            "Somebody has already decided about this delivery.", fix="Your action was not carried out. Reload the page."
        )
    publish_delivery(context, delivery_id)
    return _row(context, delivery_id)


def _row(context: ActionContext, delivery_id: object) -> RowMapping:
    return context.connection.execute(select(deliveries).where(deliveries.c.id == delivery_id)).mappings().one()
