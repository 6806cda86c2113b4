"""Decides how an alert follows on what the client was told before.

It is new, an update, a correction, told already, or the same event seen through another watch of the client.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.alerts import Alert
from services.notifier.drafting.brief import DraftedStory
from services.notifier.drafting.compose import Refusal
from services.notifier.outreach.record import NoticedEvent, StoryDraft
from services.notifier.same_event import EventTrace, are_one_event, trace_of_alert, trace_of_drafted

__all__ = [
    "Attachment",
    "FollowUp",
    "as_correction",
    "continues_alert",
    "continues_draft",
    "continues_noticed",
    "continues_story",
    "event_stories",
    "follow_up",
    "turned_out_false",
]

_SIZES = ("minor", "moderate", "major")
_ENDINGS = {
    "superseded": "was replaced by a newer draft",
    "merged": "was combined with another draft",
    "withdrawn": "was withdrawn",
    "outranked": "gave way to more valuable news",
    "expired": "expired without a decision",
}


@dataclass(frozen=True, slots=True)
class FollowUp:
    """``earlier`` is the message that was really sent, ``supersedes`` the id of the draft that the new one replaces."""

    earlier: DraftedStory | None = None
    supersedes: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """The alert says of another watch, or in other words, what the draft ``to`` tells already."""

    to: DraftedStory


def follow_up(alert: Alert, stories: Sequence[DraftedStory]) -> FollowUp | Attachment | Refusal:
    """Return how ``alert`` follows on ``stories`` (oldest first), or why there is nothing to write."""
    before = event_stories(alert, stories)
    if alert.verdict == "correct":
        return _correction(alert, before)
    if not before:
        return FollowUp()
    latest = [story for story in before if continues_story(alert, story)][-1]
    if not _brings_news(alert, before):
        if all((story.entity_id, story.story_id) != (alert.entity_id, alert.story_id) for story in before):
            return Attachment(latest)
        return Refusal("already_told", f"{alert.entity_name}: {_what_became_of(latest)}")
    sent = [story for story in before if story.sent_at is not None and story.attached_to is None]
    earlier = sent[-1] if sent else None
    notes = ("It replaces an earlier draft on the same story, which was not sent.",) if latest.waiting else ()
    return FollowUp(earlier, latest.draft_id, notes)


def continues_story(alert: Alert, story: DraftedStory) -> bool:
    """Return whether ``alert`` is about the same event as ``story``."""
    return alert.earlier_alert_id == story.alert_id or _is_one_event(alert, trace_of_drafted(story))


def continues_alert(alert: Alert, earlier: Alert) -> bool:
    """Return whether ``alert`` is about the same event as the ``earlier`` one."""
    return alert.earlier_alert_id == earlier.id or _is_one_event(alert, trace_of_alert(earlier))


def continues_draft(alert: Alert, story: StoryDraft) -> bool:
    """Return whether ``alert`` is about the event of ``story``, as any of the client's watches sees it."""
    return continues_alert(alert, story.alert) or any(continues_story(alert, other) for other in story.attached)


def continues_noticed(alert: Alert, event: NoticedEvent) -> bool:
    """Return whether ``alert`` is about ``event``, which was left out."""
    return continues_alert(alert, event.alert) or any(continues_story(alert, other) for other in event.attached)


def event_stories(alert: Alert, stories: Sequence[DraftedStory]) -> list[DraftedStory]:
    """Return the stories of the event of ``alert``, whichever watch they are about, in the order of ``stories``."""
    if _says_false(alert):
        stories = [story for story in stories if not story.silent]
    event_ids = {story.event_id for story in stories if continues_story(alert, story)}
    size = 0
    while size < len(event_ids):  # an update is written on another alert, but on a story of the same watch
        size = len(event_ids)
        same = {(story.entity_id, story.story_id) for story in stories if story.event_id in event_ids}
        event_ids |= {story.event_id for story in stories if (story.entity_id, story.story_id) in same}
    return [story for story in stories if story.event_id in event_ids]


def _says_false(alert: Alert) -> bool:
    return alert.verdict == "correct" or alert.information_grade == 5


def _is_one_event(alert: Alert, earlier: EventTrace) -> bool:
    """Return whether ``alert`` is about the event of ``earlier``.

    What turned out false says nothing about another story of the same name, unless that is part of it now or both rest
    on a common item.
    """
    trace = trace_of_alert(alert)
    if _says_false(alert) and trace.entity_id == earlier.entity_id and earlier.story_id not in _own_stories(alert):
        return not trace.items.keys().isdisjoint(earlier.items)
    return are_one_event(trace, earlier)


def _own_stories(alert: Alert) -> frozenset[str]:
    """Return the ids of the story: its own, and those of stories that turned out to be part of it."""
    return frozenset((alert.story_id, *alert.merged_stories))


def turned_out_false(alert: Alert, stories: Sequence[DraftedStory]) -> bool:
    """Return whether ``alert``, which asks for no message itself, says that something false was drafted or sent.

    The matcher asked for no message on what was told because contact was due, so it asks for no correction either.
    """
    if alert.information_grade != 5 or not alert.evidence:
        return False
    return any(continues_story(alert, story) and (story.sent_at is not None or story.waiting) for story in stories)


def as_correction(alert: Alert) -> Alert:
    """Return ``alert`` as the correction of a message."""
    return alert.model_copy(update={"verdict": "correct", "urgency": "high"})


def _brings_news(alert: Alert, before: Sequence[DraftedStory]) -> bool:
    """Return whether ``alert`` says more than was drafted: a higher revision, a confirmation, or a denial.

    Revisions count per story of a watched entity. Where the draft was written on another one, only items that were not
    used yet are news, and of another story that it is larger, or why the price moved.
    """
    latest = [story for story in before if story.attached_to is None][-1:] or before[-1:]
    if alert.verdict in ("tell", "information") and latest[0].verdict in ("warn", "correct"):
        return True
    if alert.verdict == "warn" and latest[0].verdict in ("tell", "information") and not alert.contested:
        return False
    of_name = [story for story in before if story.entity_id == alert.entity_id]
    own = [story for story in of_name if story.story_id in _own_stories(alert)]
    if not own:
        return bool(of_name) and _says_more(alert, of_name)
    if alert.revision <= max(story.revision for story in own):
        return False
    if any(story.attached_to is None for story in own):
        return True
    known = {item_id for story in before for item_id in story.item_ids}
    return any(item.item_id not in known for item in alert.evidence)


def _says_more(alert: Alert, told: Sequence[DraftedStory]) -> bool:
    """Return whether another story of the same event is larger than what was told, or says why the price moved."""
    if _SIZES.index(alert.size) > max(_SIZES.index(story.size) for story in told):
        return True
    return alert.kind != "share_move" and all(story.kind == "share_move" for story in told)


def _correction(alert: Alert, before: Sequence[DraftedStory]) -> FollowUp | Attachment | Refusal:
    """Return the correction of what was really sent; refuse it where nothing was, and withdraw drafts that wait."""
    drafted = [story for story in before if story.verdict != "correct"]
    if not drafted:
        detail = f"{alert.entity_name}: no message about this story was drafted lately, so there is nothing to correct."
        return Refusal("nothing_to_correct", detail)
    corrected = [story for story in before if story.verdict == "correct"]
    if corrected and all(story.entity_id != alert.entity_id for story in corrected):
        return Attachment(corrected[-1])
    if corrected and alert.revision <= max(story.revision for story in corrected):
        return Refusal("already_told", f"{alert.entity_name}: {_what_became_of(corrected[-1])}")
    sent = [story for story in drafted if story.sent_at is not None and story.attached_to is None]
    waiting = [story for story in before if story.waiting]
    if sent:
        notes = ("It replaces a draft on the same story, which must not be sent.",) if waiting else ()
        return FollowUp(sent[-1], waiting[-1].draft_id if waiting else sent[-1].draft_id, notes)
    if waiting:
        detail = (
            f"{alert.entity_name}: the draft on this story rests on news that turned out to be false. "
            "It was not sent, and must not be."
        )
        return Refusal("withdrawn", detail, tuple(story.draft_id for story in waiting))
    ending = _describe_ending(drafted[-1].dismissed or "")
    detail = (
        f"{alert.entity_name}: the draft on this story {ending} and was never sent, so there is nothing to correct."
    )
    return Refusal("nothing_to_correct", detail)


def _what_became_of(story: DraftedStory) -> str:
    """Describe what became of the draft, for an account manager: without ids and codes."""
    if story.sent_at is not None:
        return f"the same story was sent on {_format_date(story.sent_at)}."
    draft = f"the draft of {_format_date(story.drafted_at)} on the same story"
    if story.dismissed is not None:
        return f"{draft} {_describe_ending(story.dismissed)}."
    return f"{draft} is waiting in the inbox."


def _describe_ending(dismissed: str) -> str:
    """Describe why a draft is not to be sent. The account manager's own reason is shown with the draft."""
    return _ENDINGS.get(dismissed, "was dismissed")


def _format_date(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
