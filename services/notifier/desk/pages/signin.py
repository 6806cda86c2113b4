"""Signing in by a one-time link, the code of the second factor, and signing out."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.common.db import reading
from services.notifier import audit
from services.notifier.desk import auth, throttle
from services.notifier.desk.actions.second_factor import FIX, WRONG, check_code
from services.notifier.desk.auth import CODE_COOKIE, SESSION_COOKIE
from services.notifier.desk.context import signin_by, site_of
from services.notifier.desk.errors import TooManyAttempts
from services.notifier.desk.pages.rendering import (
    VIEW_COOKIE,
    PageForm,
    begin_session,
    drop_signin_cookie,
    origin_of,
    refuse_signin,
    render_bare,
    replace_session,
    set_session,
    signin_page,
)

__all__ = ["router"]

router = APIRouter()
EXPIRED = "This took too long. Nothing was changed; sign in with a new link."


@router.get("/signin")
def show_link(request: Request, token: Annotated[str, Query(max_length=200)] = "") -> HTMLResponse:
    """Show the button that redeems a one-time link: mail scanners and previews open links, and must not use them up."""
    return signin_page(request, None, 200, token)


@router.post("/signin")
def sign_in(request: Request, token: Annotated[str, Form(max_length=200)]) -> Response:
    """Redeem a one-time link."""
    site = site_of(request)
    now = site.dependencies.clock.now()
    with site.dependencies.engine.begin() as connection:
        user_id = auth.redeem(connection, token, now)
        if user_id is not None:
            throttle.forget(connection, f"link {user_id}")
        begun = None if user_id is None else begin_session(request, connection, user_id, "link", now)
    return _dead_link(request, token) if begun is None else begun


@router.get("/signin/code")
def show_code(request: Request) -> HTMLResponse:
    """Ask for the code of a user who has passed the first factor."""
    asked = _asked(request)
    return signin_page(request, EXPIRED, 403) if asked is None else _code_page(request, asked[2])


@router.post("/signin/code")
def sign_in_with_code(
    request: Request,
    code: Annotated[str, Form(max_length=60)],
    form_token: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Begin a session if the code is right."""
    site, asked = site_of(request), _asked(request)
    if asked is None or not hmac.compare_digest(asked[2].encode(), form_token.encode()):
        return signin_page(request, EXPIRED, 403)
    user_id, now = asked[0], site.dependencies.clock.now()
    try:
        kind = check_code(site.dependencies.engine, user_id, code, now, origin=origin_of(request))
    except TooManyAttempts as refused:
        page = _code_page(request, asked[2], str(refused), 429)
        page.headers["Retry-After"] = str(refused.seconds)
        return page
    if kind is None:
        return _code_page(request, asked[2], f"{WRONG} {FIX}", 403)
    with site.dependencies.engine.begin() as connection:
        means = f"{asked[1]} and {kind}"
        replace_session(request, connection)
        cookie = site.sessions.issue(connection, user_id, signin_by(request, means, with_factor=True), now)
        audit.record(connection, now, user_id, "signin", means, detail=origin_of(request))
    response = RedirectResponse("/", status_code=303)
    set_session(site, response, cookie)
    drop_signin_cookie(response, CODE_COOKIE)
    return response


def _asked(request: Request) -> tuple[str, str, str] | None:
    site = site_of(request)
    with reading(site.dependencies.engine) as connection:
        return site.sessions.asked_for_code(connection, request.cookies.get(CODE_COOKIE, ""))


def _code_page(request: Request, form_token: str, problem: str | None = None, status: int = 200) -> HTMLResponse:
    return render_bare(request, "signin_code.html", code=status, problem=problem, form_token=form_token)


def _dead_link(request: Request, token: str) -> Response:
    """Let a user who is signed in already pass; refuse others in the same words, whatever is wrong with the link."""
    site = site_of(request)
    with reading(site.dependencies.engine) as connection:
        viewer = site.sessions.viewer(connection, request.cookies.get(SESSION_COOKIE, ""))
        owner, why = auth.dead_link(connection, token)
    if viewer is not None:
        return RedirectResponse("/", status_code=303)
    problem = "This link has expired or was already used."
    return refuse_signin(request, "link", problem, user_id=owner, why=why)


@router.post("/signout")
def sign_out(context: PageForm) -> Response:
    """End all sessions of this user, on every device: who signs out may have left one open elsewhere."""
    with context.dependencies.engine.begin() as connection:
        auth.end_sessions(connection, context.viewer.user_id)
        audit.record(connection, context.now, context.viewer.user_id, "signout", context.viewer.user_id)
    response = RedirectResponse("/signin", status_code=303)
    for name in (SESSION_COOKIE, VIEW_COOKIE):
        response.delete_cookie(name, httponly=True, samesite="lax")
    return response
