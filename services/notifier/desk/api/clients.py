"""Clients, as in the client book, and what account managers record about them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from schemas.clients import Client
from services.notifier import queries
from services.notifier.desk.actions import clients
from services.notifier.desk.api.caller import Caller, Listing
from services.notifier.desk.api.models import (
    Compact,
    ListPage,
    MoodDecision,
    MoodHint,
    MoodState,
    Recorded,
    Traits,
    list_page,
)
from services.notifier.desk.errors import NotFound
from services.notifier.desk.mood import mood_suggestion

__all__ = ["router"]

router = APIRouter()


@router.get("/clients")
def list_clients(
    context: Caller,
    listing: Listing,
    q: Annotated[str, Query(max_length=200)] = "",
    manager: Annotated[str, Query(max_length=80)] = "",
    archived: bool = False,
    asking: Annotated[bool, Query(description="Only those whose goals or risk tolerance are not known.")] = False,
) -> ListPage[Annotated[Client, Compact]]:
    """List clients by name; ``?q=`` searches name and organization."""
    wanted = queries.ClientFilter(q.strip(), manager, archived=archived, asking=asking)
    with context.reading() as connection:
        page = queries.client_lines(connection, context.scope, wanted, number=listing.place, size=listing.size)
    context.audit_read("clients.listed", "clients", shown=(entry.client.id for entry in page.items))
    return list_page(page, [entry.client for entry in page.items])


@router.post("/clients/{client_id}/traits")
def record_traits(context: Caller, client_id: str, traits: Traits) -> Recorded:
    """Record a goal and a risk tolerance that the client book leaves out."""
    with context.acting() as action:
        clients.record_traits(action, client_id, risk=traits.risk or "", goal=traits.goal, words=traits.words)
    return Recorded(client_id=client_id)


@router.get("/clients/{client_id}/mood")
def get_mood(context: Caller, client_id: str) -> MoodState:
    """Return how the client feels, and what a conversation suggests that nobody has decided on yet."""
    with context.reading() as connection:
        entry = queries.client(connection, context.scope, client_id)
        contacts = queries.contacts(connection, context.scope, client_id)
    if entry is None:
        raise NotFound("There is no such client.")
    context.audit_read("client.read", client_id, client_id)
    found = mood_suggestion(entry.client, contacts, context.now)
    suggestion = None if found is None else MoodHint(quote=found.quote, words=found.words, at=found.at)
    return MoodState(mood=entry.client.mood, decided_at=entry.client.mood_decided_at, suggestion=suggestion)


@router.post("/clients/{client_id}/mood")
def decide_mood(context: Caller, client_id: str, decision: MoodDecision) -> Recorded:
    """Record how the client feels at present; drafts to an upset client are calm and don't urge."""
    with context.acting() as action:
        clients.decide_mood(action, client_id, decision.mood)
    return Recorded(client_id=client_id)
