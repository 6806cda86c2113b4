"""The HTTP API under /api/v1, by session or by a bearer token. See ``caller`` for what its operations share."""

from __future__ import annotations

from fastapi import APIRouter

from services.notifier.desk.access import API
from services.notifier.desk.api import (
    account,
    advice,
    alerts,
    bulk,
    client_entries,
    client_imports,
    clients,
    drafts,
    duplicates,
    events,
    feeds,
    inlets,
    items,
    managers,
    operations,
    overview,
    quarantine,
    records,
    search,
    triage,
    views,
)

__all__ = ["PARTS", "PREFIX", "router"]

PREFIX = API
#: The parts by the names under which the reference lists their operations.
PARTS = {
    "Drafts": drafts.router,
    "Overview": overview.router,
    "Triage": triage.router,
    "Saved views": views.router,
    "Many drafts": bulk.router,
    "Search": search.router,
    "Records": records.router,
    "Verdicts": alerts.router,
    "Events": events.router,
    "Clients": clients.router,
    "Client book": client_entries.router,
    "Duplicates": duplicates.router,
    "News without a feed": inlets.router,
    "Feeds and sources": feeds.router,
    "Items": items.router,
    "Imports of clients": client_imports.router,
    "Advice": advice.router,
    "Account managers": managers.router,
    "Operations": operations.router,
    "Quarantine": quarantine.router,
    "Your account": account.router,
}

router = APIRouter(prefix=PREFIX)
for _name, _part in PARTS.items():
    router.include_router(_part, tags=[_name])
