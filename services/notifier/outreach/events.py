"""Builds the events of outreach. An event's id follows from what it says, so that a repeated step repeats its ids."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from schemas.alerts import Alert
from schemas.base import Payload, content_id, event
from schemas.drafts import ContactDecided, Draft, DraftCreated, DraftRefused
from schemas.interactions import ClientTuned
from services.common.processing import AnyEvent
from services.notifier.drafting.compose import Refusal, draft_id_for
from services.notifier.outreach.context import Context
from services.notifier.outreach.tuning import Tuning

__all__ = ["contact_decided", "draft_created", "draft_refused", "tuned"]

SOURCE = "firstword/notifier"
What = Literal["waits", "merged", "dropped", "kept", "chosen", "nothing_to_say"]


def draft_created(draft: Draft, context: Context) -> AnyEvent:
    """Return the event that a draft waits for the account manager."""
    return _event(DraftCreated(draft=draft), context, "draft.created", draft.id)


def draft_refused(alert: Alert, refusal: Refusal, context: Context, *, draft_id: str | None = None) -> AnyEvent:
    """Return the event that ``alert`` gets no draft, or that the draft ``draft_id`` no longer stands."""
    refused = DraftRefused(
        alert_id=alert.id,
        client_id=alert.client_id,
        story_id=alert.story_id,
        reason=refusal.reason,
        detail=refusal.detail,
        withdraws=tuple(dict.fromkeys(refusal.withdraws)),
    )
    return _event(refused, context, "draft.refused", draft_id or draft_id_for(alert.id))


def contact_decided(
    what: What,
    reason: str,
    detail: str,
    context: Context,
    *,
    alert: Alert | None = None,
    draft_id: str | None = None,
    until: datetime | None = None,
) -> AnyEvent:
    """Return the event that says what the contact policy decided, and why."""
    alert_id = None if alert is None else alert.id
    decided = ContactDecided(
        client_id=context.client_id,
        what=what,
        reason=reason,
        detail=detail,
        alert_id=alert_id,
        draft_id=draft_id,
        until=until,
    )
    identity = (context.client_id, what, reason, alert_id or "", draft_id or "", context.now.isoformat())
    return _event(decided, context, "contact.decided", *identity)


def tuned(tuning: Tuning, revision: int, context: Context) -> AnyEvent:
    """Return the event that feedback changed the client's thresholds."""
    data = ClientTuned(
        client_id=context.client_id, shift=tuning.shift, entities=tuning.entities, why=tuning.why, revision=revision
    )
    return _event(data, context, "client.tuned", context.client_id, revision)


def _event(data: Payload, context: Context, *identity: str | int) -> AnyEvent:
    return event(data, key=context.client_id, id=content_id("evt", *identity), source=SOURCE, time=context.now)
