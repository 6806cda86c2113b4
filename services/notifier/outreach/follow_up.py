"""Decides how an alert follows on what the client was told before: new, an update, a correction, or told already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.alerts import Alert
from services.notifier.drafting.brief import DraftedStory
from services.notifier.drafting.compose import Refusal

__all__ = ["FollowUp", "as_correction", "continues_alert", "continues_story", "follow_up", "turned_out_false"]

_ENDINGS = {
    "superseded": "was replaced by a newer draft",
    "merged": "was combined with another draft",
    "withdrawn": "was withdrawn",
}


@dataclass(frozen=True, slots=True)
class FollowUp:
    """``earlier`` is the message that was really sent, ``supersedes`` the id of the draft that the new one replaces."""

    earlier: DraftedStory | None = None
    supersedes: str | None = None
    notes: tuple[str, ...] = ()


def follow_up(alert: Alert, stories: Sequence[DraftedStory]) -> FollowUp | Refusal:
    """Return how ``alert`` follows on ``stories`` (oldest first), or why there is nothing to write."""
    before = [story for story in stories if continues_story(alert, story)]
    if alert.verdict == "correct":
        return _correction(alert, before)
    if not before:
        return FollowUp()
    latest = before[-1]
    if not _brings_news(alert, before):
        return Refusal("already_told", f"{alert.entity_name}: {_what_became_of(latest)}")
    earlier = next((story for story in reversed(before) if story.sent_at is not None), None)
    notes = ("It replaces an earlier draft on the same story, which was not sent.",) if latest.waiting else ()
    return FollowUp(earlier, latest.draft_id, notes)


def continues_story(alert: Alert, story: DraftedStory) -> bool:
    """Return whether ``alert`` is about the same event as ``story``."""
    return _continues(alert, story.alert_id, story.story_id, story.entity_id, story.item_ids)


def continues_alert(alert: Alert, earlier: Alert) -> bool:
    """Return whether ``alert`` is about the same event as the ``earlier`` one."""
    if earlier.kind == "share_move" and alert.entity_id != earlier.entity_id:
        return False
    items = (item.item_id for item in earlier.evidence)
    return _continues(alert, earlier.id, earlier.story_id, earlier.entity_id, items)


def _continues(alert: Alert, alert_id: str, story_id: str, entity_id: str, item_ids: Iterable[str]) -> bool:
    """Return whether an alert continues an earlier one: by id, by story, or by an item that both rest on.

    One headline may give the prices of two holdings of the client; each of them is a story of its own.
    """
    if alert.kind == "share_move" and alert.entity_id != entity_id:
        return False
    items = {item.item_id for item in alert.evidence}
    return alert.earlier_alert_id == alert_id or alert.story_id == story_id or not items.isdisjoint(item_ids)


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
    """Return whether ``alert`` says more than was drafted: a higher revision, a confirmation, or new items."""
    latest = before[-1]
    if alert.verdict in ("tell", "information") and latest.verdict in ("warn", "correct"):
        return True
    if alert.verdict == "warn" and latest.verdict in ("tell", "information") and not alert.contested:
        return False
    same_entity = [story.revision for story in before if story.entity_id == alert.entity_id]
    if same_entity:
        return alert.revision > max(same_entity)
    # Revisions count per entity. For another entity, only items that were not used yet are news.
    known = {item_id for story in before for item_id in story.item_ids}
    new_items = any(item.item_id not in known for item in alert.evidence)
    return new_items and (alert.revision > 0 or alert.earlier_alert_id is not None)


def _correction(alert: Alert, before: Sequence[DraftedStory]) -> FollowUp | Refusal:
    """Return the correction of what was really sent; refuse it where nothing was, and withdraw drafts that wait."""
    drafted = [story for story in before if story.verdict != "correct"]
    if not drafted:
        detail = f"{alert.entity_name}: no message about this story was drafted lately, so there is nothing to correct."
        return Refusal("nothing_to_correct", detail)
    corrected = [story for story in before if story.verdict == "correct"]
    if corrected and alert.revision <= max(story.revision for story in corrected):
        return Refusal("already_told", f"{alert.entity_name}: {_what_became_of(corrected[-1])}")
    sent = [story for story in drafted if story.sent_at is not None]
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
