"""Deliveries, the audit log, feeds and health."""

from __future__ import annotations

from fastapi import APIRouter

from services.notifier import queries
from services.notifier.desk.actions.audit_log import list_entries, parse_filter
from services.notifier.desk.actions.health import broken_feeds, not_ready
from services.notifier.desk.api.caller import Caller
from services.notifier.desk.api.models import AuditEntry, DeliveryItem, FeedList, Health, ListPage, list_page

__all__ = ["router"]

router = APIRouter()


@router.get("/deliveries")
def list_deliveries(context: Caller) -> ListPage[DeliveryItem]:
    """List deliveries; ``?status=failed`` lists only those with that status."""
    status = context.request.query_params.get("status")
    with context.reading() as connection:
        page = queries.delivery_lines(
            connection, context.scope, status=status, number=context.page_number, size=context.page_size
        )
    context.audit_read("deliveries.listed", "deliveries")
    return list_page(page, [DeliveryItem.model_validate(dict(row)) for row in page.items])


@router.get("/audit")
def list_audit_log(context: Caller) -> ListPage[AuditEntry]:
    """List the audit log (owners only), with the filters of the page *Audit log*."""
    wanted = parse_filter(context.request.query_params, context.viewer)
    with context.reading() as connection:
        page = list_entries(connection, context.viewer, wanted, number=context.page_number, size=context.page_size)
    context.audit_read("audit.read", "audit")
    return list_page(page, [AuditEntry.model_validate(entry) for entry in page.items])


@router.get("/feeds")
def list_feeds(context: Caller) -> FeedList:
    """List feeds and their status."""
    return FeedList(items=context.dependencies.feeds_view())


@router.get("/health")
def get_health(context: Caller) -> Health:
    """Return the parts of the installation that need attention, and the number of open drafts and held rumors."""
    with context.reading() as connection:
        counts = queries.counts(connection, context.scope)
    return Health(
        waiting_for=not_ready(context.dependencies),
        feeds_with_a_problem=[feed.id for feed in broken_feeds(context.dependencies)],
        deliveries_of_unknown_outcome=counts.unknown,
        inbox=counts.inbox,
        held=counts.held,
    )
