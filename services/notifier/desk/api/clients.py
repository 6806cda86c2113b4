"""Clients, as in the client book."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from schemas.clients import Client
from services.notifier import queries
from services.notifier.desk.api.caller import Caller
from services.notifier.desk.api.models import Compact, ListPage, list_page

__all__ = ["router"]

router = APIRouter()


@router.get("/clients")
def list_clients(context: Caller) -> ListPage[Annotated[Client, Compact]]:
    """List clients by name; ``?q=`` searches name and organization."""
    with context.reading() as connection:
        page = queries.client_lines(
            connection, context.scope, search=context.search, number=context.page_number, size=context.page_size
        )
    context.audit_read("clients.listed", "clients")
    return list_page(page, [entry.client for entry in page.items])
