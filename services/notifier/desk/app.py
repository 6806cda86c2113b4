"""Builds the desk's web application: pages, API, probes, and the answers to errors."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from services.common.errors import FirstwordError
from services.common.logs import get_logger
from services.notifier.desk import api, pages, probes
from services.notifier.desk.api.models import GATE_PROBLEMS, GateProblem, gate_findings
from services.notifier.desk.auth import Sessions
from services.notifier.desk.context import Site, signed_in
from services.notifier.desk.dependencies import DeskDependencies
from services.notifier.desk.errors import Conflict, GateRefused, NotFound, SignInNeeded
from services.notifier.desk.pages.rendering import STATIC, build_rendering, render
from services.notifier.desk.pages.signin import signin_page
from services.notifier.desk.security import Guard

__all__ = ["create_app"]

log = get_logger(__name__)


def create_app(dependencies: DeskDependencies) -> FastAPI:
    """Build the desk as an ASGI application.

    Raises:
        BadInput: the secret is too short to sign with.
    """
    settings = dependencies.settings
    app = FastAPI(title="Firstword", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = Site(dependencies, Sessions(settings.secret, settings.session_lifetime), build_rendering())
    for router in (*pages.ROUTERS, probes.router, api.router):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(SignInNeeded, _sign_in)
    app.add_exception_handler(FirstwordError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OperationalError, _database_away)
    app.add_middleware(Guard, allowed_hosts=settings.allowed_hosts, secure=settings.base_url.startswith("https://"))
    return app


def _sign_in(request: Request, error: Exception) -> Response:
    if _wants_json(request):
        return JSONResponse({"error": str(error)}, status_code=401, headers={"WWW-Authenticate": "Bearer"})
    if request.method == "GET":
        return RedirectResponse("/signin", status_code=303)
    return signin_page(request, "Your session has ended. Nothing was changed.", 401)


def _refused(request: Request, error: Exception) -> Response:
    """Say why an action isn't possible; never show a traceback."""
    if isinstance(error, GateRefused):
        return _held_back(request, error)
    status = 409 if isinstance(error, Conflict) else 404 if isinstance(error, NotFound) else 400
    fix = getattr(error, "fix", None)
    message = getattr(error, "message", str(error))
    return _problem(request, status, message, fix)


def _held_back(request: Request, refused: GateRefused) -> Response:
    """Say why the gate holds a message back: 422 if a reason is missing, 409 otherwise."""
    status = 422 if refused.refusal == "reason_needed" else 409
    if not _wants_json(request):
        return _problem(request, status, refused.message, refused.fix)
    problem = GateProblem(
        type=GATE_PROBLEMS[refused.refusal],
        error=refused.message,
        fix=refused.fix,
        findings=gate_findings(refused.findings),
    )
    return JSONResponse(problem.model_dump(mode="json"), status_code=status)


def _invalid(request: Request, error: Exception) -> Response:
    fields = (
        [".".join(map(str, problem["loc"][1:])) for problem in error.errors()]
        if isinstance(error, RequestValidationError)
        else []
    )
    return _problem(request, 422, f"These fields are missing or invalid: {', '.join(fields)}.", None)


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = "There is no such page." if status == 404 else "This is not possible here."
    return _problem(request, status, message, None)


def _database_away(request: Request, error: Exception) -> Response:
    """Answer in plain text: a page would need the database. The transaction was rolled back."""
    log.warning(
        "The database is unavailable.",
        action="database.unavailable",
        component="desk",
        path=request.url.path,
        error=str(error),
    )
    message = "The database can't be reached at the moment. Nothing was changed; please try again in a minute."
    if _wants_json(request):
        return JSONResponse({"error": message, "fix": None}, status_code=503, headers={"Retry-After": "5"})
    return PlainTextResponse(message + "\n", status_code=503, headers={"Retry-After": "5"})


def _problem(request: Request, status: int, message: str, fix: str | None) -> Response:
    if _wants_json(request):
        return JSONResponse({"error": message, "fix": fix}, status_code=status)
    try:
        context = signed_in(request)
    except SignInNeeded:
        return signin_page(request, None if request.method == "GET" else message, status)
    path = request.url.path
    parent = path.rsplit("/", 1)[0] if request.method == "POST" and path.startswith("/drafts/") else "/"
    return render(context, "problem.html", code=status, status=status, message=message, fix=fix, back=parent)


def _wants_json(request: Request) -> bool:
    return request.url.path.startswith("/api/")
