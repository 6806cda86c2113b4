"""The desk's pages, one module for each part of the navigation. No page imports another."""

from __future__ import annotations

from services.notifier.desk.pages import (
    advice,
    alerts,
    audit,
    clients,
    decisions,
    digest,
    draft,
    events,
    feeds,
    inbox,
    managers,
    my_settings,
    sent,
    signin,
    tokens,
)

__all__ = ["ROUTERS"]

ROUTERS = tuple(
    page.router
    for page in (
        signin,
        inbox,
        digest,
        draft,
        sent,
        clients,
        alerts,
        events,
        decisions,
        advice,
        feeds,
        my_settings,
        tokens,
        managers,
        audit,
    )
)
