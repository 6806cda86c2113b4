"""Deliveries: messages on their way to clients, and their status."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.base import Model, Payload, Utc

__all__ = ["Delivery", "DeliveryChanged", "DeliveryStatus"]

#: pending: waits · sending: an attempt has begun and its result is not recorded · delivered: the recipient's side
#: accepted it · failed: given up · unknown: an attempt ended without a result; a person must check.
DeliveryStatus = Literal["pending", "sending", "delivered", "failed", "unknown"]


class Delivery(Model):
    """The delivery of one draft to one recipient through one channel."""

    id: str
    draft_id: str
    client_id: str
    channel: str
    recipient: str
    status: DeliveryStatus
    attempts: int = 0
    last_error: str | None = None
    next_attempt_at: Utc | None = None


class DeliveryChanged(Payload):
    """A delivery's status has changed."""

    event_type: ClassVar[str] = "delivery.changed"

    delivery: Delivery
