"""The inbox: drafts that wait for a decision, the most urgent first."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.notifier import queries
from services.notifier.desk.actions.health import broken_feeds
from services.notifier.desk.disagreements import disagreements
from services.notifier.desk.pages.rendering import PageRequest, render
from services.notifier.desk.second_person import to_second
from services.notifier.webhooks import log

__all__ = ["router"]

router = APIRouter()


@router.get("/")
def inbox(context: PageRequest) -> HTMLResponse:
    """Show drafts by deadline, approved messages that have not gone out, and problems."""
    with context.reading() as connection:
        page = queries.inbox(connection, context.scope, context.now, number=context.page_number, size=context.page_size)
        waiting = queries.waiting(connection, context.scope)
        second = to_second(connection, context.viewer, context.dependencies.gate)
        disputed = disagreements(connection, [line.alert for line in page.items if line.alert is not None])
        disabled_webhooks = log.disabled(connection) if context.viewer.role == "owner" else ()
    return render(
        context,
        "inbox.html",
        page=page,
        waiting=waiting,
        second=second,
        disputed=disputed,
        broken_feeds=broken_feeds(context.dependencies),
        feed_count=len(context.dependencies.feeds_view()),
        disabled_webhooks=disabled_webhooks,
    )
