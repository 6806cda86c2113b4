"""Drafts: read, edit, approve, dismiss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection

from services.notifier import queries
from services.notifier.desk import labels, sending_labels
from services.notifier.desk.actions import drafts, undo
from services.notifier.desk.actions.chosen_time import client_zone_of, parse_chosen
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.api.caller import Caller, Listing, Sender
from services.notifier.desk.api.models import (
    Approval,
    Approved,
    Dismissal,
    Dismissed,
    DraftDetail,
    DraftSummary,
    DraftWithRewording,
    Edit,
    GateProblem,
    ListPage,
    Reopening,
    Rewording,
    SendingPlan,
    Version,
    gate_findings,
    list_page,
)
from services.notifier.desk.disagreements import disagreements
from services.notifier.desk.draft_checks import checks_of
from services.notifier.desk.errors import NotFound
from services.notifier.desk.second_person import to_second, visible_draft
from services.notifier.gate import current
from services.notifier.queries import DraftLine
from services.notifier.rewording import store as rewordings

__all__ = ["router", "summaries"]

router = APIRouter(prefix="/drafts")


@router.get("")
def list_drafts(context: Caller, listing: Listing) -> ListPage[DraftSummary]:
    """List drafts that await a decision, by deadline."""
    with context.reading() as connection:
        number, size, user_id = listing.place, listing.size, context.viewer.user_id
        page = queries.inbox(connection, context.scope, context.now, number=number, size=size, user_id=user_id)
        items = summaries(context, connection, page.items)
    context.audit_read("drafts.listed", "drafts", shown=(line.client_id for line in page.items))
    return list_page(page, items)


@router.get("/waiting")
def list_waiting(context: Caller, listing: Listing) -> ListPage[DraftSummary]:
    """List approved drafts that have not gone out, the next one first, each with its plan of sending."""
    with context.reading() as connection:
        page = queries.waiting(connection, context.scope, number=listing.place, size=listing.size)
        items = summaries(context, connection, page.items)
    context.audit_read("drafts.listed", "waiting", shown=(line.client_id for line in page.items))
    return list_page(page, items)


@router.get("/expired")
def list_expired(context: Caller, listing: Listing) -> ListPage[DraftSummary]:
    """List drafts that nobody decided on before their deadline, the latest first."""
    with context.reading() as connection:
        page = queries.expired(connection, context.scope, number=listing.place, size=listing.size)
    context.audit_read("drafts.listed", "expired", shown=(line.client_id for line in page.items))
    return list_page(page, [DraftSummary(**_summary(line)) for line in page.items])


@router.get("/second")
def list_second(context: Caller) -> Sequence[DraftSummary]:
    """List the drafts that another person has approved and that wait for the caller's approval."""
    with context.reading() as connection:
        lines = to_second(connection, context.viewer, context.dependencies.gate)
    context.audit_read("drafts.listed", "second", shown=(line.client_id for line in lines))
    return [DraftSummary(**_summary(line)) for line in lines]


@router.get("/{draft_id}")
def get_draft(context: Caller, draft_id: str) -> DraftWithRewording:
    """Return a draft with its evidence and checks, and a language model's text if there is one."""
    with context.reading() as connection:
        line = visible_draft(connection, context.viewer, context.dependencies.gate, draft_id)
        rewording = rewordings.progress(connection, draft_id)
        alerts = [] if line is None or line.alert is None else [line.alert]
        gate = () if line is None else current.gate_findings(connection, draft_id, context.dependencies.gate)
        disputed = [sentence for said in disagreements(connection, alerts).values() for sentence in said]
        plans = {} if line is None else _plans(context, connection, [line])
    if line is None:
        raise NotFound("There is no such draft.")
    context.audit_read("draft.read", draft_id, line.client_id)
    wording = None if rewording is None else Rewording.model_validate(rewording)
    detail = _detail(line, plans.get(line.id))
    return DraftWithRewording(**detail, gate=gate_findings(gate), wording=wording, disagreements=tuple(disputed))


@router.post("/{draft_id}/approve", responses={409: {"model": GateProblem}, 422: {"model": GateProblem}})
def approve(context: Sender, draft_id: str, approval: Approval) -> Approved:
    """Approve the draft and return the time at which it will be sent, or that a second person has to approve it too.

    Findings that the firm's rules block, or for which a reason is missing, come back as a problem with the list.
    """
    with context.acting() as action:
        zone = client_zone_of(action, draft_id)
        leaves_at = drafts.approve(
            action,
            draft_id,
            approval.version,
            at_once=approval.at_once,
            reason=approval.reason,
            override_reason=approval.override_reason,
            leave_at=None if approval.leave_at is None else parse_chosen(approval.leave_at, zone),
            shown=approval.shown,
        )
    return Approved(draft_id=draft_id, state="second" if leaves_at is None else "approved", leaves_at=leaves_at)


@router.post("/{draft_id}/dismiss")
def dismiss(context: Caller, draft_id: str, dismissal: Dismissal) -> Dismissed:
    """Dismiss the draft: it will not be sent."""
    with context.acting() as action:
        drafts.dismiss(action, draft_id, dismissal.version, dismissal.reason, dismissal.comment)
    return Dismissed(draft_id=draft_id)


@router.post("/{draft_id}/undo")
def undo_decision(context: Caller, draft_id: str, seen: Version) -> DraftDetail:
    """Undo the last decision about the draft: an approval, a dismissal, or that it was marked as sent."""
    with context.acting() as action:
        undo.undo(action, draft_id, seen.version)
        return _changed(action, draft_id)


@router.post("/{draft_id}/reopen")
def reopen(context: Caller, draft_id: str, reopening: Reopening) -> DraftDetail:
    """Put a dismissed or expired draft back among those that await a decision."""
    with context.acting() as action:
        undo.reopen(action, draft_id, reopening.version, reopening.reason)
        return _changed(action, draft_id)


@router.post("/{draft_id}/edit")
def edit(context: Caller, draft_id: str, text: Edit) -> DraftDetail:
    """Replace the draft's subject and body, and return the draft, checked again."""
    with context.acting() as action:
        drafts.edit(action, draft_id, text.version, text.subject, text.body)
        return _changed(action, draft_id)


@router.post("/{draft_id}/wording")
def accept_rewording(context: Caller, draft_id: str, seen: Version) -> DraftDetail:
    """Replace the draft's text with the language model's, and return the draft, checked again."""
    with context.acting() as action:
        drafts.accept_rewording(action, draft_id, seen.version)
        return _changed(action, draft_id)


def summaries(context: Caller, connection: Connection, lines: Sequence[DraftLine]) -> Sequence[DraftSummary]:
    """Return drafts as a list has them, each with its plan of sending."""
    plans = _plans(context, connection, lines)
    return [DraftSummary(**_summary(line, plans.get(line.id))) for line in lines]


def _changed(action: ActionContext, draft_id: str) -> DraftDetail:
    found = current.gate_findings(action.connection, draft_id, action.gate)
    return DraftDetail(**_detail(action.draft(draft_id)), gate=gate_findings(found))


def _plans(context: Caller, connection: Connection, lines: Sequence[DraftLine]) -> Mapping[str, SendingPlan]:
    """Return the plan of sending of each draft that waits, in the words of the desk."""
    zone, undo_for = labels.zone(context.viewer.time_zone), context.dependencies.settings.undo
    return {
        draft_id: SendingPlan(
            says=sending_labels.leaves(plan, zone, context.now, undo_for),
            leaves_at=None if plan.refused is not None else plan.leaves_at,
            at_once=plan.at_once,
            in_time=plan.in_time,
            why=plan.why,
            sooner=plan.sooner,
            may_override=plan.may_override,
            refused=plan.refused,
        )
        for draft_id, plan in context.plans(connection, lines).items()
    }


def _summary(line: DraftLine, plan: SendingPlan | None = None) -> dict[str, Any]:
    fields = DraftSummary.model_fields.keys() - {"sending"}
    return {**{name: getattr(line, name) for name in fields}, "sending": plan}


def _detail(line: DraftLine, plan: SendingPlan | None = None) -> dict[str, Any]:
    checks = checks_of(line)
    return {
        **_summary(line, plan),
        "body": line.body,
        "revision": line.revision,
        "outcome": line.outcome,
        "draft": line.draft,
        "alert": line.alert,
        "grounding": checks.grounding,
        "findings": checks.findings,
    }
