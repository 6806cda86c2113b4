"""The caller's own account: who they are, what they chose, and the tokens of their programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field, StrictBool

from schemas.base import Model
from services.notifier.desk.actions import sessions, tokens, users
from services.notifier.desk.api.caller import Caller
from services.notifier.desk.tokens import TokenScope
from services.notifier.roles import Role

__all__ = ["router"]

router = APIRouter()


class Account(Model):
    """The user who calls. ``scopes`` are what this call may do."""

    user_id: str
    name: str
    role: Role
    manager_id: str | None
    time_zone: str
    scopes: tuple[TokenScope, ...]
    open_next: bool
    shortcuts: bool


class WaysOfWorking(Model):
    """The user's choices for the desk: to open the next draft after a decision, and to have single keys."""

    open_next: StrictBool
    shortcuts: StrictBool


class Colleague(Model):
    """Somebody to whom a draft can be given, or who can be asked about it."""

    user_id: str
    name: str


class ColleagueList(Model):
    """All who may sign in, by name; also account managers who have not signed in yet."""

    items: Sequence[Colleague]


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


class SessionItem(Model):
    """A browser in which a user is signed in.

    ``means`` is how they signed in, ``network`` the shortened address of the latest request. ``is_this``: it is the
    session of this call.
    """

    id: str
    user_id: str
    user_name: str
    means: str
    browser: str
    network: str
    with_factor: bool
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    is_this: bool


class SessionList(Model):
    """Open sessions, the caller's own first."""

    items: Sequence[SessionItem]


class EndedSession(Model):
    """A session that has ended."""

    session_id: str


class EndedSessions(Model):
    """The number of sessions that have ended."""

    ended: int


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
        open_next=viewer.open_next,
        shortcuts=viewer.shortcuts,
    )


@router.put("/me/ways")
def put_ways_of_working(context: Caller, ways: WaysOfWorking) -> WaysOfWorking:
    """Choose whether the next draft opens after a decision, and whether single keys do something."""
    with context.acting() as action:
        users.change_ways_of_working(action, open_next=ways.open_next, shortcuts=ways.shortcuts)
    return ways


@router.get("/colleagues")
def list_colleagues(context: Caller) -> ColleagueList:
    """List those to whom the caller can give a draft, or whom they can ask about it."""
    with context.reading() as connection:
        found = users.colleagues(connection)
    return ColleagueList(items=[Colleague(user_id=user_id, name=name) for user_id, name in found.items()])


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


@router.get("/sessions")
def list_sessions(context: Caller) -> SessionList:
    """List the browsers in which the caller is signed in; the owner sees everybody's."""
    this = context.viewer.session
    with context.reading() as connection:
        found = sessions.list_visible(connection, context.viewer, context.now)
    return SessionList(
        items=[
            SessionItem(
                **{name: value for name, value in asdict(session).items() if name in SessionItem.model_fields},
                is_this=this is not None and this.id == session.id,
            )
            for session in found
        ]
    )


@router.post("/sessions/end-others")
def end_other_sessions(context: Caller) -> EndedSessions:
    """End all sessions of the caller but the one that asks; a program ends all."""
    with context.acting() as action:
        return EndedSessions(ended=sessions.end_others(action))


@router.post("/sessions/{session_id}/end")
def end_session(context: Caller, session_id: str) -> EndedSession:
    """End one session: that browser has to sign in again."""
    with context.acting() as action:
        sessions.end(action, session_id)
    return EndedSession(session_id=session_id)
