"""The caller of the API: the owner of a bearer token, or of a session.

A session's changes need its form token in ``X-Form-Token``. A bearer token needs none: no browser sends it by itself.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from services.common.db import reading
from services.common.errors import FirstwordError
from services.notifier.desk.auth import viewer_of_token
from services.notifier.desk.context import RequestContext, signed_in, site_of
from services.notifier.desk.errors import SignInNeeded

__all__ = ["Caller"]


def _caller(request: Request) -> RequestContext:
    """Return the caller's context.

    Raises:
        SignInNeeded: neither a known token nor a session.
        FirstwordError: a session's change lacks its form token.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        site = site_of(request)
        with reading(site.dependencies.engine) as connection:
            viewer = viewer_of_token(connection, token.strip())
        if viewer is None:
            raise SignInNeeded("This API token is not valid.")
        return RequestContext(site, request, viewer, site.dependencies.clock.now())
    context = signed_in(request)
    form_token = request.headers.get("x-form-token", "")
    if request.method != "GET" and not context.site.sessions.form_is_ours(context.viewer, form_token):
        raise FirstwordError("A change in a browser session needs the form token in the header X-Form-Token.")
    return context


Caller = Annotated[RequestContext, Depends(_caller)]
