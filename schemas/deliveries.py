"""What left the house, and what became of it."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.base import Model, Payload, Utc

__all__ = ["Delivery", "DeliveryChanged", "DeliveryStatus"]

#: pending: waits · sending: an attempt was begun and its end is not recorded · delivered: the other side took it ·
#: failed: given up · unknown: begun, and nobody can say how it ended; a person must look.
DeliveryStatus = Literal["pending", "sending", "delivered", "failed", "unknown"]


class Delivery(Model):
    """One draft to one recipient by one channel."""

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
    """A delivery's status is from now on this."""

    event_type: ClassVar[str] = "delivery.changed"

    delivery: Delivery
