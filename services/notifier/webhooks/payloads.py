"""Turns an event of the pipeline into a webhook message: its type, and a body below the size limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from schemas.alerts import AlertRaised, Verdict
from schemas.base import Model
from schemas.deliveries import DeliveryChanged
from schemas.drafts import DraftCreated, DraftDismissed, DraftSent
from schemas.feeds import FeedHealthChanged
from schemas.mentions import RumorResolved
from schemas.webhooks import WEBHOOKS, AlertData, DraftData, EndpointDisabled, EndpointTested, Webhook
from services.common.processing import AnyEvent
from services.notifier.webhooks.shorten import shorten

__all__ = ["WebhookMessage", "message_for", "trial_message"]

_ALERT_TYPES: dict[Verdict, str] = {
    "tell": "alert.raised",
    "information": "alert.raised",
    "warn": "alert.raised",
    "correct": "alert.corrected",
    "hold": "rumor.held",
}
#: With these statuses a feed no longer delivers news, and somebody has to check it.
_SILENT = frozenset({"silent", "broken", "unreachable", "gone"})


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """The message about one event. ``id`` is the event's; ``body`` is signed and sent byte for byte."""

    id: str
    type: str
    at: datetime
    body: str
    client_id: str | None = None
    entity_id: str | None = None


def message_for(event: AnyEvent) -> WebhookMessage | None:
    """Return the message about ``event``; None if webhooks don't report it."""
    match event.data:
        case AlertRaised(alert=alert):
            if alert.verdict not in _ALERT_TYPES:
                return None
            name = _ALERT_TYPES[alert.verdict]
            return _message(event, name, AlertData(alert=alert), alert.client_id, alert.entity_id)
        case DraftCreated(draft=draft):
            return _message(event, "draft.created", DraftData(draft=draft), draft.client_id)
        case DraftSent() | DraftDismissed() as ended:
            return _message(event, ended.event_type, ended, ended.client_id)
        case DeliveryChanged(delivery=delivery) as ended if delivery.status in ("failed", "unknown"):
            return _message(event, "delivery.failed", ended, delivery.client_id)
        case RumorResolved() as resolved:
            return _message(event, resolved.event_type, resolved, None, resolved.entity_id)
        case FeedHealthChanged() as changed if changed.health.status in _SILENT:
            return _message(event, "feed.silent", changed)
        case EndpointDisabled() as disabled:
            return _message(event, disabled.event_type, disabled)
        case _:
            return None


def trial_message(endpoint_id: str, event_id: str, now: datetime) -> WebhookMessage:
    """Return the message that tests an endpoint."""
    data = EndpointTested(endpoint_id=endpoint_id, note="This is a test. Nothing has happened.")
    return WebhookMessage(event_id, "endpoint.test", now, _body("endpoint.test", event_id, now, data))


def _message(
    event: AnyEvent, name: str, data: Model, client_id: str | None = None, entity_id: str | None = None
) -> WebhookMessage:
    return WebhookMessage(event.id, name, event.time, _body(name, event.id, event.time, data), client_id, entity_id)


def _body(name: str, event_id: str, at: datetime, data: Model) -> str:
    kind = WEBHOOKS[name]
    body = cast("type[Webhook[Model]]", Webhook.__class_getitem__(kind.model))
    whole = body(type=name, timestamp=at, version=kind.version, event_id=event_id, data=data)
    return shorten(whole.model_dump(mode="json", exclude_none=True))
