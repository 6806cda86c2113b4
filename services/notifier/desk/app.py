"""Builds the desk's web application of its pages, API and probes."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from services.notifier.desk import api, api_reference, pages, probes
from services.notifier.desk.answers import HANDLERS
from services.notifier.desk.api.keep_answers import KeepAnswers
from services.notifier.desk.auth import Sessions
from services.notifier.desk.context import Site
from services.notifier.desk.dependencies import DeskDependencies
from services.notifier.desk.live import LiveFeed
from services.notifier.desk.pages.rendering import STATIC, build_rendering
from services.notifier.desk.rates import RequestRates
from services.notifier.desk.security import Guard

__all__ = ["create_app"]


def create_app(dependencies: DeskDependencies) -> FastAPI:
    """Build the desk as an ASGI application.

    Raises:
        BadInput: the secret is too short to sign with.
    """
    settings = dependencies.settings
    app = FastAPI(title="Firstword", docs_url=None, redoc_url=None, openapi_url=None)
    sessions = Sessions(settings.secret, settings.session_lifetime)
    app.state.live = LiveFeed(dependencies.engine)
    app.state.site = Site(dependencies, sessions, RequestRates(settings.api_rate), build_rendering())
    for router in (*pages.ROUTERS, probes.router, api_reference.router, api.router):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_middleware(KeepAnswers, engine=dependencies.engine)
    app.add_middleware(Guard, allowed_hosts=settings.allowed_hosts, secure=settings.base_url.startswith("https://"))
    return app
