"""What webhooks carry: one shape for each type, the same for every endpoint, after the Standard Webhooks specification.

The body is ``{"type", "timestamp", "version", "event_id", "data"}``. It is signed as it stands and never changes over
retries; ``event_id`` is the same at every endpoint, the header ``webhook-id`` is one endpoint's own.
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
    "AlertTold",
    "DraftTold",
    "EndpointDisabled",
    "EndpointTested",
    "Webhook",
    "WebhookKind",
]

#: Bytes of a body at most (Standard Webhooks, "Payload structure": below 20 kB).
BODY_LIMIT = 20_000


class EndpointDisabled(Payload):
    """Nothing is sent to a webhook endpoint any more, until a person enables it, and why.

    ``url`` is shown without secrets. ``waiting`` counts what was to be sent there and waits.
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
    """A person tries the endpoint out; nothing has happened."""

    endpoint_id: str
    note: str


class AlertTold(Model):
    """A verdict on one story for one client. ``shortened`` names what was left out or cut to keep below 20 kB."""

    alert: Alert
    shortened: tuple[str, ...] = ()


class DraftTold(Model):
    """A message as it lies before the account manager. ``shortened`` as in alerts."""

    draft: Draft
    shortened: tuple[str, ...] = ()


D = TypeVar("D", bound=Model, covariant=True)


class Webhook(Model, Generic[D]):
    """One webhook's body. ``version`` is that of ``data``: a new one is only given where fields go or change."""

    type: str
    timestamp: Utc
    version: int
    event_id: str
    data: D


@dataclass(frozen=True, slots=True)
class WebhookKind:
    """One type of webhook: its name, the shape of its ``data``, and when it is sent."""

    name: str
    model: type[Model]
    meaning: str
    version: int = 1


WEBHOOKS: Mapping[str, WebhookKind] = {
    kind.name: kind
    for kind in (
        WebhookKind("alert.raised", AlertTold, "Something is to be told to a client, or to be warned of."),
        WebhookKind("alert.corrected", AlertTold, "What was told turned out false."),
        WebhookKind("rumor.held", AlertTold, "A rumor about a client's things is held until it is better founded."),
        WebhookKind("rumor.resolved", RumorResolved, "A source's rumor was confirmed or denied, or nobody took it up."),
        WebhookKind("draft.created", DraftTold, "A draft lies before the account manager."),
        WebhookKind("draft.sent", DraftSent, "A message reached its channel, or was sent by hand."),
        WebhookKind("draft.dismissed", DraftDismissed, "The account manager decided not to send a draft."),
        WebhookKind(
            "delivery.failed", DeliveryChanged, "A message was not sent, or nobody can say whether it arrived."
        ),
        WebhookKind("feed.silent", FeedHealthChanged, "A feed brings nothing any more: silent, broken, away or gone."),
        WebhookKind("endpoint.disabled", EndpointDisabled, "Nothing is sent to another endpoint any more."),
        WebhookKind("endpoint.test", EndpointTested, "A person tries the endpoint out."),
    )
}
