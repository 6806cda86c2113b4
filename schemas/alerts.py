"""Alerts: the verdict on one story for one client, with its reasons and evidence."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from schemas.base import Model, Payload, Utc
from schemas.clients import Stance
from schemas.mentions import ClaimBasis, ClaimStatus, Direction, EventKind, SourceLetter, Span
from schemas.readings import Reading

__all__ = ["Alert", "AlertRaised", "Evidence", "IfTheyAsk", "InformationGrade", "Reason", "Support", "Verdict"]

#: tell · information: a large event, told plainly, because no opinion fits it or its reading is unsure · warn: pass on
#: as unconfirmed, because it could move the value of something the client owns · hold: a rumor, wait · correct: the
#: client was told, and it turned out false · ignore.
Verdict = Literal["tell", "information", "warn", "hold", "correct", "ignore"]
#: What an item is for the story's claim: it states it independently, repeats another item's text, says something else
#: about the event, denies the claim, or withdraws it.
Support = Literal["claim", "copy", "context", "denies", "withdraws"]
#: Admiralty scale: 1 confirmed · 2 probably true · 3 possibly true · 4 doubtful, or denied by the party itself ·
#: 5 shown to be false · 6 cannot be judged.
InformationGrade = Literal[1, 2, 3, 4, 5, 6]


class Reason(Model):
    """A rule that applied: what it saw, what it concluded, and the sentence that an account manager reads."""

    rule: str
    saw: str
    concluded: str
    text: str


class Evidence(Model):
    """One item as evidence. ``quote`` is verbatim from the item; ``origin`` names the original source.

    ``channel`` identifies through whom the item came, and ``claimed_publisher`` is the publisher that it says it is
    from, if that could not be verified. ``supports`` is what it is for the story's claim, ``same_event`` are the ids of
    the alert's other items of which it is sure beyond doubt that they report the same event; None in older alerts.
    """

    item_id: str
    publisher: str
    host: str | None = None
    url: str | None = None
    title: str
    quote: str
    published_at: Utc | None = None
    source_grade: SourceLetter
    status: ClaimStatus
    basis: ClaimBasis
    attributed_to: str | None = None
    origin: str
    spans: tuple[Span, ...] = ()
    channel: str | None = None
    claimed_publisher: str | None = None
    supports: Support | None = None
    same_event: tuple[str, ...] | None = None


class IfTheyAsk(Model):
    """For a held rumor: what it says, who says so, why it is held, and how to answer if the client calls."""

    going_round: str
    who_says: str
    why_held: str
    answer: str


class Alert(Model):
    """A verdict on one story for one client.

    ``id`` is derived from client, story, verdict and ``revision``. ``earlier_alert_id`` is the alert that this one
    corrects, confirms or updates. After ``deadline_at``, telling the client is worth little. ``relevance`` is 0–1.
    ``grade_rules`` are the rules among ``reasons`` that led to the grades; they are about the story, not
    the client. None in older alerts.
    ``reading`` is the reading of the item that led to the alert, if one did. ``related_stories`` are other stories
    about the entity that probably report the same event, ``merged_stories`` those of them that turned out to be this
    one: earlier alerts on it may bear their ids.
    """

    type: Literal["alert"] = "alert"
    id: str
    client_id: str
    story_id: str
    entity_id: str
    entity_name: str
    stance: Stance
    verdict: Verdict
    revision: int = 0
    headline: str
    kind: EventKind
    direction: Direction
    size: Literal["minor", "moderate", "major"] = "moderate"
    urgency: Literal["low", "normal", "high", "urgent"]
    source_grade: SourceLetter
    information_grade: InformationGrade
    relevance: float = Field(ge=0, le=1)
    origins: int
    reasons: tuple[Reason, ...]
    evidence: tuple[Evidence, ...]
    if_they_ask: IfTheyAsk | None = None
    earlier_alert_id: str | None = None
    earlier_verdict: Verdict | None = None
    raised_at: Utc
    deadline_at: Utc
    reading: Reading | None = None
    grade_rules: tuple[str, ...] | None = None
    related_stories: tuple[str, ...] = ()
    merged_stories: tuple[str, ...] = ()

    @property
    def contested(self) -> bool:
        """Return whether it passes on that a party denies what is reported about it."""
        return any(reason.rule == "contested" for reason in self.reasons)


class AlertRaised(Payload):
    """A verdict on a story for a client was reached or has changed."""

    event_type: ClassVar[str] = "alert.raised"

    alert: Alert
