"""Event views: one event with its evidence, the clients it affects, and what each of them was or will be told.

The API and ``firstword events`` return them. They are put together on request and never published as events.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.alerts import Evidence, InformationGrade, Verdict
from schemas.base import Model, Utc
from schemas.clients import Stance
from schemas.drafts import DraftState
from schemas.mentions import Direction, EventKind, SourceLetter

__all__ = [
    "AffectedClient",
    "AffectedInterest",
    "EventEvidence",
    "EventLine",
    "EventMessage",
    "EventStatus",
    "EventStory",
    "EventView",
    "EvidencePosition",
    "EvidenceRecordView",
    "TellingState",
]

#: How firm an event stands. confirmed: information grade 1 · probable: 2 · unconfirmed: 3 or 4 · contested: a party
#: denies it, or its stories differ · false: 5 · unjudged: 6.
EventStatus = Literal["confirmed", "probable", "unconfirmed", "contested", "false", "unjudged"]
#: What an item does for the event: it reports it, repeats another's report, denies it, withdraws its own report, or is
#: background.
EvidencePosition = Literal["reports", "repeats", "denies", "withdraws", "background"]
#: What a client was or will be told. told: a message reached them · approved: it goes out at ``expected_at`` ·
#: sending · unknown: it may not have arrived · failed: no channel took it · open: a draft waits for the account
#: manager · postponed: the contact policy waits · held: a rumor that is not told, with an answer ready · also_noticed:
#: only listed for the account manager · covered: another message tells it · not_told: no message, for
#: ``state_reason`` · dismissed: the account manager decided against it · withdrawn: newer news made it void · expired:
#: nobody decided before its deadline · ignored: not for this client · undecided: the alert has not been processed yet.
TellingState = Literal[
    "told",
    "approved",
    "sending",
    "unknown",
    "failed",
    "open",
    "postponed",
    "held",
    "also_noticed",
    "covered",
    "not_told",
    "dismissed",
    "withdrawn",
    "expired",
    "ignored",
    "undecided",
]


class EvidenceRecordView(Evidence):
    """One item as evidence of an event. ``first_seen_at`` is when an alert first rested on it, in UTC."""

    position: EvidencePosition
    first_seen_at: Utc


class EventEvidence(EvidenceRecordView):
    """An item, and the items that repeat it (``copies``), which add no weight. ``is_first``: it reported it first."""

    is_first: bool = False
    copies: tuple[EvidenceRecordView, ...] = ()


class EventStory(Model):
    """An event as seen for one watched name: its story there, with the grades that its evidence has."""

    story_id: str
    entity_id: str
    entity_name: str
    headline: str
    kind: EventKind
    status: EventStatus
    source_grade: SourceLetter
    information_grade: InformationGrade
    first_seen_at: Utc
    last_seen_at: Utc


class EventMessage(Model):
    """A message to a client that is about the event.

    ``told_at`` is when it reached the client. ``expected_at`` is when it will go out: for a draft that nobody has
    approved yet, the earliest time. ``reason`` says why it was dismissed, withdrawn, or could not be sent.
    """

    draft_id: str
    verdict: Verdict
    state: DraftState
    subject: str
    alert_ids: tuple[str, ...]
    created_at: Utc
    told_at: Utc | None = None
    expected_at: Utc | None = None
    deadline_at: Utc
    channel: str | None = None
    reason: str | None = None


class AffectedInterest(Model):
    """A client's interest in the event: the watched name, their stance, and the verdict with its reason.

    ``reason`` is the rule that decided, ``relevance_reason`` says why it matters to the client, if that was judged.
    ``relevance`` is 0–1; ``direction`` is the client's.
    """

    entity_id: str
    entity_name: str
    stance: Stance
    verdict: Verdict
    reason: str | None = None
    relevance_reason: str | None = None
    relevance: float = Field(ge=0, le=1)
    direction: Direction
    alert_id: str
    raised_at: Utc


class AffectedClient(Model):
    """A client whom the event affects: by which interests, and what they were or will be told.

    ``verdict`` is the weightiest of the interests' verdicts. ``told_at`` is when a message about the event last reached
    the client, ``expected_at`` when the next one goes out, and ``overdue`` says that it waits past its deadline.
    ``messages`` are in the order of creation.
    """

    client_id: str
    client_name: str
    organisation: str | None = None
    manager_id: str | None = None
    verdict: Verdict
    interests: tuple[AffectedInterest, ...]
    state: TellingState
    state_reason: str | None = None
    told_at: Utc | None = None
    expected_at: Utc | None = None
    deadline_at: Utc | None = None
    overdue: bool = False
    answer: str | None = None
    messages: tuple[EventMessage, ...] = ()


class EventLine(Model):
    """An event in a list.

    ``id`` is the id of its first story; the ids of its other stories find it, too. ``entities`` are the watched names
    that it concerns, ``clients`` the number of clients affected, ``verdicts`` that number by verdict: all of them among
    the clients that the reader may see.
    """

    id: str
    headline: str
    kind: EventKind
    direction: Direction
    size: Literal["minor", "moderate", "major"]
    status: EventStatus
    source_grade: SourceLetter
    information_grade: InformationGrade
    first_seen_at: Utc
    last_seen_at: Utc
    entities: tuple[str, ...]
    clients: int
    verdicts: dict[Verdict, int]


class EventView(EventLine):
    """One event: what happened, on what evidence, who is affected and how, and what each was or will be told.

    ``reasons`` explain the grades in sentences. ``origins`` counts the independent sources that support it.
    ``evidence`` is in the order of time, with copies under what they copy. ``affected`` is one page of the clients, by
    name.
    """

    type: Literal["event_view"] = "event_view"
    origins: int
    reasons: tuple[str, ...]
    stories: tuple[EventStory, ...]
    evidence: tuple[EventEvidence, ...]
    affected: tuple[AffectedClient, ...]
    page: int
    pages: int
