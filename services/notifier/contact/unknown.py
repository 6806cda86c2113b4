"""Names the gaps in a client's entry in the book, and the questions that fill them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas.clients import Client

__all__ = ["UnknownTrait", "unknown_traits"]


@dataclass(frozen=True, slots=True)
class UnknownTrait:
    """Something that drafts rest on and that nobody has recorded: the ``gap``, and what to ``ask``, as sentences."""

    name: Literal["desires", "risk"]
    gap: str
    ask: str


def unknown_traits(client: Client) -> tuple[UnknownTrait, ...]:
    """Return what drafts for ``client`` can't name, because the client book has neither a goal nor a risk of theirs."""
    found = []
    if not client.desires:
        gap = f"The client book lists no desire of {client.name}, so the draft names none."
        found.append(UnknownTrait("desires", gap, f"Ask {client.name} what matters most to them."))
    if client.risk is None:
        gap = f"The client book doesn't say how much risk {client.name} accepts, so the draft names none."
        found.append(UnknownTrait("risk", gap, f"Ask {client.name} how much risk is acceptable to them."))
    return tuple(found)
