"""The API's requests and responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field, StrictBool, WrapSerializer

from schemas.alerts import Alert
from schemas.base import InWords, Model, Utc, Whole
from schemas.clients import DigestPreferences, Mood, Risk
from schemas.deliveries import DeliveryStatus
from schemas.drafts import DismissReason, Draft, DraftState, Finding, Grounding
from services.notifier.desk.dependencies import FeedView
from services.notifier.desk.problems import Problem
from services.notifier.digest.preferences import ChosenPreferences
from services.notifier.gate.findings import GatedFinding, Refusal
from services.notifier.gate.policy import Effect
from services.notifier.paging import Page
from services.notifier.sending_plan import Refused

__all__ = [
    "GATE_PROBLEMS",
    "AdvicePage",
    "Approval",
    "Approved",
    "AuditEntry",
    "ChannelOutage",
    "Compact",
    "DecidedDelivery",
    "DecisionItem",
    "DeliveryItem",
    "Dismissal",
    "Dismissed",
    "DraftDetail",
    "DraftSummary",
    "DraftWithRewording",
    "Edit",
    "FeedList",
    "GateFinding",
    "GateProblem",
    "GivenReason",
    "Health",
    "ListPage",
    "ManagerItem",
    "ManagerList",
    "MoodDecision",
    "MoodHint",
    "MoodState",
    "NoticedItem",
    "Recorded",
    "Reopening",
    "Requested",
    "Resuming",
    "Rewording",
    "SendingPlan",
    "StoppedItem",
    "Traits",
    "Version",
    "gate_findings",
    "list_page",
]

T = TypeVar("T")


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_none(inner) for name, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list | tuple) else value


#: Leaves out fields that are None, as the events do.
Compact = WrapSerializer(lambda value, serialize: _without_none(serialize(value)))


# --- requests -------------------------------------------------------------------------------------------------------


class Version(Model):
    """The version of the draft that the caller has read."""

    version: Annotated[int, Field(ge=0, le=2**31 - 1), Whole]


class Approval(Version):
    """An approval. ``at_once`` sends now, outside the client's hours and budget, for ``override_reason``.

    No reason sends a message during a blackout. ``leave_at`` is a chosen time: without an offset, it is in the client's
    time zone. ``shown`` is the plan that the caller was shown; if the message would now leave at another time, nothing
    is approved. ``reason`` is needed where a finding has the effect ``reason``.
    """

    at_once: StrictBool = False
    reason: str = Field(default="", max_length=1_000)
    override_reason: str = Field(default="", max_length=1_000)
    leave_at: str | None = Field(default=None, max_length=40)
    shown: Annotated[Utc, InWords] | None = None


class Dismissal(Version):
    """A dismissal with its reason."""

    reason: DismissReason
    comment: str = ""


class Reopening(Version):
    """A dismissed or expired draft is reopened. ``reason`` is needed once its deadline has passed."""

    reason: str = Field(default="", max_length=1_000)


class GivenReason(Model):
    """A reason in a person's words."""

    reason: str = Field(default="", max_length=1_000)


class Resuming(Model):
    """The name and the kind of event of which a client is told again."""

    entity_id: str = Field(max_length=255)
    kind: str = Field(max_length=40)


class Edit(Version):
    """A new subject and body."""

    subject: str
    body: str


class Traits(Model):
    """Facts that the client book leaves out: the risk that the client accepts, and a goal, also in their ``words``."""

    risk: Risk | None = None
    goal: str = ""
    words: str = ""


class MoodDecision(Model):
    """A client's mood at present."""

    mood: Mood


# --- responses ------------------------------------------------------------------------------------------------------


class ListPage(Model, Generic[T]):
    """One page of a list.

    ``next`` is the cursor of the following page, null on the last one. Entries that are added or removed meanwhile
    move no others. ``page`` is the number of the page if it was asked for by number.
    """

    items: Sequence[T]
    next: str | None = None
    total: int
    page: int | None
    pages: int


def list_page(page: Page[Any], items: Sequence[T]) -> ListPage[T]:
    """Build the response for ``page`` with its ``items``."""
    return ListPage(items=items, next=page.next, total=page.total, page=page.number, pages=page.pages)


class SendingPlan(Model):
    """The plan of sending. ``says`` is what the desk shows; ``why`` gives the reasons, and ``sooner`` what helps.

    ``at_once``: it leaves as soon as the approval can't be undone any longer. ``in_time``: it leaves before its
    deadline. ``may_override``: a reason sends it at once.
    """

    says: str
    leaves_at: datetime | None
    at_once: bool
    in_time: bool
    why: Sequence[str]
    sooner: Sequence[str]
    may_override: bool
    refused: Refused | None = None


class DraftSummary(Model):
    """A draft in a list. ``grade`` is the source's letter and the information's number, such as ``B2``."""

    id: str
    client_id: str
    client_name: str
    verdict: str
    urgency: str
    state: DraftState
    subject: str
    version: int
    grade: str | None
    created_at: datetime
    send_after: datetime
    deadline_at: datetime
    sending: SendingPlan | None = None


class GateFinding(Model):
    """A finding with the effect that the firm gives it. ``text`` are the words in the message that it is about."""

    kind: str
    effect: Effect
    text: str
    message: str
    fix: str | None


#: The kinds of problems with which the gate holds a message back.
GATE_PROBLEMS: Mapping[Refusal, str] = {
    "blocked": "gate.blocked",
    "reason_needed": "gate.reason_needed",
    "second_person_needed": "gate.second_person_needed",
}


class GateProblem(Problem):
    """The cause for holding a message back, and the findings: 422 if a reason is missing, 409 otherwise."""

    findings: tuple[GateFinding, ...] = ()


def gate_findings(findings: Sequence[GatedFinding]) -> tuple[GateFinding, ...]:
    """Return the findings as the API shows them."""
    return tuple(
        GateFinding(kind=found.kind, effect=found.effect, text=found.text, message=found.message, fix=found.fix)
        for found in findings
    )


class DraftDetail(DraftSummary):
    """A draft with its text, evidence and checks. ``draft`` is the draft as it was proposed.

    ``gate`` says what the firm's rules make of the findings, the strictest first.
    """

    body: str
    revision: int
    outcome: str | None
    draft: Annotated[Draft, Compact]
    alert: Annotated[Alert, Compact] | None
    grounding: tuple[Grounding, ...]
    findings: tuple[Finding, ...]
    gate: tuple[GateFinding, ...]


class Rewording(Model):
    """A language model's text of a draft: other phrasings (mode ``reword``) or the whole message (``write``).

    ``subject`` and ``body`` are the suggested text; without them, ``detail`` says why. ``used``: the draft's current
    text is the model's.
    """

    state: str
    model: str
    mode: str
    detail: str | None
    at: datetime
    subject: str | None
    body: str | None
    used: bool


class DraftWithRewording(DraftDetail):
    """A draft, a language model's text of it if one was asked for, and where a second reader disagrees on the news."""

    wording: Rewording | None
    disagreements: tuple[str, ...] = ()


class Approved(Model):
    """An approved draft and the time at which it will be sent.

    If a second person has to approve it too, its state is ``second`` and there is no time yet.
    """

    draft_id: str
    state: DraftState = "approved"
    leaves_at: datetime | None


class Dismissed(Model):
    """A dismissed draft."""

    draft_id: str
    state: DraftState = "dismissed"


class NoticedItem(Model):
    """News that was left out of a client's messages, why, and when that was decided."""

    alert: Annotated[Alert, Compact]
    why: str
    at: datetime


class Requested(Model):
    """A draft that was asked for is being written."""

    alert_id: str


class ShareOf(Model):
    """``count`` of ``of`` cases. ``between`` is the 95% confidence interval, null for too few cases."""

    count: int
    of: int
    between: tuple[float, float] | None


class AdviceGroup(Model):
    """A group of sent opinions and their results."""

    name: str
    given: int
    reworded: int
    too_few_to_judge: bool
    acted: ShareOf
    disagreed: ShareOf
    useful: ShareOf
    corrected: ShareOf
    same_way: ShareOf


class Opinion(Model):
    """A sent opinion and its result."""

    sent_at: datetime
    client_id: str
    client: str
    manager_id: str
    thing: str
    event: str
    stance: str
    verdict: str
    playbook: str | None
    rule: str | None
    opinion: str
    reworded: bool
    answer: str | None
    their_view: str | None
    worth: str | None
    story: str
    next_news: str | None
    later_news: int
    draft_id: str
    alert_id: str


class AdvicePage(ListPage[Opinion]):
    """Sent opinions: all groups, and one page of the list."""

    by: str
    days: int
    groups: Sequence[AdviceGroup]


class ManagerItem(Model):
    """An account manager and how they get digests and urgent news. ``chosen`` overrides the client book."""

    id: str
    name: str
    time_zone: str
    digest: DigestPreferences | None
    urgent: tuple[str, ...]
    chosen: Annotated[ChosenPreferences, Compact]
    channels: tuple[str, ...]


class ManagerList(Model):
    """Account managers."""

    items: Sequence[ManagerItem]


class DeliveryItem(Model):
    """A message on its way to a client, or sent."""

    id: str
    draft_id: str
    client_id: str
    client_name: str | None
    channel: str
    recipient: str
    status: DeliveryStatus
    attempts: int
    last_error: str | None
    next_attempt_at: datetime | None
    subject: str
    body: str
    approved_by: str
    created_at: datetime
    changed_at: datetime


class DecidedDelivery(Model):
    """A delivery that somebody decided about."""

    delivery_id: str


class DecisionItem(Model):
    """News that was refused, ignored, dismissed, withdrawn or postponed, and why."""

    alert_id: str | None
    client_id: str
    client_name: str | None
    what: str
    reason: str | None
    detail: str | None
    headline: str | None
    at: datetime


class AuditEntry(Model):
    """An entry of the audit log."""

    id: int
    at: datetime
    user_id: str
    action: str
    subject: str
    client_id: str | None
    detail: str | None
    user_name: str | None
    client_name: str | None


class FeedList(Model):
    """All feeds and their status."""

    items: Sequence[FeedView]


class StoppedItem(Model):
    """News that a client is not told again: its name and kind of event, why, and since when."""

    entity_id: str
    entity_name: str
    kind: str
    reason: str
    at: datetime


class ChannelOutage(Model):
    """A channel that takes no messages: since when, why, and how many wait for it."""

    channel: str
    since: datetime
    detail: str
    waiting: int


class Health(Model):
    """Parts of the installation that need attention. ``expired`` counts drafts that nobody decided on in time."""

    waiting_for: Sequence[str]
    feeds_with_a_problem: Sequence[str]
    deliveries_of_unknown_outcome: int
    inbox: int
    held: int
    expired: int = 0
    outages: Sequence[ChannelOutage] = ()


class Recorded(Model):
    """Something about a client was recorded; the client book shows it in a moment."""

    client_id: str


class MoodHint(Model):
    """A note on a conversation that says that the client is upset: the sentence, its words, and when it took place."""

    quote: str
    words: str
    at: datetime


class MoodState(Model):
    """A client's mood, when it was decided at the desk, and a suggestion from a conversation since then."""

    mood: Mood
    decided_at: datetime | None = None
    suggestion: MoodHint | None = None
