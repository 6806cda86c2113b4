"""The desk's pages, one module for each part of the navigation. No page imports another."""

from __future__ import annotations

from services.notifier.desk.pages import (
    advice,
    alerts,
    audit,
    bulk,
    client_edit,
    client_imports,
    clients,
    decisions,
    digest,
    draft,
    events,
    expired,
    feeds,
    figures,
    inbox,
    live,
    managers,
    my_settings,
    search,
    sent,
    signin,
    sources,
    tokens,
)

__all__ = ["ROUTERS"]

ROUTERS = tuple(
    page.router
    for page in (
        signin,
        inbox,
        bulk,
        live,
        digest,
        draft,
        sent,
        client_imports,
        client_edit,  # before clients, whose addresses would match its own
        clients,
        alerts,
        events,
        expired,
        decisions,
        advice,
        feeds,
        figures,
        sources,
        my_settings,
        search,
        tokens,
        managers,
        audit,
    )
)
