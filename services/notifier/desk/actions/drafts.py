"""Decisions about a draft: edit, approve, dismiss, mark as sent, accept a rewording, note the outcome.

Each names the version of the draft that the person saw. A second click, another tab or a colleague then gets a
Conflict that says what has happened in the meantime, and nothing happens twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from schemas.base import content_id
from schemas.drafts import DismissReason, DraftDismissed, DraftEdited
from schemas.interactions import Feedback, FeedbackGiven, InteractionLogged
from services.common.db import upsert
from services.common.errors import BadInput
from services.notifier import queries
from services.notifier.desk.actions.context import COMMENT_LIMIT, ActionContext
from services.notifier.desk.actions.deliveries import publish_delivery, publish_sent
from services.notifier.desk.actions.gate import approval_of, first_by, in_spite, pass_gate
from services.notifier.desk.actions.sending import delivery_row, plan, publish_approval, publish_wait, target
from services.notifier.desk.actions.versions import apply, client_of, seen
from services.notifier.desk.draft_checks import recheck
from services.notifier.desk.errors import Conflict, GateRefused
from services.notifier.gate.current import gate_findings
from services.notifier.rewording import store as rewordings
from services.notifier.scope import EVERYTHING
from services.notifier.sending_plan import BY_HAND, kept_plan
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
]

SUBJECT_LIMIT, BODY_LIMIT = 200, 8_000
OutcomeKind = Literal["replied", "acted", "disagreed", "no_answer", "other"]


def edit(
    context: ActionContext, draft_id: str, version: int, subject: str, body: str, *, model: str | None = None
) -> None:
    """Change the text, check it again, and store the findings with it. ``model``: the language model that wrote it."""
    subject, body = " ".join(subject.split()), body.replace("\r\n", "\n").strip()
    _require_length("subject", subject, SUBJECT_LIMIT)
    _require_length("message", body, BODY_LIMIT)
    line = seen(context, draft_id, version, "edit")
    if (subject, body) == (line.subject, line.body.strip()):
        return
    revision = line.revision + 1
    other_ids = [alert_id for alert_id in line.draft.told_alerts if alert_id != line.draft.alert_id]
    others = queries.alerts_by_id(context.connection, EVERYTHING, other_ids)
    entry, by_model = client_of(context, line), model is not None
    checks = recheck(line, others, entry, subject, body, context.now, context.trades, by_model=by_model)
    apply(
        context, line, "edit", subject=subject, body=body, revision=revision, checks=checks, outcome=None, approval=None
    )
    edited = DraftEdited(
        draft_id=draft_id,
        client_id=line.client_id,
        revision=revision,
        subject=subject,
        body=body,
        by=context.viewer.user_id,
    )
    context.publish(edited, line.client_id, "draft.edited", draft_id, revision)
    if model is not None:
        rewordings.mark_used(context.connection, draft_id, revision)
    detail = None if model is None else f"with the text of the language model {model}"
    context.audit("draft.edited", draft_id, line.client_id, detail)


def accept_rewording(context: ActionContext, draft_id: str, version: int) -> None:
    """Replace the text with the one that a language model proposed; it counts as the viewer's edit."""
    context.draft(draft_id)  # raises if the viewer may not see it
    offer = rewordings.offer(context.connection, draft_id)
    if offer is None:
        raise Conflict("The language model's text is no longer available because the draft has changed.")
    edit(context, draft_id, version, offer.subject, offer.body, model=offer.model)


def approve(
    context: ActionContext,
    draft_id: str,
    version: int,
    *,
    at_once: bool = False,
    reason: str = "",
    override_reason: str = "",
    leave_at: datetime | None = None,
    shown: datetime | None = None,
) -> datetime | None:
    """Hand the draft to the outbox and return when it goes out; None if a second person has to approve it first.

    The time is planned again, with everything that was sent and approved since the draft was made. ``at_once`` skips
    quiet hours and budget, but no blackout, for ``override_reason`` (or ``reason``). ``leave_at`` is a chosen time,
    ``shown`` the one that the page named. ``reason`` is why it goes out in spite of findings that need one.

    Raises:
        GateRefused: a finding blocks it, needs a reason that was not given, or needs a second person, who can't be
            the first again.
        BadInput: it may not be sent, not then, not in time, or not without a reason.
        Conflict: the draft or its plan has changed since the person saw it.
    """
    line = seen(context, draft_id, version, "approve")
    if context.mail_fix is not None:
        raise BadInput("Mail isn't set up, so Firstword can't send this message.", fix=context.mail_fix)
    channel, recipient = target(client_of(context, line), context.routes)
    approval, waits = pass_gate(context, line, reason)
    if waits:
        apply(context, line, "ask_second", outcome=None, approval=approval)
        detail = f"for {'; '.join(approval['findings_to_second'])}{in_spite(approval)}"
        context.audit("draft.second_person_asked", draft_id, line.client_id, detail)
        return None
    override = override_reason or reason
    sending = plan(context, line, at_once=at_once, reason=override, leave_at=leave_at, shown=shown)
    apply(context, line, "approve", outcome=None, approval=approval)
    row = delivery_row(context, line, channel, recipient)
    queued = {"status": "pending", "next_attempt_at": sending.leaves_at, "plan": kept_plan(sending)}
    upsert(context.connection, deliveries, [{**row, **queued}], ["id"])
    publish_approval(context, line, channel)
    publish_delivery(context, row["id"])
    if sending.waits_for is not None:
        publish_wait(context, line, sending)
    beyond = ", beyond the weekly budget" if line.draft.budget == "beyond" or sending.beyond_budget else ""
    now_because = "" if sending.reason is None else f", outside hours and budget. Reason: {sending.reason}"
    chosen = ", at the chosen time" if sending.chosen else ""
    leaves = sending.leaves_at.isoformat()
    detail = f"goes out {leaves}{chosen}{beyond}{now_because}{in_spite(approval)}{first_by(approval)}"
    context.audit("draft.approved", draft_id, line.client_id, detail)
    return sending.leaves_at


def dismiss(context: ActionContext, draft_id: str, version: int, reason: DismissReason, comment: str = "") -> None:
    """Decide not to send the draft, with the reason."""
    comment = comment.strip()[:COMMENT_LIMIT]
    line = seen(context, draft_id, version, "dismiss")
    apply(context, line, "dismiss", outcome=": ".join(filter(None, (reason, comment))))
    dismissed = DraftDismissed(
        draft_id=draft_id,
        alert_id=line.draft.alert_id,
        client_id=line.client_id,
        reason=reason,
        comment=comment or None,
        by=context.viewer.user_id,
    )
    context.publish(dismissed, line.client_id, "draft.dismissed", draft_id, line.version)
    context.audit("draft.dismissed", draft_id, line.client_id, reason)


def mark_sent(context: ActionContext, draft_id: str, version: int, *, reason: str = "") -> None:
    """Record that the account manager sent the message by their own means.

    It has left already, so nothing blocks it; but findings that would have held it back need a reason. It counts as
    sent once it can't be undone any longer.

    Raises:
        GateRefused: the reason is missing.
    """
    line = seen(context, draft_id, version, "mark_sent")
    findings = gate_findings(context.connection, line.id, context.gate)
    holding = [finding for finding in findings if finding.effect != "warn"]
    approval = approval_of(context, line, holding, reason)
    if holding and not approval["reason"]:
        raise GateRefused("reason_needed", holding)
    entry = client_of(context, line)
    recipient = (entry.client.contact.email or entry.client.name) if entry is not None else line.client_id
    apply(context, line, "mark_sent", outcome=None, approval=approval)
    row = delivery_row(context, line, BY_HAND, recipient)
    held = context.undo > timedelta()
    status, leaves_at = ("pending", context.now + context.undo) if held else ("delivered", None)
    upsert(context.connection, deliveries, [{**row, "status": status, "next_attempt_at": leaves_at}], ["id"])
    publish_approval(context, line, BY_HAND)
    publish_delivery(context, row["id"])
    if not held:
        publish_sent(context, row["id"])
    context.audit("draft.sent_by_hand", draft_id, line.client_id, in_spite(approval).removeprefix(", ") or None)


def log_outcome(context: ActionContext, draft_id: str, outcome: OutcomeKind, summary: str, opinion: str = "") -> None:
    """Record how the client reacted to a message, and what they think of it."""
    line = context.draft(draft_id)
    if line.state != "sent":
        raise Conflict("You can record the outcome once the message is sent.")
    summary = summary.strip()[:COMMENT_LIMIT]
    contact = InteractionLogged(
        interaction_id=content_id("int", draft_id, outcome, summary, *([opinion] if opinion else [])),
        client_id=line.client_id,
        manager_id=line.draft.manager_id,
        at=context.now,
        channel="reply",
        draft_id=draft_id,
        summary=summary,
        outcome=outcome,
        opinion=opinion.strip()[:COMMENT_LIMIT] or None,
    )
    context.publish(contact, line.client_id, "contact", contact.interaction_id)
    context.audit("outcome.logged", draft_id, line.client_id, outcome)


def give_feedback(context: ActionContext, draft_id: str, feedback: Feedback, comment: str = "") -> None:
    """Record how useful a message was to the client; it adjusts their thresholds, within bounds."""
    line = context.draft(draft_id)
    if line.state != "sent" or line.alert is None:
        raise Conflict("You can rate a message once it is sent.")
    given = FeedbackGiven(
        client_id=line.client_id,
        draft_id=draft_id,
        entity_id=line.alert.entity_id,
        feedback=feedback,
        comment=comment.strip()[:COMMENT_LIMIT] or None,
        by=context.viewer.user_id,
    )
    context.publish(given, line.client_id, "feedback", draft_id, feedback, context.now.isoformat())
    context.audit("feedback.given", draft_id, line.client_id, feedback)


def _require_length(field: str, text: str, limit: int) -> None:
    if not text:
        raise BadInput(f"The {field} is empty.")
    if len(text) > limit:
        raise BadInput(f"The {field} has {len(text):,} characters; {limit:,} are allowed.", fix="Shorten it.")
