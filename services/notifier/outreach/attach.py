"""Attaches an alert to the draft that tells the same event: of another watch, or in another story of the same one.

One message names all that is affected, and tells the event once, by the better story.
"""

from __future__ import annotations

from schemas.alerts import Alert
from services.notifier.contact.value import is_better
from services.notifier.drafting.brief import DraftedStory
from services.notifier.drafting.compose import Refusal
from services.notifier.outreach.attention import Grant
from services.notifier.outreach.context import Context, Result
from services.notifier.outreach.events import contact_decided
from services.notifier.outreach.follow_up import FollowUp, event_stories
from services.notifier.outreach.merge import are_alike
from services.notifier.outreach.messages import attached_story, compose_story, new_story, rewrite
from services.notifier.outreach.policy import plan_for
from services.notifier.outreach.record import ClientRecord, Message, StoryDraft

__all__ = ["attach"]


def attach(record: ClientRecord, alert: Alert, to: DraftedStory, context: Context) -> Result:
    """Attach ``alert`` to the draft ``to``, which is rewritten if it should name the watch and nobody decided on it.

    Another story of the watch that the draft is about changes nothing, unless it is the better one to tell.
    """
    message = record.message(to.draft_id)
    if message is not None and not message.locked and alert.verdict != "correct":
        for story in message.stories:
            if story.alert.id == to.event_id:
                rewritten = _rewrite(record, message, story, alert, context)
                if rewritten is not None:
                    return rewritten
    silent = any(story.alert_id == to.event_id and story.entity_id == alert.entity_id for story in record.stories)
    record = record.model_copy(update={"stories": (*record.stories, attached_story(alert, to, silent=silent))})
    if to.sent_at is not None:
        became = "was sent before this was known"
    elif to.waiting and silent:
        became = "tells it already"
    elif to.waiting:
        became = "does not name it: it is edited or approved already"
    else:
        became = "is not going to be sent"
    detail = f"{alert.entity_name}: it is the same event as in a draft that {became}."
    return record, (contact_decided("merged", "same_event", detail, context, alert=alert, draft_id=to.draft_id),)


def _rewrite(
    record: ClientRecord, message: Message, story: StoryDraft, alert: Alert, context: Context
) -> Result | None:
    """Rewrite ``message`` so that ``story`` names the watch of ``alert``, or is told by it.

    None if there is nothing to change, or if that makes no acceptable draft.
    """
    client = context.client
    leads = are_alike(alert.verdict, story.alert.verdict) and is_better(alert, story.alert, context.now)
    same_watch = alert.entity_id == story.alert.entity_id
    if client is None or (same_watch and not leads):
        return None
    lead, other = (alert, story.alert) if leads else (story.alert, alert)
    attached = [
        *story.attached,
        attached_story(other, new_story(lead, message.draft_id, context.now), silent=same_watch),
    ]
    plan = plan_for(record, lead, client, context.now, exempt=True)
    if plan.refused is not None:
        return None
    told = [entry for entry in event_stories(alert, record.stories) if entry.sent_at and entry.attached_to is None]
    follow = FollowUp(told[-1] if told else None, message.draft_id)
    grant = Grant(story.draft.budget, story.draft.beyond_because)
    update = compose_story(lead, follow, plan, (), context, grant=grant, attached=attached, variant=alert.id)
    if isinstance(update, Refusal):
        return None
    draft = update.draft.model_copy(update={"purpose": story.draft.purpose})
    update = update.model_copy(update={"draft": draft, "requested": story.requested})
    record = record.with_dismissed([message.draft_id], "superseded")
    record, events = rewrite(record, message, update, plan, context)
    draft_id = record.open_messages[-1].draft_id
    names = "is written on it now" if same_watch else "names it now"
    detail = f"{alert.entity_name}: it is the same event as another draft, which {names}."
    return record, (*events, contact_decided("merged", "same_event", detail, context, alert=alert, draft_id=draft_id))
