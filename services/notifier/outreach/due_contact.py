"""Prepare agreed contact when no news requires it: with news below the threshold, or a note to the manager."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import get_args

from schemas.clients import Client
from services.common.processing import AnyEvent
from services.notifier.contact.blackouts import general_blackout
from services.notifier.contact.budget import WEEK
from services.notifier.contact.plan import format_time, zone_of
from services.notifier.drafting.compose import Refusal
from services.notifier.drafting.opinion import is_skipped
from services.notifier.outreach.context import Context, Result
from services.notifier.outreach.due_contact_rules import (
    best_of,
    contact_after_silence,
    is_agreed,
    promised_contact,
    why_due,
)
from services.notifier.outreach.events import contact_decided
from services.notifier.outreach.follow_up import FollowUp, follow_up
from services.notifier.outreach.messages import brief_for, compose_story, open_message
from services.notifier.outreach.policy import blackout_for, plan_for
from services.notifier.outreach.record import ClientRecord, DueContact, DueKind

__all__ = ["note_contact", "prepare_due_contact", "schedule_due_contact", "tell_awaited_news"]

#: Time after which contact that was prepared because of silence, or skipped, is due again.
REMIND_AFTER = timedelta(days=7)
KINDS: tuple[DueKind, ...] = get_args(DueKind)


def prepare_due_contact(record: ClientRecord, context: Context) -> Result:
    """Prepare each contact that is due soon, and give up a promise that passed with nothing worth saying."""
    events: tuple[AnyEvent, ...] = ()
    for kind in KINDS:
        due, client = record.due(kind), context.client
        if due is None or due.awaits_news or due.ready_at > context.now:
            continue
        if client is not None and is_agreed(client, kind):
            record, prepared = _prepare(record, kind, due, client, context)
            events = (*events, *prepared)
    promise = record.promise
    if promise is not None and promise.awaits_news and promise.due_at <= context.now:
        record = _schedule_next(record, "promise", promise, context)
    return record, events


def _prepare(record: ClientRecord, kind: DueKind, due: DueContact, client: Client, context: Context) -> Result:
    """Decide on a contact that is due soon: it was made already, it is left out, or there is something to tell."""
    zone, why = zone_of(client), why_due(client, kind)
    when = format_time(due.due_at, zone)
    leave = general_blackout(client, zone, due.due_at)
    open_messages = (
        message
        for message in record.open_messages
        if message.send_after <= due.due_at and message.deadline_at > context.now
    )
    waiting = next(open_messages, None)
    events: tuple[AnyEvent, ...]
    if record.last_contact is not None and record.last_contact > due.since:
        detail = f"{why} We have been in touch since."
        events = (contact_decided("kept", "in_touch", detail, context, until=due.due_at),)
    elif client.contact.do_not_contact or leave is not None:
        reason = leave.reason if leave is not None else client.contact.do_not_contact_reason or "do not contact"
        detail = f"{why} It is skipped this time: {reason.rstrip('.')}."
        events = (contact_decided("dropped", "not_now", detail, context, until=due.due_at),)
    elif waiting is not None:
        detail = f"{why} If you send the draft in your inbox by {when}, it counts as this contact."
        decided = contact_decided("kept", "draft_waits", detail, context, draft_id=waiting.draft_id, until=due.due_at)
        events = (decided,)
    elif (told := _tell_best(record, due, why, client, context)) is not None:
        record, events = told
    else:
        detail = f"{why} It is due on {when}, and there is no news worth sending. Consider a call."
        nothing = contact_decided("nothing_to_say", "nothing_found", detail, context, until=due.due_at)
        awaiting = due.model_copy(update={"awaits_news": True})
        return record.model_copy(update={kind: awaiting}), (nothing,)
    return _schedule_next(record, kind, due, context), events


def tell_awaited_news(record: ClientRecord, context: Context) -> Result:
    """Tell the best news below the threshold where a due contact awaits it."""
    events: tuple[AnyEvent, ...] = ()
    for kind in KINDS:
        due, client = record.due(kind), context.client
        if due is None or not due.awaits_news or client is None or not is_agreed(client, kind):
            continue
        told = _tell_best(record, due, why_due(client, kind), client, context)
        if told is not None:
            record = _schedule_next(told[0], kind, due, context)
            events = (*events, *told[1])
    return record, events


def _tell_best(record: ClientRecord, due: DueContact, why: str, client: Client, context: Context) -> Result | None:
    """Draft a message on the best news below the threshold; None if there is none that can be told."""
    tried = {story.story_id for story in record.stories}
    while (alert := best_of(record.below_threshold, tried)) is not None:
        tried.add(alert.story_id)
        deadline = max(due.due_at, context.now + timedelta(days=1))
        lifted = alert.model_copy(update={"verdict": "tell", "urgency": "low", "deadline_at": deadline})
        follow = follow_up(lifted, record.stories)
        plan = plan_for(record, lifted, client, context.now)
        if not isinstance(follow, FollowUp) or follow.supersedes is not None or plan.refused is not None:
            continue  # of an event that has a draft, small news says nothing more
        if blackout_for(lifted, plan, client, context.now) is not None:
            continue
        if is_skipped(brief_for(lifted, follow, context), context.playbooks):
            continue
        notes = (why, "This news alone would not have justified a message.")
        story = compose_story(lifted, follow, plan, notes, context)
        if isinstance(story, Refusal):
            continue
        draft = story.draft.model_copy(update={"purpose": "contact_due"})
        kept = tuple(other for other in record.below_threshold if other.id != alert.id)
        record = record.model_copy(update={"below_threshold": kept})
        story = story.model_copy(update={"draft": draft})
        record, opened = open_message(record, [story], draft, context, plan=plan)
        detail = f"{why} This is the most relevant news that was below the threshold."
        chosen = contact_decided(
            "chosen", "contact_due", detail, context, alert=alert, draft_id=draft.id, until=due.due_at
        )
        return record, (*opened, chosen)
    return None


def note_contact(record: ClientRecord, at: datetime, context: Context, *, counts: bool = True) -> ClientRecord:
    """Note that a message or conversation took place. It answers a promise for which there was nothing to say.

    ``counts``: it takes one of the client's weekly messages.
    """
    recent = [moment for moment in record.sent if moment > context.now - WEEK]
    sent = [*recent, at] if counts else recent
    last = at if record.last_contact is None else max(at, record.last_contact)
    record = record.model_copy(update={"sent": tuple(sorted(sent)), "last_contact": last})
    promise = record.promise
    if promise is None or not promise.awaits_news:
        return record
    return _schedule_next(record, "promise", promise, context)


def schedule_due_contact(record: ClientRecord, context: Context) -> ClientRecord:
    """Schedule the next contacts as the client book asks for them now. Every step ends with this."""
    if record.known_since is None:
        record = record.model_copy(update={"known_since": context.now})
    client, promise = context.client, record.promise
    if client is None:
        return record.model_copy(update={"promise": None, "silence": None})
    if promise is None or not promise.awaits_news:
        since = promise.since if promise else context.now
        following = promised_contact(client, max(context.now, since), since)
        if following is not None:
            following = following.model_copy(update={"ready_at": max(following.ready_at, context.now)})
        if promise is None or following is None or following.due_at != promise.due_at:
            record = record.model_copy(update={"promise": following})
    silence = contact_after_silence(client, record, context.now)
    if silence is None or record.silence is None or record.silence.since != silence.since:
        record = record.model_copy(update={"silence": silence})
    return record


def _schedule_next(record: ClientRecord, kind: DueKind, done: DueContact, context: Context) -> ClientRecord:
    """Replace the due contact ``done`` by the one that follows it."""
    if kind == "silence":
        later = context.now + REMIND_AFTER
        silence = DueContact(due_at=later, ready_at=later, since=done.since)
        return record.model_copy(update={"silence": silence})
    client = context.client
    following = None if client is None else promised_contact(client, max(done.due_at, context.now), done.due_at)
    return record.model_copy(update={"promise": following})
