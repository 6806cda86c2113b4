"""Events that are left out of the client's messages and listed as also noticed; they are told if that changes."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.alerts import Alert
from schemas.drafts import Draft
from services.common.processing import AnyEvent
from services.notifier.contact.budget import LeftOut
from services.notifier.contact.value import is_better
from services.notifier.drafting.brief import DraftedStory
from services.notifier.outreach.context import Context, Result
from services.notifier.outreach.events import contact_decided
from services.notifier.outreach.follow_up import continues_noticed
from services.notifier.outreach.messages import attached_story, new_story
from services.notifier.outreach.record import ClientRecord, Message, NoticedEvent, lean_alert

__all__ = [
    "leave_out",
    "leave_out_again",
    "leave_out_message",
    "noticed_before",
    "told_after_all",
    "turned_false",
    "whole_event",
]


def noticed_before(record: ClientRecord, alert: Alert) -> NoticedEvent | None:
    """Return the event of ``alert`` if it was left out lately."""
    return next((event for event in reversed(record.noticed) if continues_noticed(alert, event)), None)


def whole_event(alert: Alert, noticed: NoticedEvent | None, context: Context) -> tuple[Alert, tuple[DraftedStory, ...]]:
    """Return the most valuable alert of an event that was left out before, and the stories of its other watches.

    A newer alert on the same story replaces the older one.
    """
    if noticed is None:
        return alert, ()
    now = context.now
    others = [story for story in noticed.attached if story.entity_id != alert.entity_id]
    older = noticed.alert
    same_watch = older.entity_id == alert.entity_id
    if same_watch and older.story_id == alert.story_id:
        return alert, tuple(others)
    leads = older.verdict == alert.verdict and older.deadline_at > now and not is_better(alert, older, now)
    lead, other = (older, alert) if leads else (alert, older)
    others = [story for story in others if story.entity_id != lead.entity_id]
    return lead, (*others, attached_story(other, new_story(lead, "", now), silent=same_watch))


def leave_out(
    record: ClientRecord,
    alert: Alert,
    why: LeftOut,
    detail: str,
    context: Context,
    *,
    attached: Sequence[DraftedStory] = (),
    draft_id: str | None = None,
) -> Result:
    """Leave ``alert`` out, with the reason; what nothing could be advised on may be told when contact is due."""
    record = record.with_noticed(NoticedEvent(alert=lean_alert(alert), at=context.now, attached=tuple(attached)))
    if why == "no_opinion":
        record = record.with_below_threshold(alert)
    return record, (contact_decided("dropped", why, detail, context, alert=alert, draft_id=draft_id),)


def leave_out_again(
    record: ClientRecord,
    alert: Alert,
    lead: Alert,
    attached: Sequence[DraftedStory],
    noticed: NoticedEvent,
    why: LeftOut,
    detail: str,
    context: Context,
) -> Result:
    """Leave out an event that was left out before ``alert`` came; it is listed once, by its ``lead``."""
    record = record.without_noticed(noticed)
    if lead.id == noticed.alert.id:
        record = record.with_noticed(noticed.model_copy(update={"attached": tuple(attached)}))
        same = f"{alert.entity_name}: it is the same event as “{lead.headline}”, which was left out."
        return record, (contact_decided("merged", "same_event", same, context, alert=alert),)
    newer = f"{noticed.alert.entity_name}: newer news on the same event replaces it."
    superseded = contact_decided("dropped", "superseded", newer, context, alert=noticed.alert)
    record, left = leave_out(record, lead, why, detail, context, attached=attached)
    return record, (superseded, *left)


def turned_false(record: ClientRecord, noticed: NoticedEvent, context: Context) -> Result:
    """Forget an event that was left out and turned out to be false."""
    detail = f"{noticed.alert.entity_name}: it was left out, and turned out to be false."
    decided = contact_decided("dropped", "turned_out_false", detail, context, alert=noticed.alert)
    return record.without_noticed(noticed), (decided,)


def leave_out_message(record: ClientRecord, message: Message, winner: Draft, context: Context) -> Result:
    """Leave out the stories of ``message``, whose place ``winner`` takes."""
    record = record.without_message(message.draft_id).with_dismissed([message.draft_id], "outranked")
    detail = f"More valuable news took its place: {winner.subject}"
    decided: list[AnyEvent] = []
    for story in message.stories:
        record, events = leave_out(
            record, story.alert, "outranked", detail, context, attached=story.attached, draft_id=message.draft_id
        )
        decided += events
    return record, tuple(decided)


def told_after_all(record: ClientRecord, noticed: NoticedEvent | None, draft_id: str, context: Context) -> Result:
    """Take an event off the list of what was left out, because the draft ``draft_id`` tells it."""
    if noticed is None:
        return record, ()
    detail = f"{noticed.alert.entity_name}: it was left out before, and is told now."
    decided = contact_decided("chosen", "told_after_all", detail, context, alert=noticed.alert, draft_id=draft_id)
    return record.without_noticed(noticed), (decided,)
