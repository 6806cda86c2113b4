"""A client's part in an event: their interests in it, and what they were or will be told. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.alerts import Alert, Verdict
from schemas.drafts import DraftState
from schemas.event_views import AffectedClient, AffectedInterest, EventMessage, TellingState
from services.notifier.contact.budget import LEFT_OUT
from services.notifier.event_views.view import weightiest
from services.notifier.lifecycle import DECIDABLE

__all__ = ["TELLING_OF", "ClientFacts", "DraftFacts", "Response", "affected_client"]

#: What the state of a message means to its client.
TELLING_OF: Mapping[DraftState, TellingState] = {
    "open": "open",
    "edited": "open",
    "second": "open",
    "approved": "approved",
    "sending": "sending",
    "sent": "told",
    "failed": "failed",
    "unknown": "unknown",
    "dismissed": "dismissed",
    "withdrawn": "withdrawn",
    "expired": "expired",
}
#: States in which a message is still on its way.
_COMING: frozenset[DraftState] = frozenset(("open", "edited", "second", "failed", "approved", "sending"))


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """A draft, and how far it got. ``sent_at`` is when it reached the client, ``leaves_at`` the next attempt."""

    id: str
    verdict: Verdict
    state: DraftState
    subject: str
    outcome: str | None
    created_at: datetime
    send_after: datetime
    deadline_at: datetime
    changed_at: datetime
    alert_ids: tuple[str, ...]
    sent_at: datetime | None = None
    leaves_at: datetime | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """The fate of an alert without a draft of its own: a refusal (``what`` is "refused"), or a contact decision.

    ``draft_id`` is the message that it is merged into.
    """

    alert_id: str
    what: str
    reason: str
    detail: str
    at: datetime
    until: datetime | None = None
    draft_id: str | None = None

    @property
    def state(self) -> TellingState:
        """The state of telling the client, by the fate of the alert."""
        if self.what == "merged":
            return "covered" if self.draft_id else "also_noticed"
        if self.what == "waits":
            return "postponed"
        return "also_noticed" if self.reason in LEFT_OUT else "not_told"


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """Everything stored about a client and an event. ``alerts`` has at least one; all are oldest first."""

    client_id: str
    name: str
    organisation: str | None
    manager_id: str | None
    alerts: Sequence[Alert]
    drafts: Sequence[DraftFacts] = ()
    responses: Sequence[Response] = ()


def affected_client(facts: ClientFacts, now: datetime) -> AffectedClient:
    """Return how the event affects the client and what they were or will be told, as of ``now``."""
    newest = {(alert.story_id, alert.entity_id): alert for alert in facts.alerts}
    interests = sorted(newest.values(), key=lambda alert: (-alert.relevance, alert.entity_name, alert.id))
    verdict = weightiest(alert.verdict for alert in interests)
    state, reason, until = _state(facts, interests, verdict)
    messages = tuple(_message(draft) for draft in facts.drafts)
    last = facts.drafts[-1] if facts.drafts else None
    coming = last is not None and last.state in _COMING
    answers = (alert.if_they_ask.answer for alert in interests if alert.if_they_ask is not None)
    return AffectedClient(
        client_id=facts.client_id,
        client_name=facts.name,
        organisation=facts.organisation,
        manager_id=facts.manager_id,
        verdict=verdict,
        interests=tuple(_interest(alert) for alert in interests),
        state=state,
        state_reason=reason,
        told_at=max((message.told_at for message in messages if message.told_at is not None), default=None),
        expected_at=messages[-1].expected_at if coming else until,
        deadline_at=last.deadline_at if coming and last is not None else None,
        overdue=coming and last is not None and last.state in DECIDABLE and last.deadline_at <= now,
        answer=next(answers, None) if verdict == "hold" else None,
        messages=messages,
    )


def _state(
    facts: ClientFacts, interests: Sequence[Alert], verdict: Verdict
) -> tuple[TellingState, str | None, datetime | None]:
    """Return the state by the last draft, else by what was decided without one; its reason; and until when it waits."""
    last = facts.drafts[-1] if facts.drafts else None
    if last is not None and last.state != "withdrawn":
        return TELLING_OF[last.state], last.outcome, None
    if verdict == "hold":
        return "held", _decisive(interests, verdict), None
    current = {alert.id for alert in interests}
    since = [
        response
        for response in facts.responses
        if response.alert_id in current and (last is None or response.at >= last.created_at)
    ]
    if since:
        latest = max(since, key=lambda response: response.at)
        return latest.state, latest.detail, latest.until
    if verdict == "ignore":
        return "ignored", _decisive(interests, verdict), None
    return ("undecided", None, None) if last is None else ("withdrawn", last.outcome, None)


def _decisive(interests: Sequence[Alert], verdict: Verdict) -> str | None:
    return next((_reason(alert) for alert in interests if alert.verdict == verdict), None)


def _interest(alert: Alert) -> AffectedInterest:
    relevance = next((reason.text for reason in alert.reasons[1:] if reason.rule == "relevance"), None)
    return AffectedInterest(
        entity_id=alert.entity_id,
        entity_name=alert.entity_name,
        stance=alert.stance,
        verdict=alert.verdict,
        reason=_reason(alert),
        relevance_reason=relevance,
        relevance=alert.relevance,
        direction=alert.direction,
        alert_id=alert.id,
        raised_at=alert.raised_at,
    )


def _reason(alert: Alert) -> str | None:
    return alert.reasons[0].text if alert.reasons else None


def _message(draft: DraftFacts) -> EventMessage:
    told_at = (draft.sent_at or draft.changed_at) if draft.state == "sent" else None
    coming = draft.state in _COMING
    return EventMessage(
        draft_id=draft.id,
        verdict=draft.verdict,
        state=draft.state,
        subject=draft.subject,
        alert_ids=draft.alert_ids,
        created_at=draft.created_at,
        told_at=told_at,
        expected_at=(draft.leaves_at or draft.send_after) if coming else None,
        deadline_at=draft.deadline_at,
        channel=draft.channel,
        reason=draft.outcome,
    )
