"""What a channel is: it takes one message, tries once, and says truthfully what it knows of the outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

__all__ = ["Channel", "Outcome", "OutcomeKind", "Outgoing", "Paragraph", "Run"]

#: delivered: the other side took it · retry: it surely did not, and may later · rejected: it did not, and won't ·
#: unknown: it may have; a person must look, for a repeat could reach the client twice.
OutcomeKind = Literal["delivered", "retry", "rejected", "unknown"]


@dataclass(frozen=True, slots=True)
class Run:
    """Some words of a paragraph, with where they lead, if anywhere. Never markup: they are shown as they stand."""

    text: str
    url: str | None = None
    strong: bool = False


Paragraph: TypeAlias = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way. ``delivery_id`` is the same on every attempt; a channel hands it on where it can.

    ``html`` says the same as ``body``, for channels that can show it; ``chat`` is what chats show in place of it.
    """

    delivery_id: str
    recipient: str
    recipient_name: str
    sender_name: str
    sender_email: str | None
    subject: str
    body: str
    html: str | None = None
    chat: tuple[Paragraph, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended. ``detail`` is for a person, without secrets; ``retry_after_seconds`` if it was named."""

    kind: OutcomeKind
    detail: str
    retry_after_seconds: float | None = None


class Channel(Protocol):
    """One way out of the house."""

    name: str

    async def send(self, message: Outgoing) -> Outcome:
        """Try once. Expected failures are outcomes; what is raised counts as unknown."""
        ...
