"""The caller's own account: who they are, what they chose, and the tokens of their programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from schemas.base import Model
from services.notifier.desk.actions import tokens, users
from services.notifier.desk.api.caller import Caller
from services.notifier.desk.tokens import TokenScope

__all__ = ["router"]

router = APIRouter()


class Account(Model):
    """The user who calls. ``scopes`` are what this call may do."""

    user_id: str
    name: str
    role: Literal["owner", "manager"]
    manager_id: str | None
    time_zone: str
    scopes: tuple[TokenScope, ...]


class TimeZone(Model):
    """The zone in which the desk shows times, such as Europe/Stockholm."""

    name: Annotated[str, Field(min_length=1, max_length=64)]


class TokenItem(Model):
    """A token for the API. Nobody can read its text again."""

    id: str
    user_id: str
    name: str
    scopes: tuple[TokenScope, ...]
    state: Literal["valid", "expired", "revoked"]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class TokenList(Model):
    """Tokens, the newest first."""

    items: Sequence[TokenItem]


class Revoked(Model):
    """A token that is refused from now on."""

    token_id: str


@router.get("/me")
def get_account(context: Caller) -> Account:
    """Return the caller and what they may do."""
    viewer = context.viewer
    return Account(
        user_id=viewer.user_id,
        name=viewer.name,
        role=viewer.role,
        manager_id=viewer.manager_id,
        time_zone=viewer.time_zone,
        scopes=context.scopes,
    )


@router.put("/me/time-zone")
def put_time_zone(context: Caller, zone: TimeZone) -> TimeZone:
    """Show the caller all times in another zone."""
    with context.acting() as action:
        users.change_time_zone(action, zone.name)
    return zone


@router.get("/tokens")
def list_tokens(context: Caller) -> TokenList:
    """List the caller's tokens; the owner sees everybody's. New ones are created on the desk or the command line."""
    with context.reading() as connection:
        found = tokens.list_visible(connection, context.viewer)
    return TokenList(
        items=[
            TokenItem(
                id=token.id,
                user_id=token.user_id,
                name=token.name,
                scopes=token.scopes,
                state=token.state(context.now),
                created_at=token.created_at,
                expires_at=token.expires_at,
                last_used_at=token.last_used_at,
            )
            for token in found
        ]
    )


@router.post("/tokens/{token_id}/revoke")
def revoke_token(context: Caller, token_id: str) -> Revoked:
    """Revoke a token."""
    with context.acting() as action:
        tokens.revoke(action, token_id)
    return Revoked(token_id=token_id)
