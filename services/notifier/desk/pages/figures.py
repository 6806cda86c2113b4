"""Figures about messages, as pictures with tables: messages per week and client, and the time to the first word."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.notifier.desk import labels
from services.notifier.desk.actions.figures import WEEKS, first_words, week_name, week_starts, weekly_messages
from services.notifier.desk.pages.rendering import PageRequest, render
from services.notifier.desk.pictures import bars

__all__ = ["router"]

router = APIRouter(prefix="/figures")
#: Clients that are listed: those with the most messages.
MOST_CLIENTS = 30


@router.get("")
def figures(context: PageRequest) -> HTMLResponse:
    """Show the figures of the last weeks."""
    starts = week_starts(context.now, labels.zone(context.viewer.time_zone))
    with context.reading() as connection:
        waited = first_words(connection, context.scope, context.now - timedelta(weeks=WEEKS))
        weekly = weekly_messages(connection, context.scope, starts)
    names = list(map(week_name, starts))
    totals = [(name, sum(line.counts[week] for line in weekly)) for week, name in enumerate(names)]
    context.audit_read("figures.read", "figures", shown=(line.client_id for line in weekly[:MOST_CLIENTS]))
    return render(
        context,
        "figures.html",
        waited=waited,
        wait_bars=bars(waited.groups),
        weeks=names,
        week_bars=bars(totals),
        weekly=weekly[:MOST_CLIENTS],
        more=max(0, len(weekly) - MOST_CLIENTS),
    )
