"""One step of outreach: an event arrives, or time alone has passed. Returns the client's new record and the events.

Every alert ends in a draft, in a refusal with its reason, or in a decision of the contact policy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, get_args

from schemas.alerts import AlertRaised
from schemas.base import Payload
from schemas.clients import ClientChanged, ClientErased
from schemas.drafts import (
    DismissReason,
    DraftApproved,
    DraftDismissed,
    DraftEdited,
    DraftExpired,
    DraftReopened,
    DraftSent,
    NewsStopped,
    TellRequested,
)
from schemas.interactions import ContactAgreed, FeedbackGiven, InteractionLogged
from services.common.processing import AnyEvent
from services.notifier.drafting.brief import DraftedStory
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.context import Context, Result
from services.notifier.outreach.crossing import avoid_repeating
from services.notifier.outreach.due_contact import note_contact, prepare_due_contact, schedule_due_contact
from services.notifier.outreach.feedback import forget_feedback, note_feedback
from services.notifier.outreach.noticed import told_after_all
from services.notifier.outreach.record import ClientRecord, pruned
from services.notifier.outreach.requested import tell_requested
from services.notifier.outreach.respond import decide, release_deferred, respond
from services.notifier.outreach.retraction import take_pending_corrections
from services.notifier.outreach.stopped import note_stopped
from services.notifier.outreach.tuning import is_feedback

__all__ = ["step", "tick"]


def step(
    record: ClientRecord, event: AnyEvent, now: datetime, entry: ClientChanged | None, playbooks: Playbooks
) -> Result:
    """Return what ``event`` makes of ``record``. ``entry`` is the client's in the book, or None.

    An erased client is forgotten. Events that say nothing about outreach change nothing, and neither do alerts that
    were answered before the installation was moved.
    """
    if isinstance(event.data, ClientErased):
        return ClientRecord(client_id=event.subject), ()
    handler = _HANDLERS.get(type(event.data))
    if handler is None or _was_answered(record, event.data):
        return record, ()
    context = Context(event.subject, entry, playbooks, now)
    record = pruned(record, now).model_copy(update={"client_id": event.subject})
    record, released = release_deferred(record, context)
    record, handled = handler(record, event.data, context)
    return schedule_due_contact(record, context), (*released, *handled)


def tick(record: ClientRecord, now: datetime, entry: ClientChanged | None, playbooks: Playbooks) -> Result:
    """Return what the passing of time makes of ``record``: deferred alerts are decided, due contact is prepared."""
    context = Context(record.client_id, entry, playbooks, now)
    record, released = release_deferred(pruned(record, now), context)
    record, prepared = prepare_due_contact(record, context)
    return schedule_due_contact(record, context), (*released, *prepared)


def _sent(record: ClientRecord, data: DraftSent, context: Context) -> Result:
    """Note that a message reached the client. A second channel for the same draft is not a second message."""
    stories = [story for story in record.stories if story.draft_id == data.draft_id]
    if any(story.sent_at is not None for story in stories):
        return record, ()
    marked = tuple(
        story.model_copy(update={"sent_at": context.now, "dismissed": None}) if story in stories else story
        for story in record.stories
    )
    record = record.model_copy(update={"stories": marked}).without_message(data.draft_id)
    record = note_contact(record, context.now, context, counts=any(story.counts for story in stories))
    record, corrections = take_pending_corrections(record, data.draft_id)
    record, events = _found_again(record, stories, context)
    for alert in corrections:
        record, decided = decide(record, alert, context)
        events = (*events, *decided)
    for story in stories:
        if story.attached_to is None and story.dismissed in ("superseded", "merged", "outranked"):
            record, rewritten = avoid_repeating(record, story, context)
            events = (*events, *rewritten)
    return record, events


def _found_again(record: ClientRecord, stories: Sequence[DraftedStory], context: Context) -> Result:
    """Take ``stories``, which were sent although other news took their place, off the list of what was left out."""
    sent_ids = {story.alert_id for story in stories}
    events: tuple[AnyEvent, ...] = ()
    for noticed in record.noticed:
        if noticed.alert.id in sent_ids:
            (draft_id,) = {story.draft_id for story in stories}
            record, told = told_after_all(record, noticed, draft_id, context)
            events = (*events, *told)
    return record, events


def _dismissed(record: ClientRecord, data: DraftDismissed, context: Context) -> Result:
    """Note that the account manager decided not to send a message, and why."""
    events: tuple[AnyEvent, ...] = ()
    for story in record.stories:
        if story.draft_id == data.draft_id and is_feedback(data.reason):
            record, noted = note_feedback(record, data.draft_id, story.entity_id, data.reason, context)
            events = (*events, *noted)
    record = record.with_dismissed([data.draft_id], data.reason, waiting_only=False)
    return record.without_message(data.draft_id), events


def _expired(record: ClientRecord, data: DraftExpired, context: Context) -> Result:
    """Note that nobody decided on a message before its deadline: it takes none of the week's places any longer."""
    return record.with_dismissed([data.draft_id], "expired").without_message(data.draft_id), ()


def _reopened(record: ClientRecord, data: DraftReopened, context: Context) -> Result:
    """Note that a dismissed or expired message waits again. Nothing is merged into it, as a person decided on it."""
    undone = ("expired", *get_args(DismissReason))
    stories = tuple(
        story.model_copy(update={"dismissed": None})
        if story.draft_id == data.draft_id and story.dismissed in undone
        else story
        for story in record.stories
    )
    return forget_feedback(record.model_copy(update={"stories": stories}), data.draft_id, context)


def _decided_by_manager(record: ClientRecord, data: DraftEdited | DraftApproved, context: Context) -> Result:
    """Lock a message that the account manager edited or approved: nothing is merged into it."""
    locked = tuple(
        message.model_copy(update={"locked": True}) if message.draft_id == data.draft_id else message
        for message in record.open_messages
    )
    return record.model_copy(update={"open_messages": locked}), ()


def _conversed(record: ClientRecord, data: InteractionLogged, context: Context) -> Result:
    """Note a conversation. One about a message of ours is left out: the message counted when it was sent."""
    if data.draft_id is not None or data.channel == "reply" or data.outcome == "no_answer":
        return record, ()
    return note_contact(record, min(data.at, context.now), context), ()


def _tell_requested(record: ClientRecord, data: TellRequested, context: Context) -> Result:
    """Draft what was asked for. With a reason, it counts as feedback that news about the name is useful."""
    record, requested = tell_requested(record, data, context)
    if data.reason is None:
        return record, requested
    record, noted = note_feedback(record, f"told {data.alert.id}", data.alert.entity_id, "useful", context)
    return record, (*requested, *noted)


def _feedback_given(record: ClientRecord, data: FeedbackGiven, context: Context) -> Result:
    return note_feedback(record, data.draft_id, data.entity_id, data.feedback, context)


#: The effect of each event on a client's record. Other events on these topics change nothing.
_HANDLERS: dict[type[Payload], Callable[[ClientRecord, Any, Context], Result]] = {
    AlertRaised: lambda record, data, context: respond(record, data.alert, context),
    DraftSent: _sent,
    DraftDismissed: _dismissed,
    DraftExpired: _expired,
    DraftReopened: _reopened,
    DraftEdited: _decided_by_manager,
    DraftApproved: _decided_by_manager,
    InteractionLogged: _conversed,
    FeedbackGiven: _feedback_given,
    TellRequested: _tell_requested,
    NewsStopped: note_stopped,
    ContactAgreed: lambda record, data, context: (record, ()),  # every step ends by scheduling due contact
}


def _was_answered(record: ClientRecord, data: Payload) -> bool:
    """Return whether another installation answered this alert: after a move the matcher raises recent alerts again."""
    if record.answered_until is None or not isinstance(data, AlertRaised):
        return False
    return data.alert.raised_at <= record.answered_until
