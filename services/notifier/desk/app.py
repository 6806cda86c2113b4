"""Puts the desk together. Nothing is built at import; everything comes in by :class:`DeskDeps`."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from services.common.errors import FirstwordError
from services.common.logs import get_logger
from services.notifier.desk import api
from services.notifier.desk.actions import Conflict, NotFound
from services.notifier.desk.deps import DeskDeps
from services.notifier.desk.pages import (
    advice,
    audit,
    clients,
    digest,
    draft,
    feeds,
    inbox,
    judgment,
    me,
    ops,
    preferences,
    rewording,
    sent,
    signin,
)
from services.notifier.desk.security import Guard
from services.notifier.desk.web import SignInNeeded, Site, asking

__all__ = ["create_app"]

log = get_logger(__name__)
STATIC = Path(__file__).parent / "static"
ROUTERS = (
    signin.router,
    inbox.router,
    digest.router,
    draft.router,
    rewording.router,
    sent.router,
    clients.router,
    judgment.router,
    advice.router,
    feeds.router,
    me.router,
    preferences.router,
    audit.router,
    ops.router,
    api.router,
)


def create_app(deps: DeskDeps) -> FastAPI:
    """The desk as an ASGI application.

    Raises:
        BadInput: when the secret is too short to sign with.
    """
    app = FastAPI(title="Firstword", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = Site.build(deps, _version(STATIC))
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(SignInNeeded, _sign_in)
    app.add_exception_handler(FirstwordError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OperationalError, _database_away)
    app.add_middleware(
        Guard,
        allowed_hosts=deps.settings.allowed_hosts,
        secure=deps.settings.base_url.startswith("https://"),
    )
    return app


def _version(folder: Path) -> str:
    """Changes when a file in ``folder`` does, so that browsers may keep them for long."""
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted(folder.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sign_in(request: Request, error: Exception) -> Response:
    if _wants_json(request):
        return JSONResponse({"error": str(error)}, status_code=401, headers={"WWW-Authenticate": "Bearer"})
    if request.method == "GET":
        return RedirectResponse("/signin", status_code=303)
    return signin.signin_page(request, "Your session has ended; nothing was changed.", 401)


def _refused(request: Request, error: Exception) -> Response:
    """What a person did can't be done, with the reason; never a traceback."""
    status = 409 if isinstance(error, Conflict) else 404 if isinstance(error, NotFound) else 400
    fix = getattr(error, "fix", None)
    message = getattr(error, "message", str(error))
    return _tell(request, status, message, fix)


def _invalid(request: Request, error: Exception) -> Response:
    fields = (
        [".".join(map(str, one["loc"][1:])) for one in error.errors()]
        if isinstance(error, RequestValidationError)
        else []
    )
    return _tell(request, 422, f"These fields are missing or wrong: {', '.join(fields)}.", None)


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = "There is no such page." if status == 404 else "This can't be done here."
    return _tell(request, status, message, None)


def _database_away(request: Request, error: Exception) -> Response:
    """Rolled back whole, so nothing is half done; the page that would say so nicely needs the database as well."""
    log.warning(
        "The database is unavailable.",
        action="database.unavailable",
        component="desk",
        path=request.url.path,
        error=str(error),
    )
    message = "The database can't be reached at the moment. Nothing was changed; try again in a little while."
    if _wants_json(request):
        return JSONResponse({"error": message, "fix": None}, status_code=503, headers={"Retry-After": "5"})
    return PlainTextResponse(message + "\n", status_code=503, headers={"Retry-After": "5"})


def _tell(request: Request, status: int, message: str, fix: str | None) -> Response:
    if _wants_json(request):
        return JSONResponse({"error": message, "fix": fix}, status_code=status)
    try:
        who = asking(request)
    except SignInNeeded:
        return signin.signin_page(request, None if request.method == "GET" else message, status)
    path = request.url.path
    parent = path.rsplit("/", 1)[0] if request.method == "POST" and path.startswith("/drafts/") else "/"
    return who.page("problem.html", code=status, status=status, message=message, fix=fix, back=parent)


def _wants_json(request: Request) -> bool:
    return request.url.path.startswith("/api/")
