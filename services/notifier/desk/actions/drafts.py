"""Decisions about a draft: edit, approve, take back, dismiss, mark as sent, accept a rewording, note the outcome.

Each names the version of the draft that the person saw. A second click, another tab or a colleague then gets a
Conflict that says what has happened in the meantime, and nothing happens twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

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
from services.notifier.desk.actions.context import COMMENT_LIMIT, ActionContext
from services.notifier.desk.actions.deliveries import publish_delivery, publish_sent
from services.notifier.desk.draft_checks import recheck
from services.notifier.desk.errors import Conflict, GateRefused, NotFound
from services.notifier.desk.second_person import first_approval, visible_draft
from services.notifier.gate.current import gate_findings
from services.notifier.gate.findings import STOPPING, GatedFinding, refusal, text_hash
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


def edit(
    context: ActionContext, draft_id: str, version: int, subject: str, body: str, *, model: str | None = None
) -> None:
    """Change the text, check it again, and store the findings with it. ``model``: the language model that wrote it."""
    subject, body = " ".join(subject.split()), body.replace("\r\n", "\n").strip()
    _require_length("subject", subject, SUBJECT_LIMIT)
    _require_length("message", body, BODY_LIMIT)
    line = _seen(context, draft_id, version, "edit")
    if (subject, body) == (line.subject, line.body.strip()):
        return
    revision = line.revision + 1
    other_ids = [alert_id for alert_id in line.draft.told_alerts if alert_id != line.draft.alert_id]
    others = queries.alerts_by_id(context.connection, EVERYTHING, other_ids)
    entry, by_model = _client(context, line), model is not None
    checks = recheck(line, others, entry, subject, body, context.now, context.trades, by_model=by_model)
    _change(
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
    context: ActionContext, draft_id: str, version: int, *, at_once: bool = False, reason: str = ""
) -> datetime | None:
    """Hand the draft to the outbox and return when it goes out; None if a second person has to approve it first.

    The time is planned again, with everything that was sent and approved since the draft was made. ``at_once`` skips
    quiet hours, budget and blackouts. ``reason`` is why it goes out in spite of findings that need one.

    Raises:
        GateRefused: a finding blocks it, needs a reason that was not given, or needs a second person, who can't be
            the first again.
    """
    line = _seen(context, draft_id, version, "approve")
    if context.mail_fix is not None:
        raise BadInput("Mail isn't set up, so Firstword can't send this message.", fix=context.mail_fix)
    channel, recipient = _target(_client(context, line), context.routes)
    approval, waits = _pass_gate(context, line, reason)
    if waits:
        _change(context, line, "ask_second", outcome=None, approval=approval)
        detail = f"for {'; '.join(approval['findings_to_second'])}{_in_spite(approval)}"
        context.audit("draft.second_person_asked", draft_id, line.client_id, detail)
        return None
    plan = None if at_once else _plan(context, line)
    leaves_at = context.now if plan is None else plan.send_after
    _change(context, line, "approve", outcome=None, approval=approval)
    row = _delivery_row(context, line, channel, recipient)
    upsert(context.connection, deliveries, [{**row, "status": "pending", "next_attempt_at": leaves_at}], ["id"])
    _publish_approval(context, line, channel)
    publish_delivery(context, row["id"])
    if plan is not None and plan.waits_for is not None:
        _publish_wait(context, line, plan)
    beyond = ", beyond the weekly budget" if line.draft.budget == "beyond" or (plan and plan.beyond_budget) else ""
    detail = f"goes out {leaves_at.isoformat()}{beyond}{_in_spite(approval)}{_first(approval)}"
    context.audit("draft.approved", draft_id, line.client_id, detail)
    return leaves_at


def take_back(context: ActionContext, draft_id: str, version: int) -> None:
    """Return an approved draft that has not gone out to the inbox."""
    command: ManagerCommand = "take_back_edited" if context.draft(draft_id).revision else "take_back"
    line = _seen(context, draft_id, version, command)
    _change(context, line, command, approval=None)
    stopped = context.connection.execute(
        update(deliveries)
        .where(deliveries.c.draft_id == draft_id, deliveries.c.status == "pending")
        .values(status="failed", last_error="Taken back before it went out.", next_attempt_at=None)
        .values(changed_at=context.now)
        .returning(deliveries.c.id)
    ).scalars()
    for delivery_id in stopped.all():
        publish_delivery(context, delivery_id)
    context.audit("draft.taken_back", draft_id, line.client_id)


def dismiss(context: ActionContext, draft_id: str, version: int, reason: DismissReason, comment: str = "") -> None:
    """Decide not to send the draft, with the reason."""
    comment = comment.strip()[:COMMENT_LIMIT]
    line = _seen(context, draft_id, version, "dismiss")
    _change(context, line, "dismiss", outcome=": ".join(filter(None, (reason, comment))))
    dismissed = DraftDismissed(
        draft_id=draft_id,
        alert_id=line.draft.alert_id,
        client_id=line.client_id,
        reason=reason,
        comment=comment or None,
        by=context.viewer.user_id,
    )
    context.publish(dismissed, line.client_id, "draft.dismissed", draft_id)
    context.audit("draft.dismissed", draft_id, line.client_id, reason)


def mark_sent(context: ActionContext, draft_id: str, version: int, *, reason: str = "") -> None:
    """Record that the account manager sent the message by their own means.

    It has left already, so nothing blocks it; but findings that would have held it back need a reason.

    Raises:
        GateRefused: the reason is missing.
    """
    line = _seen(context, draft_id, version, "mark_sent")
    findings = gate_findings(context.connection, line.id, context.gate)
    holding = [finding for finding in findings if finding.effect != "warn"]
    approval = _approval(context, line, holding, reason)
    if holding and not approval["reason"]:
        raise GateRefused("reason_needed", holding)
    entry = _client(context, line)
    recipient = (entry.client.contact.email or entry.client.name) if entry is not None else line.client_id
    _change(context, line, "mark_sent", outcome=None, approval=approval)
    row = _delivery_row(context, line, "clipboard", recipient)
    upsert(context.connection, deliveries, [{**row, "status": "delivered", "next_attempt_at": None}], ["id"])
    _publish_approval(context, line, "clipboard")
    publish_delivery(context, row["id"])
    publish_sent(context, row["id"])
    context.audit("draft.sent_by_hand", draft_id, line.client_id, _in_spite(approval).removeprefix(", ") or None)


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


def _seen(context: ActionContext, draft_id: str, version: int, command: ManagerCommand) -> DraftLine:
    """Return the draft if it is still as the person saw it and allows ``command``; raise Conflict if not."""
    line = context.draft(draft_id) if command != "approve" else _to_approve(context, draft_id)
    try:
        next_state(line.state, command, "account manager")
    except IllegalTransition as refused:
        raise _conflict(context, line) from refused
    if line.version != version:
        raise _conflict(context, line)
    return line


def _to_approve(context: ActionContext, draft_id: str) -> DraftLine:
    """Return a draft that the viewer may approve, also as the second person for another's client."""
    line = visible_draft(context.connection, context.viewer, context.gate, draft_id)
    if line is None:
        raise NotFound("There is no such draft.")
    return line


def _change(context: ActionContext, line: DraftLine, command: ManagerCommand, **values: object) -> None:
    """Apply ``command`` to the draft as it was read; raise Conflict if somebody was faster."""
    try:
        lifecycle.change(
            context.connection, line.id, command, "account manager", context.now, version=line.version, **values
        )
    except (IllegalTransition, StaleDraft) as refused:
        raise _conflict(context, context.draft(line.id)) from refused


def _conflict(context: ActionContext, line: DraftLine) -> Conflict:
    when = labels.moment(line.changed_at, labels.zone(context.viewer.time_zone), context.now)
    return Conflict(
        f"This draft has changed since you opened it: it is {labels.STATE[line.state]} ({when}).",
        fix="Your action was not carried out. Open the draft to see its current state.",
    )


def _pass_gate(context: ActionContext, line: DraftLine, reason: str) -> tuple[dict[str, Any], bool]:
    """Return the approval of the text that ``line`` has, bound to it, and whether it waits for a second person.

    If the text changes in between, the version no longer fits, and nothing is approved.

    Raises:
        GateRefused: the gate holds it back.
    """
    findings = gate_findings(context.connection, line.id, context.gate)
    approval = _approval(context, line, [finding for finding in findings if finding.effect == "reason"], reason)
    first = first_approval(context.connection, line)
    if first is not None and first["text"] == approval["text"]:
        if not approval["reason"]:
            approval |= {"reason": first["reason"], "findings": first["findings"]}
        if context.gate.may_second(context.viewer.user_id, first["by"]):
            to_second = [finding.key for finding in findings if finding.effect == "second_person"]
            approval |= {"first_by": first["by"], "seconded": to_second}
    refused = refusal(findings, approval)
    if refused == "second_person_needed" and first is None:
        to_second = [finding.key for finding in findings if finding.effect == "second_person"]
        return {**approval, "findings_to_second": to_second}, True
    if refused is not None:
        raise GateRefused(refused, [finding for finding in findings if finding.effect == STOPPING[refused]])
    return approval, False


def _approval(context: ActionContext, line: DraftLine, findings: Sequence[GatedFinding], reason: str) -> dict[str, Any]:
    """Return the approval to keep; the reason only where a finding needs one."""
    return {
        "text": text_hash(line.subject, line.body),
        "by": context.viewer.user_id,
        "at": context.now.isoformat(),
        "reason": (" ".join(reason.split())[:COMMENT_LIMIT] or None) if findings else None,
        "findings": [finding.key for finding in findings],
    }


def _in_spite(approval: Mapping[str, Any]) -> str:
    """Return the findings and the reason for the audit log, after a comma."""
    if approval["reason"] is None:
        return ""
    return f", in spite of {'; '.join(approval['findings'])}. Reason: {approval['reason']}"


def _first(approval: Mapping[str, Any]) -> str:
    return f", first approved by {approval['first_by']}" if "first_by" in approval else ""


def _client(context: ActionContext, line: DraftLine) -> ClientChanged | None:
    """Return the client of a draft that the viewer may see."""
    return queries.client(context.connection, EVERYTHING, line.client_id)


def _plan(context: ActionContext, line: DraftLine) -> SendPlan:
    """Plan when the message may go out, after everything that was sent and approved so far."""
    entry = _client(context, line)
    if entry is None:
        return SendPlan(max(context.now, line.send_after))
    others = queries.message_times(context.connection, EVERYTHING, line.client_id, context.now - WEEK)
    affected = (watch.alert_id for watch in line.draft.affects)
    told = (line.draft.alert_id, *line.draft.told_alerts, *affected)
    alerts = queries.alerts_by_id(context.connection, EVERYTHING, told)
    about = blackout_names(entry.client, (name for alert in alerts for name in (alert.entity_id, alert.entity_name)))
    exempt = line.draft.budget != "within"
    plan = plan_send(entry.client, context.now, others, line.draft.urgency, line.deadline_at, about, exempt=exempt)
    if plan.refused is not None:
        raise BadInput(" ".join(plan.notes), fix="Change the client's contact policy, or send it by hand.")
    return plan


def _target(entry: ClientChanged | None, routes: ClientRoutes) -> tuple[str, str]:
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


def _delivery_row(context: ActionContext, line: DraftLine, channel: str, recipient: str) -> dict[str, object]:
    return {
        "id": content_id("dlv", line.id, channel, recipient),
        "draft_id": line.id,
        "client_id": line.client_id,
        "channel": channel,
        "recipient": recipient,
        "last_error": None,
        "subject": line.subject,
        "body": line.body,
        "approved_by": context.viewer.user_id,
        "created_at": context.now,
        "changed_at": context.now,
    }


def _publish_approval(context: ActionContext, line: DraftLine, channel: str) -> None:
    approved = DraftApproved(
        draft_id=line.id,
        client_id=line.client_id,
        channel=channel,
        subject=line.subject,
        body=line.body,
        by=context.viewer.user_id,
    )
    context.publish(approved, line.client_id, "draft.approved", line.id, line.version)


def _publish_wait(context: ActionContext, line: DraftLine, plan: SendPlan) -> None:
    decided = ContactDecided(
        client_id=line.client_id,
        what="waits",
        reason=plan.waits_for or "hours",
        detail=" ".join(plan.notes),
        alert_id=line.draft.alert_id or None,
        draft_id=line.id,
        until=plan.send_after,
    )
    context.publish(decided, line.client_id, "contact.decided", line.id, line.version)


def _require_length(field: str, text: str, limit: int) -> None:
    if not text:
        raise BadInput(f"The {field} is empty.")
    if len(text) > limit:
        raise BadInput(f"The {field} has {len(text):,} characters; {limit:,} are allowed.", fix="Shorten it.")
