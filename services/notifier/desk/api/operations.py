"""Deliveries, decisions, the audit log and health."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from schemas.deliveries import DeliveryStatus
from services.notifier import queries
from services.notifier.delivery.outages import outages
from services.notifier.desk.actions import deliveries
from services.notifier.desk.actions.audit_log import filter_of, list_entries
from services.notifier.desk.actions.health import broken_feeds, not_ready
from services.notifier.desk.api.caller import Caller, Listing, Sender
from services.notifier.desk.api.models import (
    AuditEntry,
    ChannelOutage,
    DecidedDelivery,
    DecisionItem,
    DeliveryItem,
    Health,
    ListPage,
    list_page,
)

__all__ = ["router"]

router = APIRouter()


@router.get("/deliveries")
def list_deliveries(context: Caller, listing: Listing, status: DeliveryStatus | None = None) -> ListPage[DeliveryItem]:
    """List deliveries; ``?status=failed`` lists only those with that status."""
    with context.reading() as connection:
        page = queries.delivery_lines(connection, context.scope, status=status, number=listing.place, size=listing.size)
    context.audit_read("deliveries.listed", "deliveries", shown=(row["client_id"] for row in page.items))
    return list_page(page, [DeliveryItem.model_validate(dict(row)) for row in page.items])


@router.post("/deliveries/{delivery_id}/arrived")
def confirm_arrival(context: Caller, delivery_id: str) -> DecidedDelivery:
    """Record that the client has a message of which it was unknown whether it arrived."""
    with context.acting() as action:
        deliveries.confirm_arrival(action, delivery_id)
    return DecidedDelivery(delivery_id=delivery_id)


@router.post("/deliveries/{delivery_id}/again", status_code=202)
def send_again(context: Sender, delivery_id: str) -> DecidedDelivery:
    """Send a message again that failed, or of which it is unknown whether it arrived."""
    with context.acting() as action:
        deliveries.send_again(action, delivery_id)
    return DecidedDelivery(delivery_id=delivery_id)


@router.get("/decisions")
def list_decisions(context: Caller, listing: Listing) -> ListPage[DecisionItem]:
    """List news that was not sent, or not yet, and why, newest first."""
    with context.reading() as connection:
        page = queries.decisions(connection, context.scope, number=listing.place, size=listing.size)
    context.audit_read("decisions.listed", "decisions", shown=(row["client_id"] for row in page.items))
    return list_page(page, [DecisionItem.model_validate(dict(row)) for row in page.items])


@router.get("/audit")
def list_audit_log(
    context: Caller,
    listing: Listing,
    user: str = "",
    action: str = "",
    subject: str = "",
    client: str = "",
    since: Annotated[date | None, Query(alias="from")] = None,
    until: Annotated[date | None, Query(alias="to")] = None,
) -> ListPage[AuditEntry]:
    """List the audit log (owners only), newest first. ``to`` is inclusive, and days are in the caller's time zone.

    ``action`` is the beginning of one: ``draft``, or the whole of ``draft.sent``.
    """
    wanted = filter_of(
        context.viewer, user=user, action=action, subject=subject, client=client, since=since, until=until
    )
    with context.reading() as connection:
        page = list_entries(connection, context.viewer, wanted, number=listing.place, size=listing.size)
    context.audit_read("audit.read", "audit")
    return list_page(page, [AuditEntry.model_validate(entry) for entry in page.items])


@router.get("/health")
def get_health(context: Caller) -> Health:
    """Return the parts of the installation that need attention, and the number of open drafts and held rumors."""
    with context.reading() as connection:
        counts = queries.counts(connection, context.scope, context.now, context.viewer.user_id)
        down = outages(connection, context.scope, context.now)
    return Health(
        waiting_for=not_ready(context.dependencies),
        feeds_with_a_problem=[feed.id for feed in broken_feeds(context.dependencies)],
        deliveries_of_unknown_outcome=counts.unknown,
        inbox=counts.inbox,
        held=counts.held,
        expired=counts.expired,
        outages=[ChannelOutage.model_validate(asdict(outage)) for outage in down],
    )
