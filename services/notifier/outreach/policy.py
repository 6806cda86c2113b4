"""Asks the contact policy about one alert: when may a message be sent, and does a blackout forbid even a draft?"""

from __future__ import annotations

from datetime import datetime

from schemas.alerts import Alert
from schemas.clients import Blackout, Client
from services.notifier.contact.blackouts import blackout_names, general_blackout, topic_blackout
from services.notifier.contact.plan import SendPlan, plan_send, zone_of
from services.notifier.outreach.context import Context
from services.notifier.outreach.record import ClientRecord

__all__ = ["blackout_for", "is_blacked_out", "may_name", "plan_for"]


def plan_for(record: ClientRecord, alert: Alert, client: Client, now: datetime, *, exempt: bool = False) -> SendPlan:
    """Return when a message on ``alert`` may be sent, or why none may. ``exempt``: whatever the weekly budget."""
    about = _blackout_names(alert, client)
    return plan_send(client, now, record.sent, alert.urgency, alert.deadline_at, about, exempt=exempt)


def blackout_for(alert: Alert, plan: SendPlan, client: Client, now: datetime) -> Blackout | None:
    """Return the blackout for which ``alert`` is not even drafted.

    That is a deal it touches, or the client's leave where that outlasts the news and the news is not urgent.
    """
    zone = zone_of(client)
    deal = topic_blackout(client, zone, now, _blackout_names(alert, client))
    if deal is not None:
        return deal
    keeps = alert.urgency == "urgent" or alert.verdict == "correct" or plan.send_after <= alert.deadline_at
    return None if keeps else general_blackout(client, zone, now)


def is_blacked_out(alert: Alert, context: Context) -> bool:
    """Return whether a blackout runs that touches ``alert``; for a client who is not in the book, none does."""
    client = context.client
    if client is None:
        return False
    zone = zone_of(client)
    deal = topic_blackout(client, zone, context.now, _blackout_names(alert, client))
    return deal is not None or general_blackout(client, zone, context.now) is not None


def may_name(entity_id: str, name: str, client: Client, now: datetime) -> bool:
    """Return whether a message may name this watched entity, which is not what it is mainly about."""
    names = blackout_names(client, (entity_id, name))
    return topic_blackout(client, zone_of(client), now, names) is None


def _blackout_names(alert: Alert, client: Client) -> tuple[str, ...]:
    """Return the names under which a blackout may mention what the alert is about."""
    return blackout_names(client, (alert.entity_id, alert.entity_name))
