"""The record of one client: what they were told and when, which messages wait, and what is due. Pure.

The state of the draft writer. New fields have defaults, and renamed fields keep their stored keys as aliases, so that
what an older version wrote can be read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from schemas.alerts import Alert
from schemas.base import Utc
from schemas.drafts import Budget, Draft
from schemas.interactions import Feedback
from services.common.stored import StoredModel
from services.notifier.contact.budget import WEEK
from services.notifier.drafting.brief import DraftedStory

__all__ = [
    "ClientRecord",
    "Deferred",
    "DraftFeedback",
    "DueContact",
    "DueKind",
    "Message",
    "NoticedEvent",
    "PendingCorrection",
    "StoppedNews",
    "StoryDraft",
    "budget_of",
    "lean_alert",
    "pruned",
]

#: A story older than this is not continued as an update. The matcher's own window is shorter (72 h).
STORY_AGE = timedelta(days=30)
#: For how long news below the threshold is worth telling when contact is due.
BELOW_THRESHOLD_AGE = timedelta(days=14)
BELOW_THRESHOLD_KEPT = 5
#: For how long after its deadline a message without a decision is still merged or rewritten. It stays in the inbox.
OPEN_MESSAGE_AGE = timedelta(days=7)
FEEDBACK_KEPT = 200
#: Events that were left out are remembered for a week, the latest of them.
NOTICED_AGE = WEEK
NOTICED_KEPT = 20

#: The reason why contact is due without news that requires it: a promise, or silence for as long as agreed.
DueKind = Literal["promise", "silence"]


class StoryDraft(StoredModel):
    """One story as a message of its own. Merged messages are made of these, and are split into them again.

    ``attached``: the same event as a story of other watches of the client; the message names them.
    ``requested``: the account manager asked for it.
    """

    alert: Alert
    draft: Draft
    publisher: str
    quote: str = Field(alias="words")
    attached: tuple[DraftedStory, ...] = ()
    requested: bool = False


def budget_of(stories: Sequence[StoryDraft]) -> Budget:
    """Return whether a message of ``stories`` takes one of the client's weekly messages, as any of them may."""
    budgets = {story.draft.budget for story in stories}
    return "within" if "within" in budgets else "beyond" if "beyond" in budgets else "exempt"


class Message(StoredModel):
    """A message of one or several stories that waits for the account manager.

    ``locked``: the manager edited or approved it, so nothing is merged into it.
    """

    draft_id: str
    stories: tuple[StoryDraft, ...] = Field(alias="pieces")
    send_after: Utc
    opened_at: Utc
    locked: bool = Field(default=False, alias="touched")

    @property
    def verdict(self) -> str:
        """The verdict of all its stories: only stories of one verdict are merged."""
        return self.stories[0].alert.verdict

    @property
    def budget(self) -> Budget:
        """Return whether it takes one of the client's weekly messages."""
        return budget_of(self.stories)

    @property
    def deadline_at(self) -> datetime:
        """The earliest deadline of its stories."""
        return min(story.alert.deadline_at for story in self.stories)


class Deferred(StoredModel):
    """An alert that a blackout defers until ``until``; then it is decided again."""

    alert: Alert
    until: Utc


class NoticedEvent(StoredModel):
    """An event that was left out at ``at`` and is listed as also noticed; ``attached`` as for a drafted story."""

    alert: Alert
    at: Utc
    attached: tuple[DraftedStory, ...] = ()


class PendingCorrection(StoredModel):
    """A correction of drafts that had not been sent. It is needed if one of them is sent anyway."""

    alert: Alert
    draft_ids: tuple[str, ...]


class DueContact(StoredModel):
    """Contact that is due at ``due_at``; from ``ready_at`` on a message for it is prepared.

    Any contact later than ``since`` counts. ``awaits_news``: ``ready_at`` has passed with nothing worth saying, so
    the next news below the threshold is used.
    """

    due_at: Utc
    ready_at: Utc
    since: Utc
    awaits_news: bool = Field(default=False, alias="owed")


class StoppedNews(StoredModel):
    """News of one kind about one name that the client is not told again, and why."""

    entity_id: str
    kind: str
    reason: str


class DraftFeedback(StoredModel):
    """An account manager's feedback on a draft, and the watched entity that the draft was about."""

    draft_id: str
    entity_id: str
    feedback: Feedback
    at: Utc


class ClientRecord(StoredModel):
    """All that outreach remembers of one client.

    ``stories``: what was drafted, and sent or dismissed, in the last 30 days. ``sent``: when messages within the weekly
    budget were sent, and conversations took place, in the last 7 days. ``noticed``: events of the last 7 days that were
    left out, because more valuable news took the client's weekly messages or nothing could be advised.
    ``below_threshold``: alerts of the last 14 days that were ignored for their low relevance, at most the five most
    relevant. ``last_contact``: the last message or conversation. ``known_since``: when the first event came.
    ``promise`` and ``silence``: the next contact due for either reason. ``answered_until``: alerts raised up to then
    were answered by the installation that this one was moved from (``firstword import``), and are not answered again.
    ``stopped``: news that the client is not told again.
    """

    client_id: str = ""
    stories: tuple[DraftedStory, ...] = Field(default=(), alias="told")
    sent: tuple[Utc, ...] = ()
    open_messages: tuple[Message, ...] = Field(default=(), alias="open")
    deferred: tuple[Deferred, ...] = Field(default=(), alias="aside")
    below_threshold: tuple[Alert, ...] = Field(default=(), alias="small")
    pending_corrections: tuple[PendingCorrection, ...] = Field(default=(), alias="retracted")
    last_contact: Utc | None = None
    known_since: Utc | None = None
    promise: DueContact | None = None
    silence: DueContact | None = None
    feedback: tuple[DraftFeedback, ...] = ()
    tuning_revision: int = Field(default=0, alias="tunings")
    answered_until: Utc | None = Field(default=None, alias="heard_until")
    noticed: tuple[NoticedEvent, ...] = ()
    stopped: tuple[StoppedNews, ...] = ()

    def message(self, draft_id: str) -> Message | None:
        """Return the open message with this draft id."""
        return next((message for message in self.open_messages if message.draft_id == draft_id), None)

    def without_message(self, draft_id: str) -> ClientRecord:
        """Return the record without that open message."""
        kept = tuple(message for message in self.open_messages if message.draft_id != draft_id)
        return self.model_copy(update={"open_messages": kept})

    def with_dismissed(self, draft_ids: Collection[str], reason: str, *, waiting_only: bool = True) -> ClientRecord:
        """Return the record with these drafts marked as not to be sent; by default only those that wait."""
        stories = tuple(
            story.model_copy(update={"dismissed": reason})
            if story.draft_id in draft_ids and (story.waiting or not waiting_only)
            else story
            for story in self.stories
        )
        return self.model_copy(update={"stories": stories})

    def with_below_threshold(self, alert: Alert) -> ClientRecord:
        """Return the record with ``alert`` among the news below the threshold, if it is relevant enough to be kept."""
        lean = lean_alert(alert)
        kept = [other for other in self.below_threshold if other.story_id != alert.story_id]
        ranked = sorted((*kept, lean), key=lambda other: (-other.relevance, -other.raised_at.timestamp(), other.id))
        return self.model_copy(update={"below_threshold": tuple(ranked[:BELOW_THRESHOLD_KEPT])})

    def with_noticed(self, event: NoticedEvent) -> ClientRecord:
        """Return the record with ``event`` among those left out; the oldest of too many is forgotten."""
        return self.model_copy(update={"noticed": (*self.noticed, event)[-NOTICED_KEPT:]})

    def without_noticed(self, event: NoticedEvent) -> ClientRecord:
        """Return the record without ``event`` among those left out."""
        return self.model_copy(update={"noticed": tuple(other for other in self.noticed if other != event)})

    def due(self, kind: DueKind) -> DueContact | None:
        """Return the next contact that is due for this reason."""
        return self.promise if kind == "promise" else self.silence


def lean_alert(alert: Alert) -> Alert:
    """Return ``alert`` with its best evidence only, to be kept for later."""
    return alert.model_copy(update={"evidence": alert.evidence[:3]})


def pruned(record: ClientRecord, now: datetime) -> ClientRecord:
    """Return ``record`` without what is too old to matter at ``now``."""
    return record.model_copy(
        update={
            "stories": tuple(
                story for story in record.stories if (story.sent_at or story.drafted_at) > now - STORY_AGE
            ),
            "sent": tuple(at for at in record.sent if at > now - WEEK),
            "open_messages": tuple(
                message for message in record.open_messages if message.deadline_at > now - OPEN_MESSAGE_AGE
            ),
            "below_threshold": tuple(
                alert for alert in record.below_threshold if alert.raised_at > now - BELOW_THRESHOLD_AGE
            ),
            "pending_corrections": tuple(
                pending for pending in record.pending_corrections if pending.alert.raised_at > now - STORY_AGE
            ),
            "feedback": record.feedback[-FEEDBACK_KEPT:],
            "noticed": tuple(event for event in record.noticed if event.at > now - NOTICED_AGE),
        }
    )
