"""Responds to an alert: drafts a message on it, defers it, or refuses it with a reason."""

from __future__ import annotations

from schemas.alerts import Alert
from services.common.processing import AnyEvent
from services.notifier.drafting.compose import Refusal
from services.notifier.outreach.context import Context, Result
from services.notifier.outreach.deferred import defer, drop_late, replace_deferred, take_released
from services.notifier.outreach.due_contact import tell_awaited_news
from services.notifier.outreach.due_contact_rules import is_below_threshold
from services.notifier.outreach.events import draft_refused
from services.notifier.outreach.follow_up import as_correction, follow_up, turned_out_false
from services.notifier.outreach.messages import compose_story, place
from services.notifier.outreach.policy import blackout_for, plan_for
from services.notifier.outreach.record import ClientRecord
from services.notifier.outreach.retraction import withdraw

__all__ = ["decide", "release_deferred", "respond"]


def respond(record: ClientRecord, alert: Alert, context: Context) -> Result:
    """Respond to an alert of any verdict.

    News that is held or ignored gets no message, unless it corrects what was told. If it is only below the client's
    threshold, it is kept for when contact is due.
    """
    if alert.verdict not in ("hold", "ignore"):
        seen = {story.alert_id for story in record.stories} | {deferred.alert.id for deferred in record.deferred}
        # The same alert again has its draft already, or is deferred.
        return (record, ()) if alert.id in seen else decide(record, alert, context)
    if turned_out_false(alert, record.stories):
        return decide(record, as_correction(alert), context)
    kept = tuple(other for other in record.below_threshold if other.story_id != alert.story_id)
    record = record.model_copy(update={"below_threshold": kept})
    if not is_below_threshold(alert):
        return record, ()
    return tell_awaited_news(record.with_below_threshold(alert), context)


def decide(record: ClientRecord, alert: Alert, context: Context) -> Result:
    """Draft a message on ``alert``, defer it, or refuse it."""
    record, replaced = replace_deferred(record, alert, context)
    record, decided = _decide(record, alert, context)
    return record, (*replaced, *decided)


def _decide(record: ClientRecord, alert: Alert, context: Context) -> Result:
    client = context.client
    if client is None:
        detail = f"The client book has no client {alert.client_id!r}. They may have been removed."
        return record, (draft_refused(alert, Refusal("unknown_client", detail), context),)
    follow = follow_up(alert, record.stories)
    if isinstance(follow, Refusal):
        return _refuse(record, alert, follow, context)
    plan = plan_for(record, alert, client, context.now)
    if plan.refused is not None:
        return record, (draft_refused(alert, Refusal(plan.refused, " ".join(plan.notes)), context),)
    blackout = blackout_for(alert, plan, client, context.now)
    if blackout is not None:
        return defer(record, alert, blackout, context)
    story = compose_story(alert, follow, plan, (*plan.notes, *follow.notes), context)
    if isinstance(story, Refusal):
        return record, (draft_refused(alert, story, context),)
    return place(record, story, follow, plan, context)


def _refuse(record: ClientRecord, alert: Alert, refusal: Refusal, context: Context) -> Result:
    refused = draft_refused(alert, refusal, context)
    if refusal.reason != "withdrawn":
        return record, (refused,)
    record, reopened = withdraw(record, alert, refusal.withdraws, context)
    return record, (refused, *reopened)


def release_deferred(record: ClientRecord, context: Context) -> Result:
    """Decide again on deferred alerts whose blackout has ended, and drop those whose deadline has passed."""
    record, released = take_released(record, context)
    events: tuple[AnyEvent, ...] = ()
    for alert in released:
        in_time = alert.deadline_at > context.now or alert.verdict == "correct"
        record, decided = (decide if in_time else drop_late)(record, alert, context)
        events = (*events, *decided)
    return record, events
