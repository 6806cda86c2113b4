"""API tokens: what they may do, until when, and a new one, whose text is shown once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from services.notifier.desk.actions.tokens import create, list_visible, revoke
from services.notifier.desk.context import RequestContext
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render
from services.notifier.desk.tokens import SCOPES

__all__ = ["router"]

router = APIRouter(prefix="/tokens")


@router.get("")
def list_tokens(context: PageRequest) -> HTMLResponse:
    """List the tokens."""
    return _page(context)


@router.post("")
def post_token(
    context: PageForm,
    name: Annotated[str, Form(max_length=200)],
    days: Annotated[int, Form(ge=1, le=1_826)],
    scope: Annotated[list[str] | None, Form()] = None,
) -> HTMLResponse:
    """Create a token and show it, this once."""
    with context.acting() as action:
        created = create(action, name, scope or (), days)
    return _page(context, created)


@router.post("/{token_id}/revoke")
def post_revoke(context: PageForm, token_id: str) -> Response:
    """Revoke a token."""
    with context.acting() as action:
        revoke(action, token_id)
    return redirect("/tokens", "token-revoked")


def _page(context: RequestContext, created: str | None = None) -> HTMLResponse:
    with context.reading() as connection:
        listed = list_visible(connection, context.viewer)
    return render(context, "tokens.html", tokens=listed, created=created, scopes=SCOPES)
