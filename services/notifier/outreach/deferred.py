"""Alerts that a blackout defers: put off, taken out when it ends, or dropped if that is too late."""

from __future__ import annotations

from schemas.alerts import Alert
from schemas.clients import Blackout
from services.notifier.contact.blackouts import blackout_end
from services.notifier.contact.plan import format_time, zone_of
from services.notifier.outreach.context import Context, Result
from services.notifier.outreach.events import contact_decided
from services.notifier.outreach.follow_up import continues_alert
from services.notifier.outreach.policy import is_blacked_out
from services.notifier.outreach.record import ClientRecord, Deferred

__all__ = ["defer", "drop_late", "replace_deferred", "take_released"]


def defer(record: ClientRecord, alert: Alert, blackout: Blackout, context: Context) -> Result:
    """Put ``alert`` off until ``blackout`` ends."""
    client = context.known_client
    zone = zone_of(client)
    until = blackout_end(blackout, zone)
    what = f"Nothing about {', '.join(blackout.about)} is sent" if blackout.about else "Nothing is sent"
    when, why = format_time(until, zone), blackout.reason.rstrip(".")
    detail = f"{what} to {client.name} until {when}: {why}. The news is reconsidered then."
    reason = "deal" if blackout.about else "leave"
    record = record.model_copy(update={"deferred": (*record.deferred, Deferred(alert=alert, until=until))})
    return record, (contact_decided("waits", reason, detail, context, alert=alert, until=until),)


def take_released(record: ClientRecord, context: Context) -> tuple[ClientRecord, tuple[Alert, ...]]:
    """Take out the deferred alerts whose blackout has ended, or that the book no longer blacks out."""
    released = [
        deferred
        for deferred in record.deferred
        if deferred.until <= context.now or not is_blacked_out(deferred.alert, context)
    ]
    kept = tuple(deferred for deferred in record.deferred if deferred not in released)
    return record.model_copy(update={"deferred": kept}), tuple(deferred.alert for deferred in released)


def drop_late(record: ClientRecord, alert: Alert, context: Context) -> Result:
    """Drop a deferred alert whose deadline passed. If it is true, it may still be told when contact is due."""
    detail = f"{alert.entity_name}: the deadline passed during the blackout."
    if alert.information_grade <= 2:
        record = record.with_below_threshold(alert)
    return record, (contact_decided("dropped", "too_late", detail, context, alert=alert),)


def replace_deferred(record: ClientRecord, alert: Alert, context: Context) -> Result:
    """Drop older news on the story of ``alert`` that was deferred or below the threshold."""
    detail = f"{alert.entity_name}: newer news on the same story replaces it."
    replaced = [deferred for deferred in record.deferred if continues_alert(alert, deferred.alert)]
    kept = {
        "deferred": tuple(deferred for deferred in record.deferred if deferred not in replaced),
        "below_threshold": tuple(other for other in record.below_threshold if not continues_alert(alert, other)),
    }
    events = [contact_decided("dropped", "superseded", detail, context, alert=deferred.alert) for deferred in replaced]
    return record.model_copy(update=kept), tuple(events)
