"""The OpenAPI document of the API, as it is served, published and used to generate the client."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from services.notifier.desk import api
from services.notifier.desk.api.caller import IDEMPOTENCY_KEY, pusher, sender
from services.notifier.desk.idempotency import KEPT_FOR, KEY_LIMIT, KEY_PATTERN
from services.notifier.desk.problems import PROBLEM_TYPE, Problem
from services.notifier.desk.tokens import ITEMS_SCOPE, TokenScope

__all__ = ["openapi_document"]

Json = dict[str, Any]
#: The version of the API. A change that may break a program gives it a prefix of its own, such as /api/v2.
VERSION = "1"
DESCRIPTION = (
    "Everything that the desk does, for programs. Send a token as a bearer token; create one on the desk under "
    "*Your settings*, or with `firstword tokens create`. Errors are problems (RFC 9457)."
)
PROBLEMS = {
    400: "The request is invalid.",
    401: "You must sign in, or the token is not valid any more.",
    403: "The token lacks the scope, or the request comes from another site.",
    404: "Not found, or not visible to you.",
    405: "Not possible here; the header Allow names the methods that are.",
    409: "Changed by somebody else in the meantime, or held back by the firm's rules.",
    413: "The request is too large, or its length is unknown.",
    422: "Fields are missing or invalid, or the idempotency key was used for another request.",
    429: "Too many requests: wait for the seconds in the header Retry-After.",
    500: "An error of Firstword's own.",
    503: "The database is unavailable: wait for the seconds in the header Retry-After.",
}


#: The generic name of a page of a list, and the name of its entries in it.
_PAGE = re.compile(r"ListPage_(?:Annotated_)?(\w+?)(?:__WrapSerializer__|_)\b")

_LOCAL_TIME = {"format": "time-local", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"}


@cache
def openapi_document() -> Json:
    """Return the document. It is built once; callers must not change it."""
    site = FastAPI(title="Firstword", version=VERSION, description=DESCRIPTION)
    site.include_router(api.router, responses={status: {"model": Problem} for status in PROBLEMS})
    document: Json = json.loads(_PAGE.sub(r"\1Page", json.dumps(site.openapi())), object_hook=_with_local_time)
    facts = {(path, method): (name, scope) for path, method, name, scope in _operations()}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            operation["operationId"], operation["x-scope"] = facts[path, method]
            _complete(operation, method)
    components = document["components"]
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A token of the desk, such as `fw_…`."}
    }
    document["security"] = [{"token": []}]
    return document


def _with_local_time(schema: Json) -> Json:
    """Return the schema of a time of day without an offset, for which JSON Schema's format ``time`` is wrong."""
    return {"type": "string", **_LOCAL_TIME} if schema.get("format") == "time" else schema


def _operations() -> Iterator[tuple[str, str, str, TokenScope]]:
    """Yield the path, the method, the name and the scope of each operation."""
    for part in api.PARTS.values():
        for route in part.routes:
            assert isinstance(route, APIRoute)  # noqa: S101 - the parts have no other routes
            for method in route.methods or ():
                reads: TokenScope = "read" if method == "GET" else "write"
                yield f"{api.PREFIX}{route.path_format}", method.lower(), route.name, _scope(route.dependant, reads)


def _scope(dependant: Dependant, otherwise: TokenScope) -> TokenScope:
    if _uses(dependant, pusher):
        return ITEMS_SCOPE
    return "send" if _uses(dependant, sender) else otherwise


def _uses(dependant: Dependant, call: Any) -> bool:
    return any(inner.call is call or _uses(inner, call) for inner in dependant.dependencies)


def _complete(operation: Json, method: str) -> None:
    """Add what FastAPI does not know of: problems and idempotency keys."""
    for status, response in operation["responses"].items():
        if int(status) in PROBLEMS:
            schema = next(iter(response["content"].values()))["schema"]
            response.update(description=PROBLEMS[int(status)], content={PROBLEM_TYPE: {"schema": schema}})
    if method == "post":
        hours = KEPT_FOR.total_seconds() / 3600
        operation.setdefault("parameters", []).append(
            {
                "name": IDEMPOTENCY_KEY,
                "in": "header",
                "required": False,
                "description": f"Makes repeats safe: for {hours:.0f} hours, the same key gets the first answer again.",
                "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LIMIT, "pattern": f"^{KEY_PATTERN}+$"},
            }
        )
