"""API tokens as their user sees them: each sees and revokes their own, the owner everybody's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from services.notifier.desk import second_factor, tokens
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.auth import Viewer
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.desk.tokens import ApiToken

__all__ = ["create", "list_visible", "revoke"]


def list_visible(connection: Connection, viewer: Viewer) -> Sequence[ApiToken]:
    """Return the tokens that the viewer may see, the newest first."""
    return tokens.list_tokens(connection, _user_of(viewer))


def create(context: ActionContext, name: str, scopes: Sequence[str], days: int, *, inlet_id: str | None = None) -> str:
    """Create a token of the viewer and return its text, which nobody can read again.

    With ``inlet_id``, it puts items into this inlet and may do nothing else.

    Raises:
        BadInput: the name, the scopes or the lifetime are not valid.
        Conflict: the viewer's role needs a second factor, and this session began without it.
    """
    session = context.viewer.session
    required = context.viewer.role in second_factor.required_roles(context.connection)
    if required and not (session is not None and session.with_factor):
        raise Conflict(
            "This session began without your second factor, and a token never asks for it.",
            fix="Sign out, and sign in again with a code.",
        )
    lifetime = timedelta(days=days)
    token = tokens.create_api_token(
        context.connection,
        context.viewer.user_id,
        context.now,
        name=name,
        scopes=scopes,
        valid_for=lifetime,
        inlet_id=inlet_id,
    )
    detail = ", ".join(scopes) if inlet_id is None else f"items, for the inlet {inlet_id}"
    context.audit("token.created", " ".join(name.split()), detail=detail)
    return token


def revoke(context: ActionContext, token_id: str) -> None:
    """Revoke a token: from now on it is refused.

    Raises:
        NotFound: the viewer may see no such token.
    """
    found = tokens.revoke_token(context.connection, token_id, context.now, _user_of(context.viewer))
    if found is None:
        raise NotFound("There is no such token.")
    context.audit("token.revoked", found.id, detail=found.name)


def _user_of(viewer: Viewer) -> str | None:
    return None if viewer.may("tokens.all") else viewer.user_id
