"""Signing in by a one-time link, and signing out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.common.db import reading
from services.notifier.desk import auth
from services.notifier.desk.auth import SESSION_COOKIE
from services.notifier.desk.context import site_of
from services.notifier.desk.pages.rendering import VIEW_COOKIE, PageForm, render_bare

__all__ = ["router", "signin_page"]

router = APIRouter()


def signin_page(request: Request, problem: str | None, status: int, token: str = "") -> HTMLResponse:
    """Show how to sign in, or a button that redeems ``token``."""
    command = site_of(request).dependencies.settings.signin_command
    return render_bare(request, "signin.html", code=status, problem=problem, command=command, token=token)


@router.get("/signin")
def show_link(request: Request, token: Annotated[str, Query(max_length=200)] = "") -> HTMLResponse:
    """Show the button that redeems a one-time link: mail scanners and previews open links, and must not use them up."""
    return signin_page(request, None, 200, token)


@router.post("/signin")
def sign_in(request: Request, token: Annotated[str, Form(max_length=200)]) -> Response:
    """Redeem a one-time link."""
    site = site_of(request)
    with site.dependencies.engine.begin() as connection:
        user_id = auth.redeem(connection, token, site.dependencies.clock.now())
        cookie = None if user_id is None else site.sessions.issue(connection, user_id)
    if cookie is None:
        return _used_link(request)
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        SESSION_COOKIE,
        cookie,
        max_age=int(site.sessions.lifetime.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=site.dependencies.settings.base_url.startswith("https://"),
    )
    return response


def _used_link(request: Request) -> Response:
    """Let a user who is signed in already pass; tell others that the link is used."""
    site = site_of(request)
    with reading(site.dependencies.engine) as connection:
        viewer = site.sessions.viewer(connection, request.cookies.get(SESSION_COOKIE, ""))
    if viewer is not None:
        return RedirectResponse("/", status_code=303)
    return signin_page(request, "This link has expired or was already used.", 403)


@router.post("/signout")
def sign_out(context: PageForm) -> Response:
    """End all sessions of this user, on every device: who signs out may have left one open elsewhere."""
    with context.dependencies.engine.begin() as connection:
        auth.end_sessions(connection, context.viewer.user_id)
    response = RedirectResponse("/signin", status_code=303)
    for name in (SESSION_COOKIE, VIEW_COOKIE):
        response.delete_cookie(name, httponly=True, samesite="lax")
    return response
