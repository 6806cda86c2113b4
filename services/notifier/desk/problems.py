"""Problem details (RFC 9457): the one form of every error that the API answers with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from pydantic import Field
from starlette.responses import JSONResponse, Response

from schemas.base import Model

__all__ = ["PROBLEM_TYPE", "FieldError", "Problem", "problem_response"]

PROBLEM_TYPE = "application/problem+json"
#: The problem types are names, not addresses. One without a name of its own is named after its status.
_NAMES = "urn:firstword:problem:"


class FieldError(Model):
    """A field of the request that is missing or invalid. ``field`` is its path, such as ``body.version``."""

    field: str
    message: str


class Problem(Model):
    """An error: what is wrong (``detail``) and what to do (``fix``).

    ``type`` names the kind of problem, ``title`` describes it in general. ``errors`` lists the invalid fields.
    ``error`` repeats ``detail`` for older programs.
    """

    type: str
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    fix: str | None = None
    errors: Sequence[FieldError] = ()
    error: str = Field(deprecated=True)


def problem_response(
    status: int,
    detail: str,
    *,
    fix: str | None = None,
    name: str | None = None,
    errors: Sequence[FieldError] = (),
    more: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem as a response. ``name`` is the kind of problem, ``more`` are members of this kind alone."""
    title = HTTPStatus(status).phrase
    kind = name or title.lower().replace(" ", "-")
    problem = Problem.model_construct(
        type=_NAMES + kind, title=title, status=status, detail=detail, fix=fix, errors=tuple(errors), error=detail
    )
    content = {**problem.model_dump(mode="json", warnings=False), **(more or {})}
    return JSONResponse(content, status, headers, media_type=PROBLEM_TYPE)
