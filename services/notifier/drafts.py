"""The processor that turns alerts into drafts, and remembers per client what they were told and when.

Of its own topic it reads only what people did with the drafts (sent, dismissed); every alert ends in a draft, in a
refusal with its reason, or, for held and ignored news, in nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from firstword.kit.processing import AnyEvent, Processor
from schemas.alerts import Alert, AlertRaised
from schemas.base import Model, Utc, content_id, event
from schemas.clients import ClientChanged, ClientRemoved
from schemas.drafts import DraftCreated, DraftDismissed, DraftRefused, DraftSent
from services.notifier.contact.budget import WEEK
from services.notifier.contact.plan import plan_send
from services.notifier.drafting.compose import Refusal, compose, draft_id
from services.notifier.drafting.facts import Brief, Told
from services.notifier.drafting.history import follow_up, same_story
from services.notifier.drafting.playbooks import Playbooks

__all__ = ["ClientRecord", "WriteDrafts"]

SOURCE = "firstword/notifier"
#: A story older than this is not told as an update any more. The matcher's own window is shorter (72 h).
KEEP = timedelta(days=30)


class ClientRecord(Model):
    """What a client was told (30 days), and when messages were sent to them (7 days)."""

    told: tuple[Told, ...] = ()
    sent: tuple[Utc, ...] = ()


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is said of an alert; ``told`` remembers a new draft, ``closed`` are drafts not to be sent any more."""

    event: AnyEvent
    told: Told | None = None
    closed: frozenset[str] = frozenset()
    why: str = "superseded"


class WriteDrafts(Processor[ClientRecord]):
    """Alerts → drafts, keyed by client."""

    name = "draft"
    inputs: ClassVar[tuple[str, ...]] = ("alerts", "drafts")
    references: ClassVar[tuple[str, ...]] = ("clients",)
    outputs: ClassVar[tuple[str, ...]] = ("drafts",)

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
        return ClientRecord()

    def process(self, state: ClientRecord, event: AnyEvent, now: datetime) -> tuple[ClientRecord, Sequence[AnyEvent]]:
        """Draft an alert, or note that a draft was sent or dismissed."""
        data = event.data
        if isinstance(data, DraftSent):
            return _sent(state, data, now), ()
        if isinstance(data, DraftDismissed):
            return _dismissed(state, data), ()
        if not isinstance(data, AlertRaised) or data.alert.verdict in ("hold", "ignore"):
            return state, ()
        state = _pruned(state, now)
        if any(told.alert_id == data.alert.id for told in state.told):
            return state, ()  # the very alert came again: it has its draft
        answer = self._answer(state, data.alert, now)
        told = tuple(_close(entry, answer) for entry in state.told)
        if answer.told is not None:
            told += (answer.told,)
        return state.model_copy(update={"told": told}), (answer.event,)

    def dump(self, state: ClientRecord) -> bytes:
        """JSON, fields in declared order."""
        return state.model_dump_json(exclude_none=True).encode()

    def load(self, raw: bytes) -> ClientRecord:
        """Read what :meth:`dump` wrote."""
        return ClientRecord.model_validate_json(raw)

    def _answer(self, state: ClientRecord, alert: Alert, now: datetime) -> _Answer:
        known = self._clients.get(alert.client_id)
        if known is None:
            detail = f"The client book holds no client {alert.client_id!r}; they may have been removed."
            return _refused(alert, Refusal("unknown_client", detail), now)
        follow = follow_up(alert, state.told)
        before = frozenset(entry.draft_id for entry in state.told if same_story(alert, entry))
        if isinstance(follow, Refusal):
            answer = _refused(alert, follow, now)
            return replace(answer, closed=before, why="withdrawn") if follow.reason == "withdrawn" else answer
        plan = plan_send(known.client, now, state.sent, alert.urgency, alert.deadline_at)
        if plan.refused is not None:
            return _refused(alert, Refusal(plan.refused, " ".join(plan.notes)), now)
        brief = Brief(alert, known.client, known.firm, known.manager, now, follow.earlier)
        notes = (*plan.notes, *follow.notes)
        composed = compose(
            brief, self._playbooks, send_after=plan.send_after, notes=notes, supersedes=follow.supersedes
        )
        if isinstance(composed, Refusal):
            return _refused(alert, composed, now)
        told = Told(
            draft_id=composed.draft.id,
            alert_id=alert.id,
            story_id=alert.story_id,
            entity_id=alert.entity_id,
            revision=alert.revision,
            verdict=alert.verdict,
            item_ids=tuple(sorted({item.item_id for item in alert.evidence})),
            publisher=composed.publisher,
            words=composed.words,
            drafted_at=now,
        )
        created = _wrap(DraftCreated(draft=composed.draft), alert.client_id, composed.draft.id, now)
        return _Answer(created, told, before)


def _refused(alert: Alert, refusal: Refusal, now: datetime) -> _Answer:
    refused = DraftRefused(
        alert_id=alert.id,
        client_id=alert.client_id,
        story_id=alert.story_id,
        reason=refusal.reason,
        detail=refusal.detail,
        withdraws=refusal.withdraws,
    )
    return _Answer(_wrap(refused, alert.client_id, draft_id(alert.id), now))


def _close(entry: Told, answer: _Answer) -> Told:
    if entry.open and entry.draft_id in answer.closed:
        return entry.model_copy(update={"dismissed": answer.why})
    return entry


def _wrap(data: DraftCreated | DraftRefused, key: str, subject_id: str, now: datetime) -> AnyEvent:
    return event(data, key=key, id=content_id("evt", data.event_type, subject_id), source=SOURCE, time=now)


def _sent(state: ClientRecord, data: DraftSent, now: datetime) -> ClientRecord:
    """Note that a draft was sent; a second channel for the same draft is not a second message."""
    if any(told.draft_id == data.draft_id and told.sent_at is not None for told in state.told):
        return state
    told = tuple(
        entry.model_copy(update={"sent_at": now}) if entry.draft_id == data.draft_id else entry for entry in state.told
    )
    recent = tuple(sorted({*(at for at in state.sent if at > now - WEEK), now}))
    return state.model_copy(update={"told": told, "sent": recent})


def _dismissed(state: ClientRecord, data: DraftDismissed) -> ClientRecord:
    told = tuple(
        entry.model_copy(update={"dismissed": data.reason}) if entry.draft_id == data.draft_id else entry
        for entry in state.told
    )
    return state.model_copy(update={"told": told})


def _pruned(state: ClientRecord, now: datetime) -> ClientRecord:
    told = tuple(entry for entry in state.told if (entry.sent_at or entry.drafted_at) > now - KEEP)
    sent = tuple(at for at in state.sent if at > now - WEEK)
    return ClientRecord(told=told, sent=sent)
