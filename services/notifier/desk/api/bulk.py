"""One action on many drafts. Each draft is decided by itself, so one refusal doesn't stop the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import Field, StrictBool

from schemas.base import Model, Whole
from schemas.drafts import DismissReason
from services.notifier.desk import labels
from services.notifier.desk.actions.bulk import MOST, BulkWish, Outcome, Pick, act_of, preview_sending, run
from services.notifier.desk.api.caller import Caller, Sender
from services.notifier.desk.context import RequestContext

__all__ = ["router"]

router = APIRouter(prefix="/bulk")


class PickedDraft(Model):
    """A draft in the version that the caller has read."""

    id: Annotated[str, Field(min_length=1, max_length=80)]
    version: Annotated[int, Field(ge=0, le=999_999_999), Whole]


Picked = Annotated[Sequence[PickedDraft], Field(min_length=1, max_length=MOST)]


class BulkApproval(Model):
    """Drafts to approve. With ``preview``, nothing is changed: the answer says what would leave when."""

    drafts: Picked
    preview: StrictBool = False


class BulkAction(Model):
    """Drafts and what to do with them; the fields are those of the single operations."""

    act: Literal["dismiss", "snooze", "wake", "assign", "ask", "take"]
    drafts: Picked
    reason: DismissReason | None = None
    comment: Annotated[str, Field(max_length=900)] = ""
    until: Annotated[str, Field(max_length=40)] = ""
    to: Annotated[str, Field(max_length=80)] = ""
    note: Annotated[str, Field(max_length=1_000)] = ""


class BulkOutcome(Model):
    """An action on one draft: done, or refused with the reason in ``detail``."""

    id: str
    subject: str
    client_name: str
    done: bool
    detail: str
    leaves_at: datetime | None


class BulkResult(Model):
    """An outcome for each draft, in the order of the request."""

    items: Sequence[BulkOutcome]


@router.post("/approve")
def approve_in_bulk(context: Sender, wanted: BulkApproval) -> BulkResult:
    """Approve drafts, or see what would leave when."""
    picks = _picks(wanted.drafts)
    if wanted.preview:
        return _result(preview_sending(context.acting, picks))
    return _result(run(context.acting, picks, act_of(BulkWish("approve"), _zone(context))))


@router.post("/act")
def act_in_bulk(context: Caller, wanted: BulkAction) -> BulkResult:
    """Dismiss, put aside or assign drafts."""
    wish = BulkWish(wanted.act, wanted.reason or "", wanted.comment, wanted.until, wanted.to, wanted.note)
    return _result(run(context.acting, _picks(wanted.drafts), act_of(wish, _zone(context))))


def _zone(context: RequestContext) -> ZoneInfo:
    return labels.zone(context.viewer.time_zone)


def _picks(drafts: Sequence[PickedDraft]) -> Sequence[Pick]:
    return list({draft.id: Pick(draft.id, draft.version) for draft in drafts}.values())


def _result(outcomes: Sequence[Outcome]) -> BulkResult:
    return BulkResult(
        items=[
            BulkOutcome(
                id=outcome.pick.draft_id,
                subject=outcome.subject,
                client_name=outcome.client_name,
                done=outcome.done,
                detail=outcome.detail,
                leaves_at=outcome.leaves_at,
            )
            for outcome in outcomes
        ]
    )
