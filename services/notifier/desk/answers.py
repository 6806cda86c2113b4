"""The answers to errors: a problem (RFC 9457) for the API, a page for people. Never a traceback."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from services.common.errors import FirstwordError
from services.common.logs import get_logger
from services.notifier.client_book.port import InvalidEntry
from services.notifier.desk.api.caller import Replay
from services.notifier.desk.api.models import GATE_PROBLEMS, gate_findings
from services.notifier.desk.context import signed_in
from services.notifier.desk.errors import (
    Conflict,
    FactorNeeded,
    Forbidden,
    GateRefused,
    InvalidFields,
    KeyReused,
    NotFound,
    ProofNeeded,
    RoleRefused,
    SignInNeeded,
    TooManyRequests,
)
from services.notifier.desk.pages.rendering import render, signin_page
from services.notifier.desk.problems import FieldError, problem_response
from services.notifier.desk.security import HEADERS
from services.notifier.roles import ROLES

__all__ = ["HANDLERS"]

log = get_logger(__name__)
#: The statuses of errors, the most special first; any other error that is raised on purpose is a 400.
STATUSES: tuple[tuple[type[FirstwordError], int], ...] = (
    (Conflict, 409),
    (NotFound, 404),
    (Forbidden, 403),
    (RoleRefused, 403),
    (FactorNeeded, 403),
    (ProofNeeded, 403),
    (KeyReused, 422),
    (TooManyRequests, 429),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def _sign_in(request: Request, error: Exception) -> Response:
    if _wants_json(request):
        fix = "Send a bearer token, or sign in."
        return problem_response(401, str(error), fix=fix, headers={"WWW-Authenticate": "Bearer"})
    if request.method == "GET":
        return RedirectResponse("/signin", status_code=303)
    return signin_page(request, "Your session has ended. Nothing was changed.", 401)


def _refused(request: Request, error: Exception) -> Response:
    """Say why an action isn't possible."""
    if isinstance(error, GateRefused):
        return _held_back(request, error)
    if isinstance(error, FactorNeeded) and not _wants_json(request):
        return RedirectResponse("/me/second-factor", status_code=303)
    if isinstance(error, ProofNeeded) and not _wants_json(request):
        return RedirectResponse(f"/me/proof?{urlencode({'then': error.then})}", status_code=303)
    if isinstance(error, RoleRefused) and request.url.path == "/":
        return RedirectResponse(ROLES[signed_in(request).viewer.role].home, status_code=303)
    if isinstance(error, InvalidEntry):
        errors = [FieldError(field=problem.field, message=str(problem)) for problem in error.problems]
        return _problem(request, 422, error.message, error.fix, errors=errors)
    if isinstance(error, InvalidFields):
        errors = [FieldError(field=field, message=message) for field, message in error.problems]
        return _problem(request, 422, error.message, error.fix, errors=errors)
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 400)
    headers = {}
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.seconds)
    if isinstance(error, Forbidden):
        headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope", scope="{error.scope}"'
    fix = getattr(error, "fix", None)
    return _problem(request, status, getattr(error, "message", str(error)), fix, headers=headers)


def _held_back(request: Request, refused: GateRefused) -> Response:
    """Say why the gate holds a message back: 422 if a reason is missing, 409 otherwise."""
    status = 422 if refused.refusal == "reason_needed" else 409
    if not _wants_json(request):
        return _problem(request, status, refused.message, refused.fix)
    findings = [finding.model_dump(mode="json") for finding in gate_findings(refused.findings)]
    kind = GATE_PROBLEMS[refused.refusal]
    return problem_response(status, refused.message, fix=refused.fix, name=kind, more={"findings": findings})


def _invalid(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    fields = [".".join(map(str, problem["loc"][1:])) or "body" for problem in found]
    errors = [FieldError(field=".".join(map(str, problem["loc"])), message=str(problem["msg"])) for problem in found]
    return _problem(request, 422, f"These fields are missing or invalid: {', '.join(fields)}.", None, errors=errors)


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return _problem(request, 404, "There is no such page.", None)
    if status != 405:
        return _problem(request, status, "This is not possible here.", None)
    allowed = ", ".join(_methods(request))
    return _problem(
        request, 405, f"{request.method} is not possible here.", f"Use {allowed}.", headers={"Allow": allowed}
    )


def _methods(request: Request) -> Sequence[str]:
    """Return the methods that some route answers at this address."""
    routes = request.app.router.routes
    return [
        method
        for method in METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ]


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
        return problem_response(503, message, fix="Repeat it after 5 s.", headers={"Retry-After": "5"})
    return PlainTextResponse(message + "\n", status_code=503, headers={"Retry-After": "5"})


def _unstorable(request: Request, error: Exception) -> Response:
    """Answer to a value that PostgreSQL can't store, such as a NUL character. The transaction was rolled back."""
    message = "A text contains a character that can't be stored, or is too long. Nothing was changed."
    return _problem(request, 400, message, "Type the text again instead of pasting it.")


def _failed(request: Request, error: Exception) -> Response:
    """Answer to a mistake of ours. The server logs it; outside the guard, the answer needs the guard's headers."""
    message = "Firstword could not do this because of an error of its own. It is in the log."
    if _wants_json(request):
        return problem_response(500, message, headers=HEADERS)
    return PlainTextResponse(message + "\n", status_code=500, headers=HEADERS)


def _replayed(request: Request, error: Exception) -> Response:
    assert isinstance(error, Replay)  # noqa: S101 - the only one that this is registered for
    answer = error.answer
    return Response(answer.body, answer.status, headers={"Idempotency-Replayed": "true"}, media_type="application/json")


def _problem(
    request: Request,
    status: int,
    message: str,
    fix: str | None,
    *,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    if _wants_json(request):
        return problem_response(status, message, fix=fix, errors=errors, headers=headers)
    try:
        context = signed_in(request)
    except SignInNeeded:
        page = signin_page(request, None if request.method == "GET" else message, status)
        page.headers.update(headers or {})
        return page
    path = request.url.path
    parent = path.rsplit("/", 1)[0] if request.method == "POST" and path.startswith("/drafts/") else "/"
    page = render(context, "problem.html", code=status, status=status, message=message, fix=fix, back=parent)
    page.headers.update(headers or {})
    return page


def _wants_json(request: Request) -> bool:
    return request.url.path.startswith("/api/")


HANDLERS: Mapping[type[Exception], Callable[[Request, Exception], Response]] = {
    SignInNeeded: _sign_in,
    FirstwordError: _refused,
    RequestValidationError: _invalid,
    HTTPException: _http,
    OperationalError: _database_away,
    DataError: _unstorable,
    Replay: _replayed,
    Exception: _failed,
}
