"""The processor that turns alerts into drafts, and remembers per client what they were told and when.

It reads what people decided about its drafts (edited, approved, sent, dismissed), never its own output. Every alert
ends in a draft, in a refusal with its reason, or in a decision of the contact policy; for held and ignored news, in
nothing, unless contact is due and an ignored story is the best thing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from schemas.alerts import AlertRaised
from schemas.base import Payload
from schemas.clients import ClientChanged, ClientRemoved
from schemas.drafts import DraftApproved, DraftDismissed, DraftEdited, DraftSent
from schemas.interactions import ContactAgreed, FeedbackGiven, InteractionLogged
from services.common.processing import AnyEvent, Processor
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.record import ClientRecord, pruned
from services.notifier.outreach.step import Step

__all__ = ["ClientRecord", "WriteDrafts"]

#: What each event does to a client; everything else on these topics is our own, or nobody's.
_HANDLERS: dict[type[Payload], Callable[[Step, Any], None]] = {
    AlertRaised: lambda step, data: step.alert(data.alert),
    DraftSent: Step.sent,
    DraftDismissed: Step.dismissed,
    DraftEdited: lambda step, data: step.touched(data.draft_id),
    DraftApproved: lambda step, data: step.touched(data.draft_id),
    InteractionLogged: Step.contact,
    FeedbackGiven: Step.feedback,
    ContactAgreed: lambda step, data: None,  # every step ends with a look at what is due
}


class WriteDrafts(Processor[ClientRecord]):
    """Alerts → drafts, keyed by client."""

    name = "draft"
    version: ClassVar[int] = 2
    inputs: ClassVar[tuple[str, ...]] = ("alerts", "decisions", "interactions")
    references: ClassVar[tuple[str, ...]] = ("clients",)
    outputs: ClassVar[tuple[str, ...]] = ("drafts", "tunings")

    def __init__(self, playbooks: Playbooks) -> None:
        self._playbooks = playbooks
        self._clients: dict[str, ClientChanged] = {}

    def refer(self, event: AnyEvent) -> None:
        """Take over a client as they are from now on."""
        if isinstance(event.data, ClientChanged):
            self._clients[event.data.client.id] = event.data
        elif isinstance(event.data, ClientRemoved):
            self._clients.pop(event.data.client_id, None)

    def initial(self, key: str) -> ClientRecord:
        """A client who was never told anything."""
        return ClientRecord(client_id=key)

    def process(self, state: ClientRecord, event: AnyEvent, now: datetime) -> tuple[ClientRecord, Sequence[AnyEvent]]:
        """Draft an alert, or note what became of a draft, or that a conversation took place."""
        handler = _HANDLERS.get(type(event.data))
        if handler is None or _was_heard(state, event.data):
            return state, ()
        step = self._step(state, event.subject, now)
        step.release()
        handler(step, event.data)
        step.settle()
        return step.record, step.events

    def next_tick(self, state: ClientRecord) -> datetime | None:
        """When something that was put aside may be spoken of, or a contact that is due must be prepared."""
        waits = [one.until for one in state.aside]
        if state.promise is not None:
            waits.append(state.promise.due_at if state.promise.owed else state.promise.ready_at)
        if state.silence is not None and not state.silence.owed:
            waits.append(state.silence.ready_at)
        return min(waits, default=None)

    def tick(self, state: ClientRecord, now: datetime) -> tuple[ClientRecord, Sequence[AnyEvent]]:
        """Time alone changes what can, or must, be said."""
        step = self._step(state, state.client_id, now)
        step.wake()
        step.settle()
        return step.record, step.events

    def dump(self, state: ClientRecord) -> bytes:
        """JSON, fields in declared order."""
        return state.model_dump_json(exclude_none=True).encode()

    def load(self, raw: bytes) -> ClientRecord:
        """Read what :meth:`dump` wrote, in this version or an older one."""
        return ClientRecord.model_validate_json(raw)

    def _step(self, state: ClientRecord, client_id: str, now: datetime) -> Step:
        record = pruned(state, now).model_copy(update={"client_id": client_id})
        return Step(record, client_id, self._clients.get(client_id), self._playbooks, now)


def _was_heard(state: ClientRecord, data: Payload) -> bool:
    """Whether this was answered where the house lived before: the matcher heard the last days' items again here."""
    return state.heard_until is not None and isinstance(data, AlertRaised) and data.alert.raised_at <= state.heard_until
