"""Drafts: messages in the account manager's name, from creation to sending or dismissal."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.alerts import Alert, Verdict
from schemas.base import Model, Payload, Utc
from schemas.clients import Stance
from schemas.mentions import EventKind

__all__ = [
    "Advice",
    "AffectedWatch",
    "Budget",
    "ContactDecided",
    "DismissReason",
    "Draft",
    "DraftApproved",
    "DraftCreated",
    "DraftDismissed",
    "DraftEdited",
    "DraftExpired",
    "DraftPart",
    "DraftRefused",
    "DraftReopened",
    "DraftSent",
    "DraftState",
    "Finding",
    "Grounding",
    "NewsStopped",
    "TellRequested",
]

DismissReason = Literal["not_useful", "wrong_client", "wrong_fact", "too_late", "too_many", "already_told", "other"]
#: open: proposed · edited: changed by a person · second: approved, and a second person has to approve it too ·
#: approved: waits to go out · sending: an attempt is under way · sent: it reached its channel · failed: no channel took
#: it · unknown: an attempt ended without an answer · dismissed: a person decided against it · withdrawn: newer news or
#: the client's removal made it void · expired: its deadline passed without a decision.
DraftState = Literal[
    "open", "edited", "second", "approved", "sending", "sent", "failed", "unknown", "dismissed", "withdrawn", "expired"
]
#: within: one of the client's messages of a week · beyond: in addition to them · exempt: a correction or an update of
#: what the client was told, which does not count.
Budget = Literal["within", "beyond", "exempt"]


class Grounding(Model):
    """A number, name, date or quotation in a draft, and its source: the evidence or the client book.

    ``ref`` is an item id or a path into the book such as ``assets.halden-energy.name``; None if there is no source.
    """

    text: str
    kind: Literal["number", "amount", "percentage", "date", "name", "quotation"]
    where: Literal["evidence", "book", "nowhere"]
    ref: str | None = None


class Finding(Model):
    """A problem of tone, language or meaning, and how to fix it (``mend``). Severity ``error`` blocks a template.

    ``evidence`` are the words of the evidence that ``text`` differs from, if it is about meaning (``rule`` starts with
    ``meaning.``).
    """

    rule: str
    text: str
    message: str
    mend: str | None = None
    severity: Literal["error", "warning"] = "warning"
    evidence: str | None = None


class DraftPart(Model):
    """One part of a message, with the ids of the items that it is based on."""

    role: Literal["greeting", "news", "meaning", "opinion", "question", "close", "signature", "compliance"]
    text: str
    evidence: tuple[str, ...] = ()


class Advice(Model):
    """One opinion in a message, with its playbook rule. A correction has none: it always advises to change nothing."""

    alert_id: str
    text: str
    playbook: str | None = None
    rule: str | None = None


class AffectedWatch(Model):
    """Another asset or interest of the client that the same event concerns, and the alert that says so."""

    entity_id: str
    name: str
    stance: Stance
    alert_id: str


class Draft(Model):
    """A message that Firstword proposes. ``send_after`` respects quiet hours; after ``deadline_at`` it is worth little.

    ``told_alerts`` lists all alerts in the message if there are several; ``alert_id`` is then the first of them.
    ``advice`` has one opinion for each alert that the message advises on. ``supersedes_because`` is the reason for
    replacing an earlier draft. ``purpose``: news, a contact that was promised or is overdue, or the confirmation of a
    conversation, which has no alert (``alert_id`` is empty). ``affects`` lists what else of the client the same events
    concern. ``beyond_because`` says why the message goes beyond the client's weekly budget, if it does.
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
    affects: tuple[AffectedWatch, ...] = ()
    budget: Budget = "within"
    beyond_because: str | None = None
    urgency: Literal["low", "normal", "high", "urgent"]
    created_at: Utc
    send_after: Utc
    deadline_at: Utc


class DraftCreated(Payload):
    """A draft is ready for the account manager."""

    event_type: ClassVar[str] = "draft.created"

    draft: Draft


class DraftRefused(Payload):
    """No draft was created for an alert, with the reason: ungrounded, do-not-contact, already told, …

    ``withdraws`` lists earlier drafts that are based on news that turned out false, and must not be sent.
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
    """The account manager approved a draft for sending through ``channel``."""

    event_type: ClassVar[str] = "draft.approved"

    draft_id: str
    client_id: str
    channel: str
    subject: str
    body: str
    by: str


class DraftSent(Payload):
    """A draft reached its channel, or the account manager copied it to send it by hand."""

    event_type: ClassVar[str] = "draft.sent"

    draft_id: str
    alert_id: str
    story_id: str
    client_id: str
    channel: str
    delivery_id: str


class DraftDismissed(Payload):
    """The account manager decided not to send a draft, with the reason."""

    event_type: ClassVar[str] = "draft.dismissed"

    draft_id: str
    alert_id: str
    client_id: str
    reason: DismissReason
    comment: str | None = None
    by: str


class DraftExpired(Payload):
    """Nobody decided on a draft before its deadline."""

    event_type: ClassVar[str] = "draft.expired"

    draft_id: str
    alert_id: str
    client_id: str
    deadline_at: Utc


class DraftReopened(Payload):
    """The account manager put a dismissed or expired draft back into the inbox, until ``deadline_at``.

    It undoes the draft's dismissal, also as feedback. ``reason`` is why it is still worth sending after its deadline.
    """

    event_type: ClassVar[str] = "draft.reopened"

    draft_id: str
    alert_id: str
    client_id: str
    reason: str | None = None
    deadline_at: Utc
    by: str


class TellRequested(Payload):
    """An account manager asks for a draft on news that was left out, such as what the digest lists as also noticed.

    With a ``reason``, it counts as feedback that such news is useful to the client.
    """

    event_type: ClassVar[str] = "alert.tell_requested"

    client_id: str
    alert: Alert
    by: str
    reason: str | None = None


class NewsStopped(Payload):
    """An account manager decided that a client is not told news of one kind about one name again, or took that back.

    Urgent news and corrections are told all the same. It counts as feedback on the name.
    """

    event_type: ClassVar[str] = "news.stopped"

    client_id: str
    entity_id: str
    entity_name: str
    kind: EventKind
    stopped: bool
    reason: str | None = None
    by: str


class ContactDecided(Payload):
    """The contact policy's decision on an alert, a draft or a promised contact, with the reason.

    waits: not before ``until`` · merged: goes into one message with others · dropped: will not be told · kept: the
    promised contact has taken place · chosen: told because a contact is due, or after it was left out · nothing_to_say:
    a contact is due, but there is no news.
    """

    event_type: ClassVar[str] = "contact.decided"

    client_id: str
    what: Literal["waits", "merged", "dropped", "kept", "chosen", "nothing_to_say"]
    reason: str
    detail: str
    alert_id: str | None = None
    draft_id: str | None = None
    until: Utc | None = None
