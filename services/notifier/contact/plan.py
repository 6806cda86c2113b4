"""Decides when a message to a client may leave, or that none may, and says why in words for the account manager."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from schemas.clients import Client
from services.notifier.contact.budget import free_from, sent_within_week
from services.notifier.contact.hours import client_zone, next_open

__all__ = ["SendPlan", "plan_send"]

Urgency = Literal["low", "normal", "high", "urgent"]


@dataclass(frozen=True, slots=True)
class SendPlan:
    """When to send. ``refused`` is a reason code if nothing may be sent; then ``notes`` hold the sentence for it."""

    send_after: datetime
    notes: tuple[str, ...] = ()
    refused: Literal["do_not_contact", "no_contact_budget", "no_open_hours"] | None = None


def plan_send(
    client: Client, now: datetime, sent_history: Sequence[datetime], urgency: Urgency, deadline: datetime
) -> SendPlan:
    """When a message to ``client`` may be sent at the earliest.

    Quiet hours and working days are kept whatever the urgency; the weekly budget gives way to what is urgent, and the
    notes say so. ``sent_history``: when earlier messages were sent. ``deadline``: when telling is worth little.
    """
    policy, notes = client.contact, list[str]()
    if policy.do_not_contact:
        reason = (policy.do_not_contact_reason or "the book gives no reason").rstrip(".")
        return SendPlan(now, (f"{client.name} is not to be contacted: {reason}.",), "do_not_contact")
    zone = _zone(client, notes)
    earliest = _within_budget(client, now, sent_history, urgency, zone, notes)
    if earliest is None:
        note = f"The contact policy of {client.name} allows no messages in a week."
        return SendPlan(now, (*notes, note), "no_contact_budget")
    opening = next_open(policy, zone, earliest)
    if opening is None:
        note = f"The contact policy of {client.name} leaves no hour for messages: check quiet hours and working days."
        return SendPlan(now, (*notes, note), "no_open_hours")
    if opening > earliest:
        notes.append(f"Waits for {client.name}'s hours: not before {_local(opening, zone)}.")
    if opening > deadline:
        worth = _local(deadline, zone)
        notes.append(
            f"It may be sent only from {_local(opening, zone)}, and is worth little after {worth}: "
            "consider a call, or dismiss it."
        )
    return SendPlan(opening, tuple(notes))


def _zone(client: Client, notes: list[str]) -> ZoneInfo:
    zone = client_zone(client)
    if zone is None:
        notes.append(f"The time zone {client.time_zone!r} of {client.name} is not known; hours are reckoned in UTC.")
    return zone or ZoneInfo("UTC")


def _within_budget(
    client: Client, now: datetime, sent: Sequence[datetime], urgency: Urgency, zone: ZoneInfo, notes: list[str]
) -> datetime | None:
    limit = client.contact.max_per_week
    free = free_from(sent, limit, now)
    if free is not None and free <= now:
        return now.astimezone(UTC)
    used = len(sent_within_week(sent, now))
    if urgency == "urgent":
        notes.append(f"Urgent: it goes beyond the weekly budget of {client.name} ({used} sent, {limit} allowed).")
        return now.astimezone(UTC)
    if free is not None:
        when = _local(free, zone)
        notes.append(f"The weekly budget of {client.name} is used up ({used} of {limit}); free again on {when}.")
    return free


def _local(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B} {local:%H:%M}"
