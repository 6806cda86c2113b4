"""Open messages of one or several stories: written, placed, merged, rewritten and reopened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from schemas.alerts import Alert
from schemas.base import content_id
from schemas.drafts import Draft
from services.common.processing import AnyEvent
from services.notifier.contact.plan import SendPlan
from services.notifier.drafting.brief import Brief, DraftedStory
from services.notifier.drafting.compose import Refusal, compose
from services.notifier.outreach.context import Context, Result
from services.notifier.outreach.events import contact_decided, draft_created
from services.notifier.outreach.follow_up import FollowUp, continues_alert, continues_story
from services.notifier.outreach.merge import assemble, may_join
from services.notifier.outreach.record import ClientRecord, Message, StoryDraft

__all__ = ["compose_story", "open_message", "place", "reopen", "rewrite"]


def compose_story(
    alert: Alert,
    follow: FollowUp,
    plan: SendPlan,
    notes: Sequence[str],
    context: Context,
    *,
    variant: str | None = None,
) -> StoryDraft | Refusal:
    """Write ``alert`` as a message of its own. ``variant`` gives the draft another id where the first is taken."""
    entry = context.known_entry
    brief = Brief(alert, entry.client, entry.firm, entry.manager, context.now, follow.earlier)
    composed = compose(brief, context.playbooks, send_after=plan.send_after, notes=notes, supersedes=follow.supersedes)
    if isinstance(composed, Refusal):
        return composed
    draft = composed.draft
    if variant is not None:
        draft = draft.model_copy(update={"id": content_id("drf", draft.id, "anew", variant)})
    return StoryDraft(alert=alert, draft=draft, publisher=composed.publisher, quote=composed.quote)


def place(record: ClientRecord, story: StoryDraft, follow: FollowUp, plan: SendPlan, context: Context) -> Result:
    """Draft a story: in place of its earlier draft, merged into an open message, or as a message of its own."""
    earlier = [drafted.draft_id for drafted in record.stories if continues_story(story.alert, drafted)]
    replaced = record.message(follow.supersedes) if follow.supersedes is not None else None
    record = record.with_dismissed(earlier, "superseded")
    if replaced is not None:
        return rewrite(record, replaced, story, plan, context)
    merged = _merge(record, story, plan, context) if follow.supersedes is None else None
    return merged or open_message(record, [story], story.draft, context, plan=plan)


def rewrite(record: ClientRecord, message: Message, story: StoryDraft, plan: SendPlan, context: Context) -> Result:
    """Rewrite an open message with the latest on one of its stories, and keep its other stories."""
    record = record.without_message(message.draft_id)
    others = [other for other in message.stories if not continues_alert(story.alert, other.alert)]
    fits = story.alert.verdict == message.verdict and story.alert.urgency != "urgent"
    whole = _assembled([*others, story], plan.send_after, context) if others and fits else None
    if whole is None:
        record, opened = open_message(record, [story], story.draft, context, plan=plan)
        because = "One of its stories has been updated and is now a separate message."
        record, reopened = reopen(record, others, message.draft_id, because, context)
        return record, (*opened, *reopened)
    because = "It was rewritten because one of its stories has been updated."
    draft = whole.model_copy(update={"supersedes": message.draft_id, "supersedes_because": because})
    return open_message(record, [*others, story], draft, context, plan=plan, opened_at=message.opened_at)


def reopen(
    record: ClientRecord, stories: Sequence[StoryDraft], replaces: str, because: str, context: Context
) -> Result:
    """Draft again the stories of a message (``replaces``) that was withdrawn because of another story.

    A client who is no longer in the book gets no message.
    """
    if not stories or context.client is None:
        return record, ()
    send_after = max(stories[0].draft.send_after, context.now)
    whole = _assembled(stories, send_after, context)
    if whole is None:
        events: tuple[AnyEvent, ...] = ()
        for story in stories:
            record, reopened = reopen(record, [story], replaces, because, context)
            events = (*events, *reopened)
        return record, events
    renewed = {
        "id": content_id("drf", whole.id, "anew", replaces),
        "supersedes": replaces,
        "supersedes_because": because,
        "created_at": context.now,
        "send_after": send_after,
    }
    return open_message(record, stories, whole.model_copy(update=renewed), context)


def open_message(
    record: ClientRecord,
    stories: Sequence[StoryDraft],
    draft: Draft,
    context: Context,
    *,
    plan: SendPlan | None = None,
    opened_at: datetime | None = None,
) -> Result:
    """Create the draft of a message of these stories, and add the message to the record."""
    message = Message(
        draft_id=draft.id, stories=tuple(stories), send_after=draft.send_after, opened_at=opened_at or context.now
    )
    drafted = [_drafted(story, draft.id, context.now) for story in stories]
    record = record.model_copy(
        update={"open_messages": (*record.open_messages, message), "stories": (*record.stories, *drafted)}
    )
    created = draft_created(draft, context)
    if plan is None or plan.waits_for is None:
        return record, (created,)
    waits = contact_decided(
        "waits",
        plan.waits_for,
        " ".join(plan.notes),
        context,
        alert=stories[-1].alert,
        draft_id=draft.id,
        until=draft.send_after,
    )
    return record, (created, waits)


def _merge(record: ClientRecord, story: StoryDraft, plan: SendPlan, context: Context) -> Result | None:
    """Merge the story into the latest open message that it fits; None if there is none."""
    for message in reversed(record.open_messages):
        if not may_join(message, story.alert, context.known_client, context.now):
            continue
        stories = [*message.stories, story]
        whole = _assembled(stories, max(plan.send_after, message.send_after), context)
        if whole is None:
            continue
        because = f"It was combined with another story: {story.draft.subject}"
        draft = whole.model_copy(update={"supersedes": message.draft_id, "supersedes_because": because})
        record = record.without_message(message.draft_id).with_dismissed([message.draft_id], "merged")
        record, opened = open_message(record, stories, draft, context, plan=plan, opened_at=message.opened_at)
        others = "; ".join(other.draft.subject for other in message.stories)
        detail = f"It came soon after another story and was combined with it: {others}"
        merged = contact_decided("merged", "same_time", detail, context, alert=story.alert, draft_id=draft.id)
        return record, (*opened, merged)
    return None


def _assembled(stories: Sequence[StoryDraft], send_after: datetime, context: Context) -> Draft | None:
    return assemble(stories, context.known_client, context.now, send_after)


def _drafted(story: StoryDraft, draft_id: str, now: datetime) -> DraftedStory:
    alert = story.alert
    return DraftedStory(
        draft_id=draft_id,
        alert_id=alert.id,
        story_id=alert.story_id,
        entity_id=alert.entity_id,
        revision=alert.revision,
        verdict=alert.verdict,
        item_ids=tuple(sorted({item.item_id for item in alert.evidence})),
        publisher=story.publisher,
        quote=story.quote,
        drafted_at=now,
    )
