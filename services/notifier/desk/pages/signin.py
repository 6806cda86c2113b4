"""In by a one-time link, out by a button."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.common.db import reading
from services.notifier.desk import auth
from services.notifier.desk.auth import SESSION_COOKIE
from services.notifier.desk.web import Asking, our_form, site_of

__all__ = ["router", "signin_page"]

router = APIRouter()


def signin_page(request: Request, problem: str | None, status: int) -> HTMLResponse:
    """The page of those who aren't signed in: how to get in."""
    site = site_of(request)
    html = site.templates.get_template("signin.html").render(
        problem=problem, command=site.deps.settings.signin_command, static_version=site.static_version
    )
    return HTMLResponse(html, status_code=status)


@router.get("/signin")
def sign_in(request: Request, token: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Take a one-time link; without one, say how to get it."""
    site = site_of(request)
    if not token:
        return signin_page(request, None, 200)
    with site.deps.engine.begin() as connection:
        user_id = auth.redeem(connection, token, site.deps.clock.now())
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
        secure=site.deps.settings.base_url.startswith("https://"),
    )
    return response


def _used_link(request: Request) -> Response:
    """Whoever is in already, and opens their link again, need not be told off."""
    site = site_of(request)
    with reading(site.deps.engine) as connection:
        known = site.sessions.viewer(connection, request.cookies.get(SESSION_COOKIE, ""))
    if known is not None:
        return RedirectResponse("/", status_code=303)
    return signin_page(request, "This link was used already, or is too old.", 403)


@router.post("/signout")
def sign_out(who: Annotated[Asking, Depends(our_form)]) -> Response:
    """End this session."""
    response = RedirectResponse("/signin", status_code=303)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return response
