"""When contact is due though no news calls for it, and what is then worth saying. Pure.

Two clocks run: what was promised ("weekly, Friday by noon"), and how long silence may last. Neither ever asks for
idle chat: what is said was found, was true, and only too small to be told by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from schemas.alerts import Alert
from schemas.clients import Client
from services.notifier.contact.cadence import LEAD, due_after, lead_time, parse_cadence
from services.notifier.contact.plan import zone_of
from services.notifier.outreach.record import ClientRecord, Promise

__all__ = ["best_of", "next_promise", "next_silence", "too_small", "why_due"]

#: The matcher's rule by which news is ignored as of too little consequence for the client.
TOO_SMALL = "low-relevance"


def too_small(alert: Alert) -> bool:
    """Whether ``alert`` was ignored as too small for the client only: it is true, and theirs."""
    small = bool(alert.reasons) and alert.reasons[0].rule == TOO_SMALL
    return alert.verdict == "ignore" and small and alert.information_grade <= 2 and bool(alert.evidence)


def best_of(small: Sequence[Alert], told: Collection[str]) -> Alert | None:
    """The one most worth saying of what was too small, newer before older; not of a story in ``told``."""
    fit = [alert for alert in small if alert.story_id not in told]
    return min(fit, key=lambda one: (-one.relevance, -one.raised_at.timestamp(), one.id), default=None)


def next_promise(client: Client, after: datetime, since: datetime) -> Promise | None:
    """The first promised contact that is due after ``after``; contact later than ``since`` keeps it."""
    cadence = parse_cadence(client.contact.cadence) if client.contact.cadence else None
    if cadence is None:
        return None
    due = due_after(cadence, zone_of(client), client.contact.working_days, after)
    return None if due is None else Promise(due_at=due, ready_at=due - lead_time(cadence), since=since)


def next_silence(client: Client, record: ClientRecord, now: datetime) -> Promise | None:
    """When the silence will have lasted as long as was agreed; if that is past, it is due now."""
    days = client.contact.max_silence_days
    begun = record.last_contact or record.known_since
    if days is None or begun is None:
        return None
    due = begun + timedelta(days=days)
    return Promise(due_at=due, ready_at=max(due - LEAD, now), since=begun)


def why_due(client: Client, *, promised: bool) -> str:
    """For what reason contact is due, as a sentence."""
    if promised:
        return f"{client.name} was promised contact: {client.contact.cadence}."
    return f"{client.name} is to hear from us at least every {client.contact.max_silence_days} days."
