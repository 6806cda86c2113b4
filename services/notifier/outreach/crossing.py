"""Handle a draft that was sent although a newer one had replaced it: the newer one must not repeat it."""

from __future__ import annotations

from services.notifier.drafting.brief import DraftedStory
from services.notifier.drafting.compose import Refusal
from services.notifier.outreach.attention import EXEMPT
from services.notifier.outreach.context import Context, Result
from services.notifier.outreach.events import draft_refused
from services.notifier.outreach.follow_up import FollowUp, continues_story
from services.notifier.outreach.messages import compose_story, reopen, rewrite
from services.notifier.outreach.policy import plan_for
from services.notifier.outreach.record import ClientRecord, Message, StoryDraft

__all__ = ["avoid_repeating"]


def avoid_repeating(record: ClientRecord, sent: DraftedStory, context: Context) -> Result:
    """Withdraw the open message that repeats the story ``sent``, or rewrite the one that continues it."""
    for message in record.open_messages:
        for story in message.stories:
            if sent.alert_id in (story.alert.id, *(other.alert_id for other in story.attached)):
                return _withdraw_repeated(record, message, story, sent.draft_id, context)
            if continues_story(story.alert, sent):
                return _continue_sent(record, message, story, sent, context)
    return record, ()


def _withdraw_repeated(
    record: ClientRecord, message: Message, repeated: StoryDraft, sent_draft_id: str, context: Context
) -> Result:
    """Withdraw ``message``, which repeats a story that was sent, and reopen its other stories."""
    record = record.without_message(message.draft_id).with_dismissed([message.draft_id], "superseded")
    detail = f"Draft {sent_draft_id} was sent in the meantime and said the same."
    refusal = Refusal("already_told", detail, (message.draft_id,))
    refused = draft_refused(message.stories[0].alert, refusal, context, draft_id=message.draft_id)
    others = [story for story in message.stories if story is not repeated]
    because = "Another story in it was already sent."
    record, reopened = reopen(record, others, message.draft_id, because, context)
    return record, (refused, *reopened)


def _continue_sent(
    record: ClientRecord, message: Message, story: StoryDraft, sent: DraftedStory, context: Context
) -> Result:
    """Rewrite ``message``, which was written as if nothing had been sent, as an update of what was sent."""
    client = context.client
    if client is None:
        return record, ()
    plan = plan_for(record, story.alert, client, context.now, exempt=True)
    if plan.refused is not None:
        return record, ()
    earlier = next(
        entry for entry in record.stories if (entry.draft_id, entry.alert_id) == (sent.draft_id, sent.alert_id)
    )
    follow = FollowUp(earlier, message.draft_id)
    update = compose_story(
        story.alert, follow, plan, (), context, grant=EXEMPT, attached=story.attached, variant=sent.draft_id
    )
    if isinstance(update, Refusal):
        return record, ()
    return rewrite(record.with_dismissed([message.draft_id], "superseded"), message, update, plan, context)
