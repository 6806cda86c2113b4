"""Builds the desk's web application of its pages, API and probes."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.staticfiles import StaticFiles

from services.notifier.desk import api, api_reference, hubs, pages, probes
from services.notifier.desk.answers import HANDLERS
from services.notifier.desk.api.keep_answers import KeepAnswers
from services.notifier.desk.auth import Sessions
from services.notifier.desk.context import Site
from services.notifier.desk.dependencies import DeskDependencies
from services.notifier.desk.live import LiveFeed
from services.notifier.desk.pages import openid
from services.notifier.desk.pages.rendering import STATIC, build_rendering
from services.notifier.desk.rates import RequestRates
from services.notifier.desk.security import Guard

__all__ = ["create_app"]

#: All routes. They are analyzed at their first request, once for all desks of a process.
ROUTES = APIRouter()
for _router in (*pages.ROUTERS, probes.router, hubs.router, api_reference.router, api.router):
    ROUTES.include_router(_router)


def create_app(dependencies: DeskDependencies) -> FastAPI:
    """Build the desk as an ASGI application.

    Raises:
        BadInput: the secret is too short to sign with.
    """
    settings = dependencies.settings
    app = FastAPI(title="Firstword", routes=ROUTES.routes, docs_url=None, redoc_url=None, openapi_url=None)
    sessions = Sessions(settings.secret, settings.session_lifetime)
    app.state.live = LiveFeed(dependencies.engine)
    requests, finds, items = map(RequestRates, (settings.api_rate, settings.find_rate, settings.item_rate))
    app.state.site = Site(dependencies, sessions, requests, finds, items, build_rendering())
    app.state.hub_rates = RequestRates(hubs.HUB_RATE)
    app.state.openid_rates = RequestRates(openid.RATE)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_middleware(KeepAnswers, engine=dependencies.engine)
    app.add_middleware(Guard, allowed_hosts=settings.allowed_hosts, secure=settings.base_url.startswith("https://"))
    return app
