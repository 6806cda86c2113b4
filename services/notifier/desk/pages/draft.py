"""One draft: the message, the evidence behind it, and the account manager's decision."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, JSONResponse, Response

from schemas.clients import ClientChanged
from schemas.drafts import DismissReason, Finding
from schemas.interactions import Feedback
from services.notifier import queries
from services.notifier.advice.queries import opinions_of_draft
from services.notifier.contact.unknown import unknown_traits
from services.notifier.delivery.calendar import call_file, half_hour
from services.notifier.delivery.channels.base import Outgoing
from services.notifier.delivery.mailto import mailto
from services.notifier.delivery.routes import targets
from services.notifier.desk.actions import drafts, undo
from services.notifier.desk.actions.chosen_time import client_zone_of, parse_chosen, presets
from services.notifier.desk.actions.drafts import OutcomeKind
from services.notifier.desk.actions.users import colleagues
from services.notifier.desk.context import RequestContext
from services.notifier.desk.disagreements import disagreements
from services.notifier.desk.draft_checks import checks_of, why_this_client
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.desk.mood import mood_suggestion
from services.notifier.desk.pages.rendering import PageForm, PageRequest, decided, redirect, render
from services.notifier.desk.second_person import first_approval, scope_for_second, user_name, visible_draft
from services.notifier.drafting.grounding import by_sentence
from services.notifier.gate.current import gate_findings
from services.notifier.gate.findings import GatedFinding
from services.notifier.queries import DraftLine
from services.notifier.rewording import store as rewordings
from services.notifier.scope import EVERYTHING
from services.notifier.triage import editors
from services.notifier.triage.marks import mark_of

__all__ = ["router"]

router = APIRouter(prefix="/drafts")
Version = Annotated[int, Form(ge=0)]


@router.get("/{draft_id}")
def show(context: PageRequest, draft_id: str) -> HTMLResponse:
    """Show the message on one side and its evidence on the other."""
    with context.reading() as connection:
        rules = context.dependencies.gate
        line = visible_draft(connection, context.viewer, rules, draft_id)
        if line is None:
            raise NotFound("There is no such draft.")
        first = first_approval(connection, line)
        scope = scope_for_second(context.viewer, rules) if line.state == "second" else context.scope
        mark = mark_of(connection, draft_id)
        given = mark is not None and mark["assigned_to"] == context.viewer.user_id
        scope = EVERYTHING if given else scope
        supersedes, checks = line.draft.supersedes, checks_of(line)
        entry = queries.client(connection, scope, line.client_id)
        other_ids = [alert_id for alert_id in line.draft.told_alerts if alert_id != line.draft.alert_id]
        other_alerts = queries.alerts_by_id(connection, scope, other_ids)
        alerts = [alert for alert in (line.alert, *other_alerts) if alert is not None]
        gate = gate_findings(connection, draft_id, rules)
        contacts = queries.contacts(connection, context.scope, line.client_id)
        values: dict[str, Any] = {
            "line": line,
            "book": entry,
            "checks": checks,
            "gate": gate,
            "first_by": None if first is None else user_name(connection, first["by"]),
            "first_reason": None if first is None else first["reason"],
            "may_second": first is None or rules.may_second(context.viewer.user_id, context.viewer.role, first["by"]),
            "is_own": context.scope.includes(line.draft.manager_id)
            or (mark is not None and given and not mark["asked"]),
            "may_open_client": context.scope.includes(line.draft.manager_id),
            "mark": mark,
            "editors": editors.editors_of(connection, draft_id, context.viewer.user_id, context.now),
            "colleagues": colleagues(connection),
            "gate_by_effect": [(effect, list(found)) for effect, found in groupby(gate, lambda found: found.effect)],
            "marked": _marked(checks.findings, gate),
            "sentences": by_sentence(f"{line.subject}\n\n{line.body}", checks.grounding),
            "mood_hint": None if entry is None else mood_suggestion(entry.client, contacts, context.now),
            "unknown": () if entry is None else unknown_traits(entry.client),
            "why": why_this_client(line, entry),
            "deliveries": queries.deliveries_of(connection, context.scope, draft_id),
            "other_alerts": other_alerts,
            "disagreements": [said for sentences in disagreements(connection, alerts).values() for said in sentences],
            "plan": context.plans(connection, [line]).get(line.id),
            "presets": () if entry is None else presets(line, entry.client, context.now),
            "feedback": queries.feedback_on(connection, context.scope, draft_id),
            "suggestion": rewordings.progress(connection, draft_id),
            "advice": opinions_of_draft(connection, context.scope, draft_id),
            "answers": [contact for contact in contacts if contact["draft_id"] == draft_id],
            "earlier": None if supersedes is None else queries.draft(connection, context.scope, supersedes),
        }
    context.audit_read("draft.read", draft_id, line.client_id)
    parameters = context.request.query_params
    return render(
        context,
        "draft.html",
        **values,
        **_addresses(context, line, entry),
        dismissing="dismiss" in parameters,
        marking_sent="sent" in parameters,
        editing=line.decidable and "edit" in parameters,
        choosing=[name for name in ("now", "time") if name in parameters],
    )


def _marked(findings: Sequence[Finding], gate: Sequence[GatedFinding]) -> list[Finding]:
    """Return the findings to mark in the text: what is off is not marked, restricted names are."""
    shown = {(finding.text, finding.message) for finding in gate}
    of_checks = [finding for finding in findings if (finding.text, finding.message) in shown]
    restricted = (found for found in gate if found.kind in ("restricted_name", "restricted_edit"))
    return [
        *of_checks,
        *(Finding(rule=found.kind, text=found.text, message=found.message, mend=found.fix) for found in restricted),
    ]


def _addresses(context: RequestContext, line: DraftLine, entry: ClientChanged | None) -> dict[str, Any]:
    """Return the recipient, the channel other than mail, and the link that opens the message in a mail program."""
    if entry is None:
        return {"recipient": None, "channel": None, "mailto": None}
    address = entry.client.contact.email
    # While no channel is set up, the mail address in the book is shown: "Open in mail" writes to it.
    channel, recipient = next(iter(targets(entry.client, context.dependencies.client_routes)), ("email", address))
    return {
        "recipient": recipient,
        "channel": None if channel == "email" else channel.capitalize(),
        "mailto": None if address is None else mailto(address, line.subject, line.body),
    }


@router.get("/{draft_id}/call.ics")
def call(context: PageRequest, draft_id: str) -> Response:
    """Return a calendar entry for a call about the draft: the next half hour within the client's hours."""
    with context.reading() as connection:
        line = queries.draft(connection, context.scope, draft_id)
        entry = None if line is None else queries.client(connection, context.scope, line.client_id)
    if line is None or entry is None:
        raise NotFound("There is no such draft.")
    context.audit_read("draft.call", draft_id, line.client_id)
    contact, manager = entry.client.contact, entry.manager
    message = Outgoing(
        line.id, contact.phone or "", entry.client.name, manager.name, manager.email, line.subject, line.body
    )
    start = half_hour(max(context.now, line.send_after))
    file = call_file(message, start, context.now, phone=contact.phone)
    headers = {"Content-Disposition": 'attachment; filename="call.ics"'}
    return Response(file, media_type="text/calendar", headers=headers)


@router.post("/{draft_id}/edit")
def edit(
    context: PageForm,
    draft_id: str,
    version: Version,
    subject: Annotated[str, Form()],
    body: Annotated[str, Form()],
    base_subject: Annotated[str, Form()] = "",
    base_body: Annotated[str, Form()] = "",
) -> Response:
    """Save another text; where somebody else has changed the draft since, show both texts and lose none."""
    try:
        with context.acting() as action:
            drafts.edit(action, draft_id, version, subject, body)
    except Conflict:
        return _merge(context, draft_id, (subject, body), (base_subject, base_body))
    with context.dependencies.engine.begin() as connection:
        editors.stop_editing(connection, draft_id, context.viewer.user_id)
    return redirect(f"/drafts/{draft_id}", "saved")


def _merge(context: RequestContext, draft_id: str, mine: tuple[str, str], base: tuple[str, str]) -> HTMLResponse:
    """Show the text that could not be saved, the one that is there now, and the one that both began from."""
    with context.reading() as connection:
        line = visible_draft(connection, context.viewer, context.dependencies.gate, draft_id)
    if line is None:
        raise NotFound("There is no such draft.")
    context.audit_read("draft.read", draft_id, line.client_id)
    return render(context, "merge.html", code=409, line=line, mine=mine, base=base if base[1] else None)


@router.post("/{draft_id}/editing")
def editing(context: PageForm, draft_id: str, closed: Annotated[bool, Form()] = False) -> JSONResponse:
    """Note that the viewer has the draft open for editing, or closed it, and return who else has."""
    user_id = context.viewer.user_id
    with context.acting() as action:
        action.draft(draft_id)
        if closed:
            editors.stop_editing(action.connection, draft_id, user_id)
        else:
            editors.note_editing(action.connection, draft_id, user_id, context.now)
        names = editors.editors_of(action.connection, draft_id, user_id, context.now)
    return JSONResponse({"editors": list(names)})


@router.post("/{draft_id}/rewording")
def accept_rewording(context: PageForm, draft_id: str, version: Version) -> Response:
    """Use the text that a language model proposed."""
    with context.acting() as action:
        drafts.accept_rewording(action, draft_id, version)
    return redirect(f"/drafts/{draft_id}", "saved")


@router.post("/{draft_id}/approve")
def approve(
    context: PageForm,
    draft_id: str,
    version: Version,
    when: Annotated[str, Form(max_length=40)] = "",
    at: Annotated[str, Form(max_length=40)] = "",
    shown: Annotated[str, Form(max_length=40)] = "",
    reason: Annotated[str, Form()] = "",
    override_reason: Annotated[str, Form()] = "",
) -> Response:
    """Send the message: as planned, ``when`` is ``now``, or at a chosen time (``at`` if ``when`` is ``chosen``)."""
    with context.acting() as action:
        zone = client_zone_of(action, draft_id)
        chosen = at if when == "chosen" else "" if when == "now" else when
        leaves_at = drafts.approve(
            action,
            draft_id,
            version,
            at_once=when == "now",
            reason=reason,
            override_reason=override_reason,
            leave_at=parse_chosen(chosen, zone) if when not in ("", "now") else None,
            shown=parse_chosen(shown, zone) if shown else None,
        )
    if leaves_at is None:
        return decided(context, draft_id, "second")
    return decided(context, draft_id, "approved" if leaves_at <= context.now + action.undo else "waiting")


@router.post("/{draft_id}/take-back")
def take_back(context: PageForm, draft_id: str, version: Version) -> Response:
    """Return an approved draft to the inbox."""
    with context.acting() as action:
        undo.take_back(action, draft_id, version)
    return redirect(f"/drafts/{draft_id}", "taken-back")


@router.post("/{draft_id}/undo")
def undo_decision(context: PageForm, draft_id: str, version: Version) -> Response:
    """Undo the last decision about the draft."""
    with context.acting() as action:
        undo.undo(action, draft_id, version)
    return redirect(f"/drafts/{draft_id}", "undone")


@router.post("/{draft_id}/reopen")
def reopen(context: PageForm, draft_id: str, version: Version, reason: Annotated[str, Form()] = "") -> Response:
    """Put a dismissed or expired draft back into the inbox."""
    with context.acting() as action:
        undo.reopen(action, draft_id, version, reason)
    return redirect(f"/drafts/{draft_id}", "reopened")


@router.post("/{draft_id}/dismiss")
def dismiss(
    context: PageForm,
    draft_id: str,
    version: Version,
    reason: Annotated[DismissReason, Form()],
    comment: Annotated[str, Form()] = "",
) -> Response:
    """Dismiss the draft with a reason."""
    with context.acting() as action:
        drafts.dismiss(action, draft_id, version, reason, comment)
    return decided(context, draft_id, "dismissed")


@router.post("/{draft_id}/sent")
def mark_sent(context: PageForm, draft_id: str, version: Version, reason: Annotated[str, Form()] = "") -> Response:
    """Record that the message was sent by other means."""
    with context.acting() as action:
        drafts.mark_sent(action, draft_id, version, reason=reason)
    return decided(context, draft_id, "marked")


@router.post("/{draft_id}/outcome")
def log_outcome(
    context: PageForm,
    draft_id: str,
    outcome: Annotated[OutcomeKind, Form()],
    summary: Annotated[str, Form()] = "",
    opinion: Annotated[str, Form()] = "",
) -> Response:
    """Record how the client reacted."""
    with context.acting() as action:
        drafts.log_outcome(action, draft_id, outcome, summary, opinion)
    return redirect(f"/drafts/{draft_id}", "logged")


@router.post("/{draft_id}/feedback")
def give_feedback(
    context: PageForm,
    draft_id: str,
    feedback: Annotated[Feedback, Form()],
    comment: Annotated[str, Form()] = "",
) -> Response:
    """Record how useful the message was to the client."""
    with context.acting() as action:
        drafts.give_feedback(action, draft_id, feedback, comment)
    return redirect(f"/drafts/{draft_id}", "feedback")
