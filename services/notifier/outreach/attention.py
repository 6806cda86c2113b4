"""Decides whether news may take one of the client's weekly messages, goes beyond them, or takes another's place. Pure.

A client gets at most ``max_per_week`` messages in any seven days: those sent, and those that wait for the account
manager. What corrects or continues what the client was told is exempt. Urgent news goes beyond the budget and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas.alerts import Alert
from schemas.clients import Client
from schemas.drafts import Budget
from services.notifier.contact.budget import WEEK
from services.notifier.contact.plan import format_time, zone_of
from services.notifier.contact.value import value_of
from services.notifier.outreach.record import ClientRecord, Message

__all__ = [
    "EXEMPT",
    "WITHIN",
    "Grant",
    "grant_for",
    "granted_on_request",
    "has_room",
    "outranked_message",
    "week_of",
    "why_left_out",
]

#: News takes the place of a waiting message only if its value is this many times as high.
CLEARLY_MORE = 1.5
_ASSET_STANCES = frozenset(("holds", "uses", "supplied_by", "operates_in", "contracts_with"))
_NUMBERS = ("none", "one message", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class Grant:
    """A place among the client's messages; ``because`` says why it is beyond the budget, if it is."""

    budget: Budget
    because: str | None = None


WITHIN, EXEMPT = Grant("within"), Grant("exempt")


def has_room(record: ClientRecord, client: Client, now: datetime) -> bool:
    """Return whether one more message keeps the client's weekly budget.

    A draft that waits takes a place for a week, and for as long as newer news may still rewrite it.
    """
    open_ids = {message.draft_id for message in record.open_messages}
    waiting = {
        story.draft_id
        for story in record.stories
        if story.waiting and story.counts and (story.drafted_at > now - WEEK or story.draft_id in open_ids)
    }
    sent = [at for at in record.sent if at > now - WEEK]
    return len(sent) + len(waiting) < client.contact.max_per_week


def grant_for(record: ClientRecord, alert: Alert, client: Client, now: datetime) -> Grant | None:
    """Return the place of new news: within the budget, or beyond it if it is urgent; None if the budget is used up."""
    if has_room(record, client, now):
        return WITHIN
    beyond = f"Beyond {week_of(client)}, because"
    if alert.urgency == "urgent":
        deadline = format_time(alert.deadline_at, zone_of(client))
        return Grant("beyond", f"{beyond} it is urgent: it is of use until {deadline}, the client's time.")
    if alert.verdict == "warn" and alert.size == "major" and alert.stance in _ASSET_STANCES:
        why = f"{client.name} depends on {alert.entity_name}, and the report is of major weight"
        return Grant("beyond", f"{beyond} {why}.")
    return None


def granted_on_request(record: ClientRecord, client: Client, now: datetime) -> Grant:
    """Return the place of news that the account manager asked for."""
    if has_room(record, client, now):
        return WITHIN
    return Grant("beyond", f"Beyond {week_of(client)}, because you asked for this draft.")


def outranked_message(record: ClientRecord, alert: Alert, now: datetime) -> Message | None:
    """Return the waiting message whose place ``alert`` takes because it is clearly more valuable, or None.

    A message that the account manager edited or approved keeps its place, and so does one that was asked for.
    """
    candidates = [
        (_value_of_message(message, now), message) for message in record.open_messages if _may_be_outranked(message)
    ]
    lowest = min(candidates, key=lambda candidate: (candidate[0], candidate[1].draft_id), default=None)
    if lowest is None or value_of(alert, now) < CLEARLY_MORE * lowest[0]:
        return None
    return lowest[1]


def week_of(client: Client) -> str:
    """Return the weekly budget in words: ``this week's three``."""
    limit = client.contact.max_per_week
    return f"this week's {_NUMBERS[limit] if limit < len(_NUMBERS) else limit}"


def _spent(client: Client) -> str:
    """Return the beginning of a sentence that says that the budget is used up: ``This week's three messages were``."""
    limit = client.contact.max_per_week
    if limit == 1:
        return "This week's one message was"
    return f"{week_of(client).capitalize()} messages were"


def why_left_out(record: ClientRecord, client: Client) -> str:
    """Say why news without a place is left out."""
    used = f"{_spent(client)} used"
    if any(_may_be_outranked(message) for message in record.open_messages):
        return f"{used}, and this is not clearly more valuable."
    return f"{used}."


def _value_of_message(message: Message, now: datetime) -> float:
    """Return the value of the best story of ``message``; past its deadline it has none."""
    return 0.0 if message.deadline_at <= now else max(value_of(story.alert, now) for story in message.stories)


def _may_be_outranked(message: Message) -> bool:
    """Return whether other news may take the place of ``message``: nobody touched or asked for it, nor is it urgent."""
    kept = any(story.alert.urgency == "urgent" or story.requested for story in message.stories)
    return not message.locked and message.budget == "within" and not kept
