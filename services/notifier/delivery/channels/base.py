"""A channel takes one message, tries to send it once, and reports exactly what it knows about the outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from services.common.queue.outcome import Outcome, OutcomeKind

__all__ = ["Channel", "Outcome", "OutcomeKind", "Outgoing", "Paragraph", "Probing", "Run"]


@dataclass(frozen=True, slots=True)
class Run:
    """Part of a paragraph, with a link if there is one. The text is plain: it is shown as it is, never as markup."""

    text: str
    url: str | None = None
    strong: bool = False


Paragraph: TypeAlias = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to send. ``delivery_id`` is the same on every attempt; a channel passes it on if it can.

    ``html`` says the same as ``body``, for channels that can show it. Chat channels show ``chat`` in place of ``body``.
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


@runtime_checkable
class Probing(Protocol):
    """A channel that can tell whether it takes messages, without one."""

    async def probe(self) -> Outcome:
        """Ask; ``service_down`` says that it takes none."""
        ...


class Channel(Protocol):
    """One channel for outgoing messages."""

    name: str

    async def send(self, message: Outgoing) -> Outcome:
        """Try once. Expected failures are outcomes; an exception counts as ``unknown``."""
        ...
