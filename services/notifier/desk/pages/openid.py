"""Signing in with the firm's OpenID Connect provider: people who are known here, by their verified address."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from services.common.errors import Unreachable
from services.notifier.desk import auth, throttle
from services.notifier.desk.context import peer_of, site_of
from services.notifier.desk.errors import NotFound
from services.notifier.desk.openid import Attempt, Identity, OpenIdFailed, OpenIdProvider
from services.notifier.desk.pages.rendering import (
    begin_session,
    drop_signin_cookie,
    refuse_signin,
    set_signin_cookie,
    signin_page,
    too_many_signins,
)
from services.notifier.desk.rates import RequestRates

__all__ = ["RATE", "router"]

router = APIRouter(prefix="/signin/openid")
#: What an attempt must come back with, while the browser is at the provider.
ATTEMPT_COOKIE = "firstword_openid"
#: Requests of a network in a minute: each may make Firstword ask the provider, which would refuse it after too many.
RATE = 60
REFUSED = "You can't sign in this way. Ask the owner of this installation to enter your address under People."


@router.get("")
async def begin(request: Request, again: bool = False) -> Response:
    """Send the browser to the provider, which asks for the password ``again`` even of those whom it knows."""
    site, provider, attempt = site_of(request), _provider(request), Attempt.new()
    wait = _wait(request)
    if wait:
        return too_many_signins(request, wait)
    try:
        address = await provider.signin_address(attempt, site.dependencies.clock.now(), again=again)
    except (OpenIdFailed, Unreachable) as failed:
        return signin_page(request, f"{provider.settings.name} can't be asked now: {failed}", 502)
    response = RedirectResponse(address, status_code=303)
    set_signin_cookie(site, response, ATTEMPT_COOKIE, site.sessions.keep_attempt(attempt))
    return response


@router.get("/callback")
async def come_back(request: Request) -> Response:
    """Begin a session of the person whom the provider names, if they are known here."""
    site, provider = site_of(request), _provider(request)
    wait = _wait(request)
    if wait:
        return too_many_signins(request, wait)
    attempt = site.sessions.kept_attempt(request.cookies.get(ATTEMPT_COOKIE, ""))
    try:
        if attempt is None:
            raise OpenIdFailed("this browser began no attempt, or it took too long")
        identity = await provider.identify(attempt, request.query_params, site.dependencies.clock.now())
    except Unreachable as failed:
        return signin_page(request, f"{provider.settings.name} can't be asked now: {failed}", 502)
    except OpenIdFailed as failed:
        response = await run_in_threadpool(_refuse, request, None, failed.message)
    else:
        response = await run_in_threadpool(_sign_in, request, identity)
    drop_signin_cookie(response, ATTEMPT_COOKIE)
    return response


def _provider(request: Request) -> OpenIdProvider:
    provider = site_of(request).dependencies.openid
    if provider is None:
        raise NotFound("There is no such page.")
    return provider


def _wait(request: Request) -> int:
    """Count a request of this network; return the seconds for which it has to wait, or 0."""
    rates = request.app.state.openid_rates
    assert isinstance(rates, RequestRates)  # noqa: S101 - create_app sets it
    return rates.take(throttle.network_of(peer_of(request)), site_of(request).dependencies.clock.now())


def _sign_in(request: Request, identity: Identity) -> Response:
    site = site_of(request)
    now = site.dependencies.clock.now()
    with site.dependencies.engine.begin() as connection:
        user_id, why = auth.user_by_openid(connection, identity.email, identity.subject)
        if user_id is not None and not why:
            throttle.forget(connection, f"openid {user_id}")
            proved_at = identity.proved_at
            return begin_session(request, connection, user_id, "OpenID Connect", now, proved_at=proved_at)
    return _refuse(request, user_id, why)


def _refuse(request: Request, user_id: str | None, why: str) -> Response:
    return refuse_signin(request, "openid", REFUSED, user_id=user_id, why=why)
