"""Webhook bodies, one shape for each type, following the Standard Webhooks specification.

The body is ``{"type", "timestamp", "version", "event_id", "data"}``. It is signed, and the same in all retries;
``event_id`` is the same at every endpoint, while the header ``webhook-id`` is specific to one endpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, Literal, TypeVar

from schemas.alerts import Alert
from schemas.base import Model, Payload, Utc
from schemas.deliveries import DeliveryChanged
from schemas.drafts import Draft, DraftDismissed, DraftSent
from schemas.feeds import FeedHealthChanged
from schemas.mentions import RumorResolved

__all__ = [
    "BODY_LIMIT",
    "WEBHOOKS",
    "AlertData",
    "DraftData",
    "EndpointDisabled",
    "EndpointTested",
    "Webhook",
    "WebhookKind",
]

#: Maximum size of a body in bytes (Standard Webhooks, "Payload structure": below 20 kB).
BODY_LIMIT = 20_000


class EndpointDisabled(Payload):
    """A webhook endpoint was disabled; nothing is sent to it until a person enables it.

    ``url`` contains no secrets. ``waiting`` counts the messages that wait. ``mend`` is how to fix it.
    """

    event_type: ClassVar[str] = "endpoint.disabled"

    endpoint_id: str
    url: str
    cause: Literal["gone", "failing", "by_hand"]
    reason: str
    mend: str
    at: Utc
    waiting: int = 0


class EndpointTested(Model):
    """A test message that a person sent to the endpoint."""

    endpoint_id: str
    note: str


class AlertData(Model):
    """A verdict on one story for one client. ``shortened`` lists fields that were left out or cut to fit 20 kB."""

    alert: Alert
    shortened: tuple[str, ...] = ()


class DraftData(Model):
    """A draft as the account manager sees it. ``shortened`` is as for alerts."""

    draft: Draft
    shortened: tuple[str, ...] = ()


D = TypeVar("D", bound=Model, covariant=True)


class Webhook(Model, Generic[D]):
    """The body of a webhook. ``version`` is that of ``data``; it rises only if fields are removed or change."""

    type: str
    timestamp: Utc
    version: int
    event_id: str
    data: D


@dataclass(frozen=True, slots=True)
class WebhookKind:
    """A type of webhook: its name, the shape of its ``data``, and the event that triggers it (``meaning``)."""

    name: str
    model: type[Model]
    meaning: str
    version: int = 1


WEBHOOKS: Mapping[str, WebhookKind] = {
    kind.name: kind
    for kind in (
        WebhookKind("alert.raised", AlertData, "A client should be told something, or warned of it."),
        WebhookKind("alert.corrected", AlertData, "Something that a client was told turned out to be false."),
        WebhookKind("rumor.held", AlertData, "A rumor that concerns a client is held until it is confirmed."),
        WebhookKind(
            "rumor.resolved", RumorResolved, "A source's rumor was confirmed, denied, or not taken up by anybody."
        ),
        WebhookKind("draft.created", DraftData, "A draft is ready for the account manager."),
        WebhookKind("draft.sent", DraftSent, "A message reached its channel or was sent by hand."),
        WebhookKind("draft.dismissed", DraftDismissed, "The account manager decided not to send a draft."),
        WebhookKind("delivery.failed", DeliveryChanged, "A message was not sent, or it is unknown whether it arrived."),
        WebhookKind(
            "feed.silent",
            FeedHealthChanged,
            "A feed no longer delivers news: it is silent, broken, unreachable or gone.",
        ),
        WebhookKind(
            "endpoint.disabled",
            EndpointDisabled,
            "Another endpoint was disabled; it gets nothing until it is enabled.",
        ),
        WebhookKind("endpoint.test", EndpointTested, "A person tests the endpoint."),
    )
}
