"""What passed between account manager and client, and what came of it."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.base import Payload, Utc

__all__ = ["InteractionLogged"]


class InteractionLogged(Payload):
    """A contact took place: who, when, how, for how long, what was said and what became of it."""

    event_type: ClassVar[str] = "interaction.logged"

    interaction_id: str
    client_id: str
    manager_id: str
    at: Utc
    channel: str
    minutes: int | None = None
    draft_id: str | None = None
    summary: str = ""
    outcome: Literal["sent", "replied", "acted", "disagreed", "no_answer", "other"] = "sent"
