"""Responds to an alert: drafts a message on it, defers it, or refuses it with a reason."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.alerts import Alert
from schemas.clients import Client
from services.common.processing import AnyEvent
from services.notifier.contact.budget import LeftOut
from services.notifier.contact.plan import SendPlan
from services.notifier.contact.value import is_large
from services.notifier.drafting.brief import DraftedStory
from services.notifier.drafting.compose import Refusal
from services.notifier.drafting.fit import SUBJECTS
from services.notifier.drafting.opinion import (
    asks_for_no_step,
    has_little_to_say,
    is_skipped,
    lacks_rule,
    leaves_customers_without_view,
)
from services.notifier.outreach.attach import attach
from services.notifier.outreach.attention import EXEMPT, WITHIN, Grant, grant_for, outranked_message, why_left_out
from services.notifier.outreach.context import Context, Result
from services.notifier.outreach.deferred import defer, drop_late, replace_deferred, take_released
from services.notifier.outreach.due_contact import tell_awaited_news
from services.notifier.outreach.due_contact_rules import is_below_threshold
from services.notifier.outreach.events import draft_refused
from services.notifier.outreach.follow_up import (
    Attachment,
    FollowUp,
    as_correction,
    continues_draft,
    event_stories,
    follow_up,
    turned_out_false,
)
from services.notifier.outreach.messages import (
    attached_story,
    brief_for,
    compose_story,
    in_place_of,
    merge,
    new_story,
    place,
)
from services.notifier.outreach.noticed import (
    leave_out,
    leave_out_again,
    leave_out_message,
    noticed_before,
    told_after_all,
    turned_false,
    whole_event,
)
from services.notifier.outreach.policy import blackout_for, plan_for
from services.notifier.outreach.record import ClientRecord, Message, NoticedEvent, StoryDraft
from services.notifier.outreach.retraction import withdraw
from services.notifier.outreach.stopped import why_stopped

__all__ = ["decide", "release_deferred", "respond"]

#: A small event is worth a message of its own from this probability that it is worth telling.
WORTH_A_MESSAGE = 0.5


def respond(record: ClientRecord, alert: Alert, context: Context) -> Result:
    """Respond to an alert of any verdict.

    News that is held or ignored gets no message, unless it corrects what was told. If it is only below the client's
    threshold, it is kept for when contact is due.
    """
    if alert.verdict not in ("hold", "ignore"):
        if alert.id in _seen(record):  # the same alert again has its draft already, is deferred, or was left out
            return record, ()
        stopped = why_stopped(record, alert)
        if stopped is not None:
            return record, (draft_refused(alert, stopped, context),)
        return decide(record, alert, context)
    if turned_out_false(alert, record.stories):
        return decide(record, as_correction(alert), context)
    noticed = noticed_before(record, alert)
    if noticed is not None and alert.information_grade == 5:
        return turned_false(record, noticed, context)
    kept = tuple(other for other in record.below_threshold if other.story_id != alert.story_id)
    record = record.model_copy(update={"below_threshold": kept})
    if not is_below_threshold(alert):
        return record, ()
    return tell_awaited_news(record.with_below_threshold(alert), context)


def _seen(record: ClientRecord) -> set[str]:
    """Return the ids of the alerts that were answered and are remembered."""
    noticed = {
        alert_id
        for event in record.noticed
        for alert_id in (event.alert.id, *(story.alert_id for story in event.attached))
    }
    deferred = {deferred.alert.id for deferred in record.deferred}
    return noticed | deferred | {story.alert_id for story in record.stories}


def decide(record: ClientRecord, alert: Alert, context: Context) -> Result:
    """Draft a message on ``alert``, defer it, or refuse it."""
    record, replaced = replace_deferred(record, alert, context)
    noticed = noticed_before(record, alert)
    if noticed is not None and alert.information_grade == 5:
        record, forgotten = turned_false(record, noticed, context)
        replaced = (*replaced, *forgotten)
    record, decided = _decide(record, alert, context)
    return record, (*replaced, *decided)


def _decide(record: ClientRecord, alert: Alert, context: Context) -> Result:
    client = context.client
    if client is None:
        detail = f"The client book has no client {alert.client_id!r}. They may have been removed."
        return record, (draft_refused(alert, Refusal("unknown_client", detail), context),)
    told = [story for story in record.stories if story.dismissed != "outranked"]
    follow = follow_up(alert, told)
    if isinstance(follow, Refusal):
        return _refuse(record, alert, follow, context)
    if isinstance(follow, Attachment):
        return attach(record, alert, follow.to, context)
    replaced = None if follow.supersedes is None else record.message(follow.supersedes)
    if replaced is not None:
        return _rewrite(record, alert, follow, replaced, client, context)
    if alert.verdict == "correct" or follow.earlier is not None:
        return _draft(record, alert, follow, EXEMPT, client, context)
    return _compete(record, alert, follow, client, context)


def _rewrite(
    record: ClientRecord, alert: Alert, follow: FollowUp, replaced: Message, client: Client, context: Context
) -> Result:
    """Rewrite the open message ``replaced`` with newer news on its event; it keeps its place in the week."""
    before = next((story for story in replaced.stories if continues_draft(alert, story)), None)
    if before is None:
        return _draft(record, alert, follow, WITHIN, client, context)
    if alert.verdict == "correct":
        return _draft(record, alert, follow, EXEMPT, client, context)
    exempt = follow.earlier is not None
    grant = EXEMPT if exempt else Grant(before.draft.budget, before.draft.beyond_because)
    own = alert.entity_id, alert.story_id
    attached = [story for story in before.attached if (story.entity_id, story.story_id) != own]
    if (before.alert.entity_id, before.alert.story_id) != own:
        silent = before.alert.entity_id == alert.entity_id
        attached.append(attached_story(before.alert, new_story(alert, replaced.draft_id, context.now), silent=silent))
    return _draft(record, alert, follow, grant, client, context, attached=attached)


def _draft(
    record: ClientRecord,
    alert: Alert,
    follow: FollowUp,
    grant: Grant,
    client: Client,
    context: Context,
    *,
    attached: Sequence[DraftedStory] = (),
) -> Result:
    """Draft a message that corrects or continues what was drafted; it does not compete for the week's messages."""
    plan = plan_for(record, alert, client, context.now, exempt=True)
    if (stopped := _stopped(record, alert, plan, client, context)) is not None:
        return stopped
    notes = follow.notes
    story = compose_story(alert, follow, plan, notes, context, grant=grant, attached=attached)
    if not isinstance(story, Refusal) and _adds_no_view(record, story, alert, context):
        detail = f"{alert.entity_name}: the update gives no reason for another view, so the earlier message stands."
        story = Refusal("no_opinion", detail)
    if isinstance(story, Refusal):
        return record, (draft_refused(alert, story, context),)
    return place(record, story, follow, plan, context)


def _adds_no_view(record: ClientRecord, story: StoryDraft, alert: Alert, context: Context) -> bool:
    """Return whether ``story``, which continues what was drafted, has no view on news that is not large or disputed.

    What is off or over, and what was unconfirmed before, is told all the same: the earlier message said otherwise.
    """
    if any(told.verdict == "warn" for told in event_stories(alert, record.stories)):
        return False
    if alert.verdict == "correct" or alert.contested or alert.kind == "averted":
        return False
    brief = brief_for(alert, FollowUp(), context)
    if is_skipped(brief, context.playbooks):
        return True  # the event has become one that is nothing to such clients, however large it is
    unadvised = story.alert.verdict == "information" and story.draft.rule is None
    return not _needs_no_view(alert) and (unadvised or has_little_to_say(brief, context.playbooks))


def _compete(record: ClientRecord, alert: Alert, follow: FollowUp, client: Client, context: Context) -> Result:
    """Draft a message on news of an event that the client was not told, if it finds a place in their week."""
    noticed = noticed_before(record, alert)
    lead, attached = whole_event(alert, noticed, context)
    grant = grant_for(record, lead, client, context.now)
    # The place in the week is decided here, so the plan only keeps hours and blackouts, unless no messages are allowed.
    plan = plan_for(record, lead, client, context.now, exempt=grant is not None or client.contact.max_per_week > 0)
    if (stopped := _stopped(record, lead, plan, client, context)) is not None:
        return stopped
    if is_skipped(brief_for(lead, FollowUp(), context), context.playbooks):
        detail = f"{lead.entity_name}: the playbooks leave out news of this kind for such clients."
        return _leave_out(record, alert, lead, attached, noticed, "not_for_client", detail, context)
    if _says_nothing(lead, context):
        detail = (
            f"{lead.entity_name}: no playbook rule asks for a step, and it is not large enough for plain information."
        )
        return _leave_out(record, alert, lead, attached, noticed, "no_opinion", detail, context)
    drafted_before = any(story.alert_id == lead.id for story in record.stories)
    story = compose_story(
        lead,
        follow,
        plan,
        follow.notes,
        context,
        grant=grant or WITHIN,
        attached=attached,
        variant=context.now.isoformat() if drafted_before else None,
    )
    if isinstance(story, Refusal):
        return record, (draft_refused(alert, story, context),)
    left: tuple[AnyEvent, ...] = ()
    result = merge(record, story, plan, context)
    if result is None and grant is None:
        outranked = outranked_message(record, lead, context.now)
        if outranked is None:
            detail = why_left_out(record, client)
            return _leave_out(record, alert, lead, attached, noticed, "weekly_budget", detail, context)
        record, left = leave_out_message(record, outranked, story.draft, context)
        story = in_place_of(story, outranked)
    record, placed = result or place(record, story, follow, plan, context)
    record, told = told_after_all(record, noticed, record.open_messages[-1].draft_id, context)
    return record, (*left, *placed, *told)


def _stopped(record: ClientRecord, alert: Alert, plan: SendPlan, client: Client, context: Context) -> Result | None:
    """Refuse or defer ``alert`` if the contact policy forbids a draft; None if it allows one."""
    if plan.refused is not None:
        return record, (draft_refused(alert, Refusal(plan.refused, " ".join(plan.notes)), context),)
    blackout = blackout_for(alert, plan, client, context.now)
    return None if blackout is None else defer(record, alert, blackout, context)


def _says_nothing(alert: Alert, context: Context) -> bool:
    """Return whether a message on ``alert``, an event that is not large, would give no opinion or ask for nothing.

    What a weak source alone reports on a subject is nothing to write about if it calls for no step.
    """
    of_subject = alert.stance in SUBJECTS
    if alert.verdict == "warn" and of_subject and alert.size != "major" and alert.urgency != "urgent":
        return asks_for_no_step(brief_for(alert, FollowUp(), context), context.playbooks)
    if alert.verdict == "warn" and alert.size != "major":
        brief, is_small = brief_for(alert, FollowUp(), context), alert.size == "minor" and alert.urgency != "urgent"
        without_rule = is_small and lacks_rule(brief, context.playbooks)
        return without_rule or leaves_customers_without_view(brief, context.playbooks)
    if alert.verdict not in ("tell", "information") or _needs_no_view(alert):
        return False
    if alert.size == "minor" and alert.reading is not None and alert.reading.tell_score < WORTH_A_MESSAGE:
        return True
    return has_little_to_say(brief_for(alert, FollowUp(), context), context.playbooks)


def _needs_no_view(alert: Alert) -> bool:
    """Return whether the event is told without a view: to an owner what is large for them, to others what is major."""
    owned = alert.stance == "holds" and alert.verdict == "tell"
    return is_large(alert) if owned else alert.size == "major"


def _leave_out(
    record: ClientRecord,
    alert: Alert,
    lead: Alert,
    attached: Sequence[DraftedStory],
    noticed: NoticedEvent | None,
    why: LeftOut,
    detail: str,
    context: Context,
) -> Result:
    if noticed is None:
        return leave_out(record, lead, why, detail, context, attached=attached)
    return leave_out_again(record, alert, lead, attached, noticed, why, detail, context)


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
