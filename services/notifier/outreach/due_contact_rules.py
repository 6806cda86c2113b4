"""Rules of due contact: the date on which agreed contact is due, and the news that is then worth telling. Pure.

Contact is due because it was promised ("weekly, Friday by noon"), or because silence has lasted as long as agreed.
Neither justifies small talk: only news that is true, and was merely below the client's threshold, is used.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from schemas.alerts import Alert
from schemas.clients import Client
from services.notifier.contact.cadence import LEAD, due_after, lead_time, parse_cadence
from services.notifier.contact.plan import zone_of
from services.notifier.outreach.record import ClientRecord, DueContact, DueKind

__all__ = ["best_of", "contact_after_silence", "is_agreed", "is_below_threshold", "promised_contact", "why_due"]

#: The matcher's rule that ignores news because it matters too little to the client.
BELOW_THRESHOLD_RULE = "low-relevance"


def is_below_threshold(alert: Alert) -> bool:
    """Return whether ``alert`` was ignored only because it matters too little to the client: it is true, and theirs."""
    by_relevance = bool(alert.reasons) and alert.reasons[0].rule == BELOW_THRESHOLD_RULE
    return alert.verdict == "ignore" and by_relevance and alert.information_grade <= 2 and bool(alert.evidence)


def best_of(alerts: Sequence[Alert], without_stories: Collection[str]) -> Alert | None:
    """Return the most relevant of ``alerts``, the newest of equals, that is not of one of these stories."""
    untold = [alert for alert in alerts if alert.story_id not in without_stories]
    return min(untold, key=lambda alert: (-alert.relevance, -alert.raised_at.timestamp(), alert.id), default=None)


def is_agreed(client: Client, kind: DueKind) -> bool:
    """Return whether the client book asks for contact of this kind."""
    return (client.contact.cadence if kind == "promise" else client.contact.max_silence_days) is not None


def promised_contact(client: Client, after: datetime, since: datetime) -> DueContact | None:
    """Return the first promised contact that is due after ``after``; contact later than ``since`` counts for it."""
    cadence = parse_cadence(client.contact.cadence) if client.contact.cadence else None
    if cadence is None:
        return None
    due = due_after(cadence, zone_of(client), client.contact.working_days, after)
    return None if due is None else DueContact(due_at=due, ready_at=due - lead_time(cadence), since=since)


def contact_after_silence(client: Client, record: ClientRecord, now: datetime) -> DueContact | None:
    """Return the contact that is due when silence has lasted as long as agreed; where it has already, it is due now."""
    days = client.contact.max_silence_days
    begun = record.last_contact or record.known_since
    if days is None or begun is None:
        return None
    due = begun + timedelta(days=days)
    return DueContact(due_at=due, ready_at=max(due - LEAD, now), since=begun)


def why_due(client: Client, kind: DueKind) -> str:
    """Return the reason why contact is due, as a sentence."""
    if kind == "promise":
        return f"{client.name} was promised contact: {client.contact.cadence}."
    return f"Contact with {client.name} is agreed at least every {client.contact.max_silence_days} days."
