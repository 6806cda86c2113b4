"""API tokens as their user sees them: each sees and revokes their own, the owner everybody's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from services.notifier.desk import tokens
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.auth import Viewer
from services.notifier.desk.errors import NotFound
from services.notifier.desk.tokens import ApiToken

__all__ = ["create", "list_visible", "revoke"]


def list_visible(connection: Connection, viewer: Viewer) -> Sequence[ApiToken]:
    """Return the tokens that the viewer may see, the newest first."""
    return tokens.list_tokens(connection, _user_of(viewer))


def create(context: ActionContext, name: str, scopes: Sequence[str], days: int) -> str:
    """Create a token of the viewer and return its text, which nobody can read again.

    Raises:
        BadInput: the name, the scopes or the lifetime are not valid.
    """
    lifetime = timedelta(days=days)
    token = tokens.create_api_token(
        context.connection, context.viewer.user_id, context.now, name=name, scopes=scopes, valid_for=lifetime
    )
    context.audit("token.created", " ".join(name.split()), detail=", ".join(scopes))
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
    return None if viewer.role == "owner" else viewer.user_id
