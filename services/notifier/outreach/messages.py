"""Open messages of one or several stories: written, placed, merged, rewritten and reopened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from schemas.alerts import Alert
from schemas.base import content_id
from schemas.clients import Client
from schemas.drafts import AffectedWatch, Draft
from services.common.processing import AnyEvent
from services.notifier.contact.plan import SendPlan
from services.notifier.drafting.brief import Brief, DraftedStory
from services.notifier.drafting.compose import Refusal, compose, told_brief
from services.notifier.drafting.corroboration import without_weak_evidence
from services.notifier.outreach.attention import WITHIN, Grant
from services.notifier.outreach.context import Context, Result
from services.notifier.outreach.events import contact_decided, draft_created
from services.notifier.outreach.follow_up import FollowUp, continues_draft, event_stories
from services.notifier.outreach.merge import are_alike, assemble, may_join
from services.notifier.outreach.policy import may_name
from services.notifier.outreach.record import ClientRecord, Message, StoryDraft

__all__ = [
    "attached_story",
    "brief_for",
    "compose_story",
    "in_place_of",
    "merge",
    "new_story",
    "open_message",
    "place",
    "reopen",
    "rewrite",
]


def brief_for(alert: Alert, follow: FollowUp, context: Context, attached: Sequence[DraftedStory] = ()) -> Brief:
    """Return what a draft on ``alert`` is written from."""
    entry = context.known_entry
    affects = _affected(alert, attached, entry.client, context.now)
    told = without_weak_evidence(alert)
    beside = tuple(item for item in alert.evidence if item not in told.evidence)
    return Brief(told, entry.client, entry.firm, entry.manager, context.now, follow.earlier, affects, beside=beside)


def compose_story(
    alert: Alert,
    follow: FollowUp,
    plan: SendPlan,
    notes: Sequence[str],
    context: Context,
    *,
    grant: Grant = WITHIN,
    attached: Sequence[DraftedStory] = (),
    variant: str | None = None,
) -> StoryDraft | Refusal:
    """Write ``alert`` as a message of its own, as plain information if no playbook rule fits.

    ``attached``: the same event as a story of other watches. ``variant`` gives the draft another id where the first is
    taken.
    """
    brief = told_brief(brief_for(alert, follow, context, attached), context.playbooks)
    if grant.because is not None:
        notes = (grant.because, *notes)
    composed = compose(brief, context.playbooks, send_after=plan.send_after, notes=notes, supersedes=follow.supersedes)
    if isinstance(composed, Refusal):
        return composed
    if composed.wordless or (composed.unstated and _can_wait(brief.alert)):
        return Refusal("no_statement", f"No report on {brief.asset} says in one sentence what happened.")
    if composed.elsewhere and not (brief.alert.urgency == "urgent" and brief.alert.size == "major"):
        return Refusal("no_statement", f"No report says in one sentence what happened to {brief.asset}.")
    draft = composed.draft.model_copy(update={"budget": grant.budget, "beyond_because": grant.because})
    if variant is not None:
        draft = draft.model_copy(update={"id": content_id("drf", draft.id, "anew", variant)})
    told = alert.model_copy(update={"verdict": brief.alert.verdict})
    return StoryDraft(
        alert=told, draft=draft, publisher=composed.publisher, quote=composed.quote, attached=tuple(attached)
    )


def _can_wait(alert: Alert) -> bool:
    """Return whether it does no harm that the client is told only once a report says plainly what happened."""
    return alert.verdict != "correct" and (alert.verdict == "warn" or alert.size != "major")


def _affected(
    alert: Alert, attached: Sequence[DraftedStory], client: Client, now: datetime
) -> tuple[AffectedWatch, ...]:
    """Return the client's other watches that the event concerns, each once.

    Those that the book no longer has, and those about which a blackout forbids messages, are left out.
    """
    watches = {watch.entity_id: watch for watch in client.watches if may_name(watch.entity_id, watch.name, client, now)}
    found = {
        story.entity_id: AffectedWatch(
            entity_id=story.entity_id,
            name=watches[story.entity_id].name,
            stance=watches[story.entity_id].stance,
            alert_id=story.alert_id,
        )
        for story in attached
        if story.entity_id in watches and story.entity_id != alert.entity_id
    }
    return tuple(found.values())


def place(record: ClientRecord, story: StoryDraft, follow: FollowUp, plan: SendPlan, context: Context) -> Result:
    """Draft a story: in place of its earlier draft, or as a message of its own."""
    earlier = [drafted.draft_id for drafted in event_stories(story.alert, record.stories)]
    replaced = record.message(follow.supersedes) if follow.supersedes is not None else None
    record = record.with_dismissed(earlier, "superseded")
    if replaced is not None:
        return rewrite(record, replaced, story, plan, context)
    return open_message(record, [story], story.draft, context, plan=plan)


def in_place_of(story: StoryDraft, outranked: Message) -> StoryDraft:
    """Return ``story`` as the draft that takes the place of the message ``outranked``."""
    because = f"More valuable news takes its place: {story.draft.subject}"
    draft = story.draft.model_copy(update={"supersedes": outranked.draft_id, "supersedes_because": because})
    return story.model_copy(update={"draft": draft})


def rewrite(record: ClientRecord, message: Message, story: StoryDraft, plan: SendPlan, context: Context) -> Result:
    """Rewrite an open message with the latest on one of its stories, and keep its other stories."""
    record = record.without_message(message.draft_id)
    others = [other for other in message.stories if not continues_draft(story.alert, other)]
    told = _told_by(story, message, context)
    fits = are_alike(message.verdict, story.alert.verdict) and story.alert.urgency != "urgent"
    whole = _assembled([*others, story], plan.send_after, context) if others and fits else None
    if whole is None:
        record, opened = open_message(record, [story], story.draft, context, plan=plan)
        because = "One of its stories has been updated and is now a separate message."
        record, reopened = reopen(record, others, message.draft_id, because, context)
        return record, (*opened, *reopened, *told)
    because = "It was rewritten because one of its stories has been updated."
    draft = whole.model_copy(update={"supersedes": message.draft_id, "supersedes_because": because})
    record, opened = open_message(record, [*others, story], draft, context, plan=plan, opened_at=message.opened_at)
    return record, (*opened, *told)


def _told_by(story: StoryDraft, message: Message, context: Context) -> tuple[AnyEvent, ...]:
    """Return the decision that ``story`` tells the event, for each other story of it in ``message``."""
    named = {story.alert.id, *(watch.alert_id for watch in story.draft.affects)}
    told = (
        other.alert
        for other in message.stories
        if continues_draft(story.alert, other)
        and other.alert.id not in named
        and (other.alert.entity_id, other.alert.story_id) != (story.alert.entity_id, story.alert.story_id)
    )
    detail = "Another story tells the same event better."
    return tuple(
        contact_decided(
            "merged", "same_event", f"{alert.entity_name}: {detail}", context, alert=alert, draft_id=story.draft.id
        )
        for alert in told
    )


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
    counts = draft.budget == "within"
    drafted = [entry for story in stories for entry in _drafted(story, draft.id, context.now, counts=counts)]
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


def merge(record: ClientRecord, story: StoryDraft, plan: SendPlan, context: Context) -> Result | None:
    """Merge the story into the latest open message that it fits, so that it takes no place of its own; None if none."""
    for message in reversed(record.open_messages):
        if message.budget != "within" or not may_join(message, story.alert, context.known_client, context.now):
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


def attached_story(alert: Alert, to: DraftedStory, *, silent: bool = False) -> DraftedStory:
    """Return ``alert`` as a story of the event that ``to`` tells, with the fate of its draft.

    ``silent``: it is another story of the watch that the draft is about.
    """
    return new_story(alert, to.draft_id, to.drafted_at).model_copy(
        update={
            "sent_at": to.sent_at,
            "dismissed": to.dismissed,
            "attached_to": to.event_id,
            "counts": to.counts,
            "silent": silent,
        }
    )


def _drafted(story: StoryDraft, draft_id: str, now: datetime, *, counts: bool) -> list[DraftedStory]:
    """Return the story and those attached to it, as drafted in ``draft_id``."""
    told = new_story(story.alert, draft_id, now).model_copy(
        update={"publisher": story.publisher, "quote": story.quote, "counts": counts}
    )
    renewed = {
        "draft_id": draft_id,
        "drafted_at": now,
        "sent_at": None,
        "dismissed": None,
        "attached_to": story.alert.id,
        "counts": counts,
    }
    return [told, *(other.model_copy(update=renewed) for other in story.attached)]


def new_story(alert: Alert, draft_id: str, now: datetime) -> DraftedStory:
    """Return ``alert`` as a story of the draft ``draft_id``, whose text is not quoted later."""
    return DraftedStory(
        draft_id=draft_id,
        alert_id=alert.id,
        story_id=alert.story_id,
        entity_id=alert.entity_id,
        revision=alert.revision,
        verdict=alert.verdict,
        item_ids=tuple(sorted({item.item_id for item in alert.evidence})),
        publisher="",
        quote="",
        drafted_at=now,
        entity_name=alert.entity_name,
        headline=alert.headline,
        kind=alert.kind,
        direction=alert.direction,
        size=alert.size,
        related_stories=alert.related_stories,
        parties=alert.reading.participants if alert.reading else (),
    )
