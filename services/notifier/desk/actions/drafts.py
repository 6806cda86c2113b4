"""Decisions about a draft: edit, approve, take back, dismiss, mark as sent, accept a rewording, note the outcome.

Each names the version of the draft that the person saw. A second click, another tab or a colleague then gets a
Conflict that says what has happened in the meantime, and nothing happens twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import update

from schemas.base import content_id
from schemas.clients import ClientChanged
from schemas.drafts import ContactDecided, DismissReason, DraftApproved, DraftDismissed, DraftEdited
from schemas.interactions import Feedback, FeedbackGiven, InteractionLogged
from services.common.db import upsert
from services.common.errors import BadInput
from services.notifier import lifecycle, queries
from services.notifier.contact.blackouts import blackout_names
from services.notifier.contact.budget import WEEK
from services.notifier.contact.plan import SendPlan, plan_send
from services.notifier.delivery.routes import ClientRoutes, targets
from services.notifier.desk import labels
from services.notifier.desk.actions.deliveries import publish_delivery, publish_sent
from services.notifier.desk.actions.desk import COMMENT_LIMIT, Desk
from services.notifier.desk.draft_checks import recheck
from services.notifier.desk.errors import Conflict
from services.notifier.lifecycle import IllegalTransition, ManagerCommand, StaleDraft, next_state
from services.notifier.queries import DraftLine
from services.notifier.rewording import store as rewordings
from services.notifier.scope import EVERYTHING
from services.notifier.tables import deliveries

__all__ = [
    "OutcomeKind",
    "accept_rewording",
    "approve",
    "dismiss",
    "edit",
    "give_feedback",
    "log_outcome",
    "mark_sent",
    "take_back",
]

SUBJECT_LIMIT, BODY_LIMIT = 200, 8_000
OutcomeKind = Literal["replied", "acted", "disagreed", "no_answer", "other"]


def edit(desk: Desk, draft_id: str, version: int, subject: str, body: str) -> None:
    """Change the text, check it again, and store the findings with it."""
    subject, body = " ".join(subject.split()), body.replace("\r\n", "\n").strip()
    _require_length("subject", subject, SUBJECT_LIMIT)
    _require_length("message", body, BODY_LIMIT)
    line = _seen(desk, draft_id, version, "edit")
    if (subject, body) == (line.subject, line.body.strip()):
        return
    revision = line.revision + 1
    other_ids = [alert_id for alert_id in line.draft.told_alerts if alert_id != line.draft.alert_id]
    others = queries.alerts_by_id(desk.connection, EVERYTHING, other_ids)
    checks = recheck(line, others, _client(desk, line), subject, body, desk.now)
    _change(desk, line, "edit", subject=subject, body=body, revision=revision, checks=checks, outcome=None)
    edited = DraftEdited(
        draft_id=draft_id,
        client_id=line.client_id,
        revision=revision,
        subject=subject,
        body=body,
        by=desk.viewer.user_id,
    )
    desk.publish(edited, line.client_id, "draft.edited", draft_id, revision)
    desk.audit("draft.edited", draft_id, line.client_id)


def accept_rewording(desk: Desk, draft_id: str, version: int) -> None:
    """Replace the text with the one that a language model proposed; it counts as the viewer's edit."""
    line = desk.draft(draft_id)
    offer = rewordings.offer(desk.connection, draft_id)
    if offer is None:
        raise Conflict("There is no other wording for this draft any more: its text has changed.")
    edit(desk, draft_id, version, line.subject, offer.body)


def approve(desk: Desk, draft_id: str, version: int, *, at_once: bool = False) -> datetime:
    """Hand the draft to the outbox and return when it goes out.

    The time is planned anew, with everything that was sent and approved since the draft was made. ``at_once`` skips
    quiet hours, budget and blackouts.
    """
    line = _seen(desk, draft_id, version, "approve")
    if desk.mail_fix is not None:
        raise BadInput("Mail isn't set up, so Firstword can't send this message.", fix=desk.mail_fix)
    channel, recipient = _target(_client(desk, line), desk.routes)
    plan = None if at_once else _plan(desk, line)
    leaves_at = desk.now if plan is None else plan.send_after
    _change(desk, line, "approve", outcome=None)
    row = _delivery_row(desk, line, channel, recipient)
    upsert(desk.connection, deliveries, [{**row, "status": "pending", "next_attempt_at": leaves_at}], ["id"])
    _publish_approval(desk, line, channel)
    publish_delivery(desk, row["id"])
    if plan is not None and plan.waits_for is not None:
        _publish_wait(desk, line, plan)
    beyond = ", beyond the weekly budget" if plan is not None and plan.beyond_budget else ""
    desk.audit("draft.approved", draft_id, line.client_id, f"goes out {leaves_at.isoformat()}{beyond}")
    return leaves_at


def take_back(desk: Desk, draft_id: str, version: int) -> None:
    """Return an approved draft that has not gone out to the inbox."""
    command: ManagerCommand = "take_back_edited" if desk.draft(draft_id).revision else "take_back"
    line = _seen(desk, draft_id, version, command)
    _change(desk, line, command)
    stopped = desk.connection.execute(
        update(deliveries)
        .where(deliveries.c.draft_id == draft_id, deliveries.c.status == "pending")
        .values(status="failed", last_error="Taken back before it went out.", next_attempt_at=None)
        .values(changed_at=desk.now)
        .returning(deliveries.c.id)
    ).scalars()
    for delivery_id in stopped.all():
        publish_delivery(desk, delivery_id)
    desk.audit("draft.taken_back", draft_id, line.client_id)


def dismiss(desk: Desk, draft_id: str, version: int, reason: DismissReason, comment: str = "") -> None:
    """Decide not to send the draft, with the reason."""
    comment = comment.strip()[:COMMENT_LIMIT]
    line = _seen(desk, draft_id, version, "dismiss")
    _change(desk, line, "dismiss", outcome=": ".join(filter(None, (reason, comment))))
    dismissed = DraftDismissed(
        draft_id=draft_id,
        alert_id=line.draft.alert_id,
        client_id=line.client_id,
        reason=reason,
        comment=comment or None,
        by=desk.viewer.user_id,
    )
    desk.publish(dismissed, line.client_id, "draft.dismissed", draft_id)
    desk.audit("draft.dismissed", draft_id, line.client_id, reason)


def mark_sent(desk: Desk, draft_id: str, version: int) -> None:
    """Record that the account manager sent the message by their own means."""
    line = _seen(desk, draft_id, version, "mark_sent")
    book = _client(desk, line)
    recipient = (book.client.contact.email or book.client.name) if book is not None else line.client_id
    _change(desk, line, "mark_sent", outcome=None)
    row = _delivery_row(desk, line, "clipboard", recipient)
    upsert(desk.connection, deliveries, [{**row, "status": "delivered", "next_attempt_at": None}], ["id"])
    _publish_approval(desk, line, "clipboard")
    publish_delivery(desk, row["id"])
    publish_sent(desk, row["id"])
    desk.audit("draft.sent_by_hand", draft_id, line.client_id)


def log_outcome(desk: Desk, draft_id: str, outcome: OutcomeKind, summary: str, opinion: str = "") -> None:
    """Record how the client reacted to a message, and what they think of it."""
    line = desk.draft(draft_id)
    if line.state != "sent":
        raise Conflict("You can record the outcome once the message is sent.")
    summary = summary.strip()[:COMMENT_LIMIT]
    contact = InteractionLogged(
        interaction_id=content_id("int", draft_id, outcome, summary, *([opinion] if opinion else [])),
        client_id=line.client_id,
        manager_id=line.draft.manager_id,
        at=desk.now,
        channel="reply",
        draft_id=draft_id,
        summary=summary,
        outcome=outcome,
        opinion=opinion.strip()[:COMMENT_LIMIT] or None,
    )
    desk.publish(contact, line.client_id, "contact", contact.interaction_id)
    desk.audit("outcome.logged", draft_id, line.client_id, outcome)


def give_feedback(desk: Desk, draft_id: str, feedback: Feedback, comment: str = "") -> None:
    """Record how useful a message was to the client; it adjusts their thresholds, within bounds."""
    line = desk.draft(draft_id)
    if line.state != "sent" or line.alert is None:
        raise Conflict("You can rate a message once it is sent.")
    given = FeedbackGiven(
        client_id=line.client_id,
        draft_id=draft_id,
        entity_id=line.alert.entity_id,
        feedback=feedback,
        comment=comment.strip()[:COMMENT_LIMIT] or None,
        by=desk.viewer.user_id,
    )
    desk.publish(given, line.client_id, "feedback", draft_id, feedback, desk.now.isoformat())
    desk.audit("feedback.given", draft_id, line.client_id, feedback)


def _seen(desk: Desk, draft_id: str, version: int, command: ManagerCommand) -> DraftLine:
    """Return the draft if it is still as the person saw it and allows ``command``; raise Conflict if not."""
    line = desk.draft(draft_id)
    try:
        next_state(line.state, command, "account manager")
    except IllegalTransition as refused:
        raise _conflict(desk, line) from refused
    if line.version != version:
        raise _conflict(desk, line)
    return line


def _change(desk: Desk, line: DraftLine, command: ManagerCommand, **values: object) -> None:
    """Apply ``command`` to the draft as it was read; raise Conflict if somebody was faster."""
    try:
        lifecycle.change(desk.connection, line.id, command, "account manager", desk.now, version=line.version, **values)
    except (IllegalTransition, StaleDraft) as refused:
        raise _conflict(desk, desk.draft(line.id)) from refused


def _conflict(desk: Desk, line: DraftLine) -> Conflict:
    when = labels.moment(line.changed_at, labels.zone(desk.viewer.time_zone), desk.now)
    return Conflict(
        f"This draft has changed since you opened it: it is {labels.STATE[line.state]} ({when}).",
        fix="Your action was not carried out. Open the draft to see its current state.",
    )


def _client(desk: Desk, line: DraftLine) -> ClientChanged | None:
    """Return the client of a draft that the viewer may see."""
    return queries.client(desk.connection, EVERYTHING, line.client_id)


def _plan(desk: Desk, line: DraftLine) -> SendPlan:
    """Plan when the message may go out, after everything that was sent and approved so far."""
    book = _client(desk, line)
    if book is None:
        return SendPlan(max(desk.now, line.send_after))
    others = queries.message_times(desk.connection, EVERYTHING, line.client_id, desk.now - WEEK)
    told = line.draft.told_alerts or (line.draft.alert_id,)
    alerts = queries.alerts_by_id(desk.connection, EVERYTHING, told)
    about = blackout_names(book.client, (name for alert in alerts for name in (alert.entity_id, alert.entity_name)))
    plan = plan_send(book.client, desk.now, others, line.draft.urgency, line.deadline_at, about)
    if plan.refused is not None:
        raise BadInput(" ".join(plan.notes), fix="Change the client's contact policy, or send it by hand.")
    return plan


def _target(book: ClientChanged | None, routes: ClientRoutes) -> tuple[str, str]:
    """Return the channel and the address to send to."""
    if book is None:
        raise BadInput("The client is no longer in the book, so this message can't be sent.")
    contact = book.client.contact
    if contact.do_not_contact:
        why = f": {contact.do_not_contact_reason}" if contact.do_not_contact_reason else ""
        raise BadInput(f"{book.client.name} must not be contacted{why}.")
    addresses = targets(book.client, routes)
    if not addresses:
        raise BadInput(
            f"There is no mail address for {book.client.name}.",
            fix="Add contact.email to the client book, or copy the message and send it yourself.",
        )
    return addresses[0]


def _delivery_row(desk: Desk, line: DraftLine, channel: str, recipient: str) -> dict[str, object]:
    return {
        "id": content_id("dlv", line.id, channel, recipient),
        "draft_id": line.id,
        "client_id": line.client_id,
        "channel": channel,
        "recipient": recipient,
        "last_error": None,
        "subject": line.subject,
        "body": line.body,
        "approved_by": desk.viewer.user_id,
        "created_at": desk.now,
        "changed_at": desk.now,
    }


def _publish_approval(desk: Desk, line: DraftLine, channel: str) -> None:
    approved = DraftApproved(
        draft_id=line.id,
        client_id=line.client_id,
        channel=channel,
        subject=line.subject,
        body=line.body,
        by=desk.viewer.user_id,
    )
    desk.publish(approved, line.client_id, "draft.approved", line.id, line.version)


def _publish_wait(desk: Desk, line: DraftLine, plan: SendPlan) -> None:
    decided = ContactDecided(
        client_id=line.client_id,
        what="waits",
        reason=plan.waits_for or "hours",
        detail=" ".join(plan.notes),
        alert_id=line.draft.alert_id or None,
        draft_id=line.id,
        until=plan.send_after,
    )
    desk.publish(decided, line.client_id, "contact.decided", line.id, line.version)


def _require_length(field: str, text: str, limit: int) -> None:
    if not text:
        raise BadInput(f"The {field} is empty.")
    if len(text) > limit:
        raise BadInput(f"The {field} has {len(text):,} characters; {limit:,} are allowed.", fix="Shorten it.")
