"""Messages in the account manager's name: written, refused, edited, approved, sent, dismissed."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.alerts import Verdict
from schemas.base import Model, Payload, Utc

__all__ = [
    "Advice",
    "ContactDecided",
    "DismissReason",
    "Draft",
    "DraftApproved",
    "DraftCreated",
    "DraftDismissed",
    "DraftEdited",
    "DraftPart",
    "DraftRefused",
    "DraftSent",
    "DraftState",
    "Finding",
    "Grounding",
]

DismissReason = Literal["not_useful", "wrong_client", "wrong_fact", "too_late", "too_many", "already_told", "other"]
#: open: proposed · edited: changed by a person · approved: waits to go out · sending: an attempt is under way ·
#: sent: it reached its channel · failed: no channel took it · unknown: an attempt ended without an answer ·
#: dismissed: a person decided against it · withdrawn: newer news or the client's removal made it void.
DraftState = Literal["open", "edited", "approved", "sending", "sent", "failed", "unknown", "dismissed", "withdrawn"]


class Grounding(Model):
    """A number, name, date or quotation of a draft and where it stands: in the evidence or in the client book.

    ``ref`` is an item id or a path into the book such as ``assets.halden-energy.name``; None if it stands nowhere.
    """

    text: str
    kind: Literal["number", "amount", "percentage", "date", "name", "quotation"]
    where: Literal["evidence", "book", "nowhere"]
    ref: str | None = None


class Finding(Model):
    """Something about tone or language that should be mended, with the mend. ``severity`` error blocks a template."""

    rule: str
    text: str
    message: str
    mend: str | None = None
    severity: Literal["error", "warning"] = "warning"


class DraftPart(Model):
    """One part of a message, and the ids of the items that it rests on."""

    role: Literal["greeting", "news", "meaning", "opinion", "question", "close", "signature", "compliance"]
    text: str
    evidence: tuple[str, ...] = ()


class Advice(Model):
    """One opinion that a message gives, and the rule it follows (None: that of every correction, to change nothing)."""

    alert_id: str
    text: str
    playbook: str | None = None
    rule: str | None = None


class Draft(Model):
    """A message as Firstword proposes it. ``send_after`` keeps quiet hours; past ``deadline_at`` it is worth little.

    ``told_alerts`` are all alerts that it tells, where they are several; ``alert_id`` is then the first of them.
    ``advice`` are the opinions that it gives, one for each alert on which it gives one.
    ``supersedes_because`` says why an earlier draft gives way. ``purpose``: news; what is said because contact was
    promised or is long due; or what was agreed in a conversation, which has no alert (``alert_id`` is empty).
    """

    type: Literal["draft"] = "draft"
    id: str
    alert_id: str
    story_id: str
    client_id: str
    manager_id: str
    verdict: Verdict
    subject: str
    body: str
    parts: tuple[DraftPart, ...]
    grounding: tuple[Grounding, ...] = ()
    findings: tuple[Finding, ...] = ()
    words: int
    reading_seconds: int
    playbook: str | None = None
    rule: str | None = None
    notes: tuple[str, ...] = ()
    supersedes: str | None = None
    supersedes_because: str | None = None
    told_alerts: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()
    purpose: Literal["news", "contact_due", "confirmation"] = "news"
    urgency: Literal["low", "normal", "high", "urgent"]
    created_at: Utc
    send_after: Utc
    deadline_at: Utc


class DraftCreated(Payload):
    """A draft lies before the account manager."""

    event_type: ClassVar[str] = "draft.created"

    draft: Draft


class DraftRefused(Payload):
    """No draft was made of an alert, and why: ungrounded, do-not-contact, already told, …; nothing vanishes.

    ``withdraws`` are earlier drafts that rest on news which turned out false, and must not be sent any more.
    """

    event_type: ClassVar[str] = "draft.refused"

    alert_id: str
    client_id: str
    story_id: str
    reason: str
    detail: str
    withdraws: tuple[str, ...] = ()


class DraftEdited(Payload):
    """The account manager changed a draft. ``revision`` counts from 1."""

    event_type: ClassVar[str] = "draft.edited"

    draft_id: str
    client_id: str
    revision: int
    subject: str
    body: str
    by: str


class DraftApproved(Payload):
    """The account manager approved a draft for sending by ``channel``."""

    event_type: ClassVar[str] = "draft.approved"

    draft_id: str
    client_id: str
    channel: str
    subject: str
    body: str
    by: str


class DraftSent(Payload):
    """A draft reached its channel, or was copied by hand to be sent."""

    event_type: ClassVar[str] = "draft.sent"

    draft_id: str
    alert_id: str
    story_id: str
    client_id: str
    channel: str
    delivery_id: str


class DraftDismissed(Payload):
    """The account manager decided not to send, and why."""

    event_type: ClassVar[str] = "draft.dismissed"

    draft_id: str
    alert_id: str
    client_id: str
    reason: DismissReason
    comment: str | None = None
    by: str


class ContactDecided(Payload):
    """What the contact policy made of an alert, a draft or a promise, and why: nothing waits or is left out unsaid.

    waits: not before ``until`` · merged: goes into one message with others · dropped: is not told · kept: a promised
    contact needs no more · chosen: told because contact is due · nothing_to_say: contact is due, and there is nothing.
    """

    event_type: ClassVar[str] = "contact.decided"

    client_id: str
    what: Literal["waits", "merged", "dropped", "kept", "chosen", "nothing_to_say"]
    reason: str
    detail: str
    alert_id: str | None = None
    draft_id: str | None = None
    until: Utc | None = None
