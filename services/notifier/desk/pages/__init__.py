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
    duplicates,
    events,
    expired,
    feeds,
    figures,
    inbox,
    inlets,
    live,
    managers,
    my_settings,
    openid,
    people,
    proof,
    quarantine,
    search,
    second_factor,
    sent,
    sessions,
    signin,
    sources,
    tokens,
)

__all__ = ["ROUTERS"]

ROUTERS = tuple(
    page.router
    for page in (
        signin,
        openid,
        inbox,
        bulk,
        live,
        digest,
        draft,
        sent,
        client_imports,
        duplicates,
        client_edit,  # before clients, whose addresses would match its own
        clients,
        alerts,
        events,
        expired,
        decisions,
        advice,
        feeds,
        inlets,
        quarantine,
        figures,
        sources,
        my_settings,
        proof,
        second_factor,
        search,
        tokens,
        sessions,
        managers,
        people,
        audit,
    )
)
