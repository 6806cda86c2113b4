"""Drafts news that was left out, because the account manager asked for it."""

from __future__ import annotations

from datetime import timedelta

from schemas.alerts import Alert, Verdict
from schemas.drafts import TellRequested
from services.notifier.drafting.compose import Refusal
from services.notifier.outreach.attention import granted_on_request
from services.notifier.outreach.context import Context, Result
from services.notifier.outreach.deferred import defer
from services.notifier.outreach.events import contact_decided, draft_refused
from services.notifier.outreach.follow_up import FollowUp, event_stories
from services.notifier.outreach.messages import compose_story, place
from services.notifier.outreach.noticed import noticed_before, whole_event
from services.notifier.outreach.policy import blackout_for, plan_for
from services.notifier.outreach.record import ClientRecord

__all__ = ["tell_requested"]

#: For how long a draft that was asked for is worth sending at least.
USEFUL_FOR = timedelta(days=1)


def tell_requested(record: ClientRecord, request: TellRequested, context: Context) -> Result:
    """Draft a message on the alert that was asked for; refuse it if it is false, or the client was or will be told."""
    client, alert = context.client, request.alert
    if client is None:
        return record, (draft_refused(alert, Refusal("unknown_client", "The client is not in the book."), context),)
    if alert.information_grade == 5:
        refusal = Refusal("false", f"{alert.entity_name}: the news turned out to be false, so it is not told.")
        return record, (draft_refused(alert, refusal, context),)
    told = [story for story in event_stories(alert, record.stories) if story.waiting or story.sent_at is not None]
    if told:
        refusal = Refusal("already_told", f"{alert.entity_name}: there is a message on the same event.")
        return record, (draft_refused(alert, refusal, context),)
    wanted = alert.model_copy(
        update={
            "verdict": _verdict(alert),
            "deadline_at": max(alert.deadline_at, context.now + USEFUL_FOR),
        }
    )
    plan = plan_for(record, wanted, client, context.now, exempt=True)
    if plan.refused is not None:
        return record, (draft_refused(alert, Refusal(plan.refused, " ".join(plan.notes)), context),)
    blackout = blackout_for(wanted, plan, client, context.now)
    if blackout is not None:
        return defer(record, wanted, blackout, context)
    noticed = noticed_before(record, alert)
    _, attached = whole_event(wanted, noticed, context)
    story = compose_story(
        wanted,
        FollowUp(),
        plan,
        ("You asked for this draft.",),
        context,
        grant=granted_on_request(record, client, context.now),
        attached=[entry for entry in attached if entry.entity_id != wanted.entity_id],
        variant=f"requested {context.now.isoformat()}",
    )
    if isinstance(story, Refusal):
        return record, (draft_refused(alert, story, context),)
    if noticed is not None:
        record = record.without_noticed(noticed)
    record, placed = place(record, story.model_copy(update={"requested": True}), FollowUp(), plan, context)
    detail = f"{alert.entity_name}: it was left out, and you asked for a draft."
    alerts = [alert] if noticed is None or noticed.alert.id == alert.id else [alert, noticed.alert]
    chosen = [
        contact_decided("chosen", "requested", detail, context, alert=listed, draft_id=story.draft.id)
        for listed in alerts
    ]
    return record, (*placed, *chosen)


def _verdict(alert: Alert) -> Verdict:
    """Return the verdict under which ``alert`` is told: as unconfirmed unless it is confirmed or probably true."""
    if alert.verdict not in ("hold", "ignore"):
        return alert.verdict
    return "tell" if alert.information_grade <= 2 else "warn"
