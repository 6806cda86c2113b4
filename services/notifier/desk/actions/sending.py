"""Hand an approved message to the outbox: its plan, its channel and address, its delivery, and the events."""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.base import content_id
from schemas.clients import ClientChanged
from schemas.drafts import ContactDecided, DraftApproved
from services.common.errors import BadInput
from services.notifier.contact.plan import format_time
from services.notifier.delivery.routes import ClientRoutes, targets
from services.notifier.desk import labels
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.errors import Conflict
from services.notifier.queries import DraftLine
from services.notifier.sending_plan import Sending, plan_one

__all__ = ["delivery_row", "plan", "publish_approval", "publish_wait", "target"]

#: A message may leave so much earlier or later than the page said.
TOLERANCE = timedelta(minutes=15)
CHOICES = "Call, send it now with a reason, or drop it."


def plan(
    context: ActionContext,
    line: DraftLine,
    *,
    at_once: bool = False,
    reason: str = "",
    leave_at: datetime | None = None,
    shown: datetime | None = None,
) -> Sending:
    """Return the plan that an approval follows.

    ``at_once`` sends it outside the client's hours and budget, for a ``reason``, but never during a blackout.
    ``leave_at`` is the time that the person chose, ``shown`` the one that the page named.

    Raises:
        BadInput: it may not be sent, not then, or not in time.
        Conflict: the plan has changed since the page was shown.
    """
    reason = " ".join(reason.split())
    found = plan_one(context.connection, line, context.now, context.undo, chosen=leave_at)
    if at_once and not found.at_once:
        return _overriding(context, line, found, reason)
    if found.refused is not None:
        raise BadInput(" ".join(found.why), fix="Change the client's contact policy, or send it by hand.")
    if leave_at is not None:
        return _chosen(context, line, found, leave_at)
    if not found.in_time:
        raise BadInput(f"It cannot arrive in time. {' '.join(found.why)}".strip(), fix=CHOICES)
    if shown is not None and not at_once and _differs(found, shown, context):
        when = labels.moment(found.leaves_at, labels.zone(context.viewer.time_zone), context.now)
        raise Conflict(
            f"The plan has changed since you opened the page: the message would now leave {when}.",
            fix="Nothing was approved. Look at the new plan, and approve it if it suits you.",
        )
    return found


def _overriding(context: ActionContext, line: DraftLine, ordinary: Sending, reason: str) -> Sending:
    if not ordinary.may_override:
        raise BadInput(
            f"It can't be sent now, whatever the reason. {' '.join(ordinary.why)}",
            fix="Call, or change the blackout or the contact policy in the client book.",
        )
    if not reason:
        raise BadInput(
            f"Sending it now needs a reason. {' '.join(ordinary.why)}",
            fix="Say why it can't wait. The reason is kept in the audit log.",
        )
    found = plan_one(context.connection, line, context.now, context.undo, reason=reason)
    if found.refused is not None or not found.at_once:
        raise BadInput(f"It can't be sent now, whatever the reason. {' '.join(found.why)}", fix="Call, or drop it.")
    return found


def _chosen(context: ActionContext, line: DraftLine, found: Sending, leave_at: datetime) -> Sending:
    """Return the plan if the message may leave at the chosen time."""
    wanted, name = format_time(leave_at, found.zone), line.client_name
    if leave_at < context.now:
        raise BadInput(f"{wanted} (time of {name}) has passed.", fix="Choose a later time.")
    if line.verdict != "correct" and leave_at > line.deadline_at:
        deadline = format_time(line.deadline_at, found.zone)
        raise BadInput(f"{wanted} is after its deadline ({deadline}, time of {name}).", fix="Choose an earlier time.")
    if found.leaves_at > max(leave_at, context.now + context.undo):
        earliest = format_time(found.leaves_at, found.zone)
        raise BadInput(
            f"It can't leave {wanted} (time of {name}). {' '.join(found.why)}",
            fix=f"Choose {earliest} or later." if found.in_time else CHOICES,
        )
    return found


def _differs(found: Sending, shown: datetime, context: ActionContext) -> bool:
    """Return whether the message would leave at another time than ``shown``; a page may be open for a while."""
    if found.at_once:
        return shown > context.now + TOLERANCE
    return abs(found.leaves_at - shown) > TOLERANCE


def target(entry: ClientChanged | None, routes: ClientRoutes) -> tuple[str, str]:
    """Return the channel and the address to send to."""
    if entry is None:
        raise BadInput("The client is no longer in the book, so this message can't be sent.")
    contact = entry.client.contact
    if contact.do_not_contact:
        why = f": {contact.do_not_contact_reason}" if contact.do_not_contact_reason else ""
        raise BadInput(f"{entry.client.name} must not be contacted{why}.")
    addresses = targets(entry.client, routes)
    if not addresses:
        raise BadInput(
            f"There is no mail address for {entry.client.name}.",
            fix="Add contact.email to the client book, or copy the message and send it yourself.",
        )
    return addresses[0]


def delivery_row(context: ActionContext, line: DraftLine, channel: str, recipient: str) -> dict[str, object]:
    """Return the row of a draft's delivery, without its status."""
    return {
        "id": content_id("dlv", line.id, channel, recipient),
        "draft_id": line.id,
        "client_id": line.client_id,
        "channel": channel,
        "recipient": recipient,
        "last_error": None,
        "plan": None,
        "subject": line.subject,
        "body": line.body,
        "approved_by": context.viewer.user_id,
        "created_at": context.now,
        "changed_at": context.now,
    }


def publish_approval(context: ActionContext, line: DraftLine, channel: str) -> None:
    """Publish that the viewer approved the draft."""
    approved = DraftApproved(
        draft_id=line.id,
        client_id=line.client_id,
        channel=channel,
        subject=line.subject,
        body=line.body,
        by=context.viewer.user_id,
    )
    context.publish(approved, line.client_id, "draft.approved", line.id, line.version)


def publish_wait(context: ActionContext, line: DraftLine, plan: Sending) -> None:
    """Publish that the message waits, and why."""
    decided = ContactDecided(
        client_id=line.client_id,
        what="waits",
        reason=plan.waits_for or "hours",
        detail=" ".join(plan.why),
        alert_id=line.draft.alert_id or None,
        draft_id=line.id,
        until=plan.leaves_at,
    )
    context.publish(decided, line.client_id, "contact.decided", line.id, line.version)
