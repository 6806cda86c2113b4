"""The HTTP API under /api/v1, by session or by a bearer token."""

from __future__ import annotations

from fastapi import APIRouter

from services.notifier.desk.api import advice, alerts, client_entries, clients, drafts, events, managers, operations

__all__ = ["router"]

router = APIRouter(prefix="/api/v1")
for _part in (drafts, alerts, events, clients, client_entries, advice, managers, operations):
    router.include_router(_part.router)
