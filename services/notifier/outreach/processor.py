"""The processor that turns alerts into drafts, and remembers per client what they were told and when.

It reads what people decided about its drafts (edited, approved, sent, dismissed), never its own output. Every alert
ends in a draft, in a refusal with its reason, or in a decision of the contact policy; for held and ignored news, in
nothing, unless contact is due and an ignored story is the best thing to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from schemas.clients import ClientChanged, ClientRemoved
from services.common.processing import AnyEvent, Processor
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.record import ClientRecord
from services.notifier.outreach.step import step, tick

__all__ = ["ClientRecord", "DraftWriter"]


class DraftWriter(Processor[ClientRecord]):
    """Alerts → drafts, keyed by client."""

    name = "draft"
    version: ClassVar[int] = 2
    inputs: ClassVar[tuple[str, ...]] = ("alerts", "decisions", "interactions")
    references: ClassVar[tuple[str, ...]] = ("clients",)
    outputs: ClassVar[tuple[str, ...]] = ("drafts", "tunings")

    def __init__(self, playbooks: Playbooks) -> None:
        self._playbooks = playbooks
        self._clients: dict[str, ClientChanged] = {}

    def update_reference(self, event: AnyEvent) -> None:
        """Take over a client's entry in the book, or its removal."""
        if isinstance(event.data, ClientChanged):
            self._clients[event.data.client.id] = event.data
        elif isinstance(event.data, ClientRemoved):
            self._clients.pop(event.data.client_id, None)

    def initial(self, key: str) -> ClientRecord:
        """Return the record of a client who was never told anything."""
        return ClientRecord(client_id=key)

    def process(self, state: ClientRecord, event: AnyEvent, now: datetime) -> tuple[ClientRecord, Sequence[AnyEvent]]:
        """Respond to an alert, or note what became of a draft or that a conversation took place."""
        return step(state, event, now, self._clients.get(event.subject), self._playbooks)

    def next_tick(self, state: ClientRecord) -> datetime | None:
        """Return when a deferred alert may be told, or a due contact must be prepared."""
        moments = [deferred.until for deferred in state.deferred]
        if state.promise is not None:
            moments.append(state.promise.due_at if state.promise.awaits_news else state.promise.ready_at)
        if state.silence is not None and not state.silence.awaits_news:
            moments.append(state.silence.ready_at)
        return min(moments, default=None)

    def tick(self, state: ClientRecord, now: datetime) -> tuple[ClientRecord, Sequence[AnyEvent]]:
        """Decide what time alone changes."""
        return tick(state, now, self._clients.get(state.client_id), self._playbooks)

    def dump(self, state: ClientRecord) -> bytes:
        """Return the record as JSON, fields in declared order."""
        return state.model_dump_json(exclude_none=True).encode()

    def load(self, raw: bytes) -> ClientRecord:
        """Read what :meth:`dump` wrote, in this version or an older one."""
        return ClientRecord.model_validate_json(raw)
