"""The page on which users set up, renew and remove their second factor."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from services.common.errors import BadInput
from services.notifier.desk import second_factor, totp
from services.notifier.desk.actions import second_factor as actions
from services.notifier.desk.context import RequestContext, peer_of, signin_by
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render, set_session
from services.notifier.desk.throttle import network_of

__all__ = ["router"]

router = APIRouter(prefix="/me/second-factor")
UNPROVEN = datetime.fromtimestamp(0, UTC)
Code = Annotated[str, Form(max_length=60)]


@router.get("")
def show(context: PageRequest) -> HTMLResponse:
    """Show whether the viewer has a second factor, and what to do."""
    return _page(context)


@router.post("/begin")
def begin(context: PageForm) -> HTMLResponse:
    """Show a new secret, as a picture for the app and as text."""
    with context.acting() as action:
        secret = actions.begin(action)
    return _secret_page(context, secret)


@router.post("/confirm")
def confirm(context: PageForm, code: Code) -> HTMLResponse:
    """Turn the second factor on, and show recovery codes."""
    with context.reading() as connection:
        secret = second_factor.pending_secret(connection, context.viewer.user_id)
    try:
        return _confirmed(context, code)
    except BadInput as wrong:
        if secret is None:
            raise
        return _secret_page(context, secret, problem=str(wrong), code=400)


def _confirmed(context: RequestContext, code: str) -> HTMLResponse:
    with context.acting() as action:
        codes = actions.confirm(action, code)
        # Its owner has proved nothing by it: the secret was made in this session, which may be a stolen one.
        session = context.viewer.session
        proved_at = session.proved_at if session is not None and session.proved_at is not None else UNPROVEN
        signin = signin_by(context.request, "new second factor", with_factor=True, proved_at=proved_at)
        cookie = context.site.sessions.issue(action.connection, context.viewer.user_id, signin, context.now)
    page = _page(context, codes=codes)
    set_session(context.site, page, cookie)  # the other sessions have ended
    return page


@router.post("/codes")
def renew(context: PageForm, code: Code) -> HTMLResponse:
    """Show new recovery codes in place of the earlier ones."""
    _check(context, code)
    with context.acting() as action:
        codes = actions.renew_codes(action)
    return _page(context, codes=codes)


@router.post("/remove")
def remove(context: PageForm, code: Code) -> Response:
    """Remove the second factor."""
    _check(context, code)
    with context.acting() as action:
        actions.remove(action)
    return redirect("/me/second-factor", "factor-removed")


def _check(context: RequestContext, code: str) -> None:
    origin = f"from {network_of(peer_of(context.request))}"
    engine, user_id = context.dependencies.engine, context.viewer.user_id
    if actions.check_code(engine, user_id, code, context.now, origin=origin) is None:
        raise BadInput(actions.WRONG, fix=actions.FIX)


def _secret_page(context: RequestContext, secret: str, **values: Any) -> HTMLResponse:
    link = totp.link_for(secret, context.viewer.user_id, "Firstword")
    picture = segno.make(link, error="m").svg_data_uri(scale=5, border=4, light="#ffffff")
    return _page(context, secret=secret, picture=picture, **values)


def _page(context: RequestContext, *, code: int = 200, **values: Any) -> HTMLResponse:
    with context.reading() as connection:
        on = second_factor.has_factor(connection, context.viewer.user_id)
        left = second_factor.codes_left(connection, context.viewer.user_id)
        required = context.viewer.role in second_factor.required_roles(connection)
    frame = {
        "secret": None,
        "picture": None,
        "codes": (),
        "problem": None,
        "on": on,
        "left": left,
        "required": required,
    }
    return render(context, "second_factor.html", code=code, **{**frame, **values})
