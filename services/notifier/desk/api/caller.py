"""The caller of the API: the owner of a bearer token, or of a session.

A session's changes need its form token in ``X-Form-Token``. A bearer token needs none: no browser sends it by itself.
A token needs the scope ``read`` to read and ``write`` to change anything; operations that send a message to a client
take ``Sender`` instead of ``Caller`` and need the scope ``send``. A session has all scopes of its user. A token of an
inlet has the scope ``items`` alone, which operations with ``Pusher`` need, and nothing else has it.

A POST may have an ``Idempotency-Key``. It is handled here and in ``context.acting``: an operation needs nothing for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError

from services.common.db import reading
from services.common.errors import BadInput, FirstwordError
from services.common.keyset import Cursor
from services.notifier.desk import idempotency, throttle, tokens
from services.notifier.desk.access import API
from services.notifier.desk.auth import viewer_of_token
from services.notifier.desk.context import RequestContext, peer_of, require, signed_in, site_of
from services.notifier.desk.errors import Forbidden, SignInNeeded, TooManyAttempts, TooManyRequests
from services.notifier.desk.idempotency import Answer, KeyedRequest
from services.notifier.desk.tokens import ITEMS_SCOPE, TokenScope
from services.notifier.paging import Place

__all__ = ["IDEMPOTENCY_KEY", "Caller", "Listing", "Pusher", "Replay", "Sender", "Wanted", "pusher", "sender"]

IDEMPOTENCY_KEY = "idempotency-key"
READING = ("GET", "HEAD")


class Replay(Exception):
    """The request was carried out before: ``answer`` is the stored one."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("answered before")
        self.answer = answer


async def _content(request: Request) -> str:
    """Return the hash of the request's content. The framework has read the body already and keeps it."""
    return idempotency.content_of(request.method, request.url.path, await request.body())


def _known(request: Request) -> RequestContext:
    """Return the context of a token's or a session's user.

    Raises:
        SignInNeeded: neither a known token nor a session.
        TooManyRequests: the user's share of requests is used up.
        RequestValidationError: the operation has no such parameter.
        RoleRefused: the user's role doesn't allow it.
        FirstwordError: a session's change lacks its form token.
    """
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    context = _of_token(request, text.strip()) if scheme.lower() == "bearer" else _of_session(request)
    require(context, API)
    unknown = sorted(set(request.query_params) - _parameters(request.scope["route"].dependant))
    if unknown:
        raise RequestValidationError([{"loc": ("query", name), "msg": "Unknown parameter"} for name in unknown])
    wait = context.site.rates.take(context.caller_id, context.now)
    if wait:
        raise TooManyRequests(wait)
    return context


def _parameters(dependant: Dependant) -> set[str]:
    """Return the names of an operation's query parameters: a misspelled filter must not give the whole list."""
    inner = (_parameters(dependency) for dependency in dependant.dependencies)
    return {field.alias for field in dependant.query_params}.union(*inner)


def _of_session(request: Request) -> RequestContext:
    context = signed_in(request)
    form_token = request.headers.get("x-form-token", "")
    if request.method not in READING and not context.site.sessions.form_is_ours(context.viewer, form_token):
        raise FirstwordError("A change in a browser session needs the form token in the header X-Form-Token.")
    return context


def _of_token(request: Request, text: str) -> RequestContext:
    site = site_of(request)
    now = site.dependencies.clock.now()
    with reading(site.dependencies.engine) as connection:
        token = tokens.find_token(connection, text, now)
        viewer = None if token is None else viewer_of_token(connection, token)
        owner, why = (None, "") if viewer is not None else tokens.dead_token(connection, text, now)
    if token is None or viewer is None:
        seconds = throttle.refuse(
            site.dependencies.engine, now, what="token", peer=peer_of(request), user_id=owner, why=why
        )
        if seconds:
            raise TooManyAttempts(seconds)
        raise SignInNeeded("This API token is not valid.")
    if tokens.use_is_due(token, now):
        with site.dependencies.engine.begin() as connection:
            tokens.record_use(connection, token, now)
    return RequestContext(site, request, viewer, now, token.scopes, token.inlet_id)


Known = Annotated[RequestContext, Depends(_known)]
Content = Annotated[str, Depends(_content)]


def _caller(context: Known, content: Content) -> RequestContext:
    return _begun(context, content, "read" if context.request.method in READING else "write")


def sender(context: Known, content: Content) -> RequestContext:
    """Return the context of a request that sends a message to a client."""
    return _begun(context, content, "send")


def pusher(context: Known, content: Content) -> RequestContext:
    """Return the context of a request that puts items into the inlet of its token."""
    return _begun(context, content, ITEMS_SCOPE)


def _begun(context: RequestContext, content: str, scope: TokenScope) -> RequestContext:
    """Return the context of a request that may be carried out.

    Raises:
        Forbidden: the token lacks the scope.
        Replay: the request was carried out before.
        NotFound: it was, and the caller may no longer see what it changed.
    """
    if scope not in context.scopes:
        raise Forbidden(scope, fix="Use a token of an inlet." if scope == ITEMS_SCOPE else "Use another token.")
    request = context.request
    key = request.headers.get(IDEMPOTENCY_KEY)
    if request.method == "POST" and key is not None:
        keyed = KeyedRequest(context.caller_id, key, content, context.now)
        answer = idempotency.find_answer(context.dependencies.engine, keyed)
        if answer is not None:
            with context.reading() as connection:
                idempotency.require_visible(connection, context.viewer.user_id, context.scope, answer.subjects)
            context.audit_read("answer.repeated", request.url.path[:120], shown=(of for of, _ in answer.subjects))
            raise Replay(answer)
        request.state.keyed = keyed
    return context


@dataclass(frozen=True, slots=True)
class Wanted:
    """The part of a list that the caller asks for."""

    place: Place
    size: int


def _wanted(
    context: Known,
    cursor: Annotated[
        str,
        Query(
            max_length=2_000,
            pattern="^[A-Za-z0-9_-]*$",
            description="`next` of the page before; without it, the list begins.",
        ),
    ] = "",
    limit: Annotated[int | None, Query(ge=1, le=200, description="The number of entries on a page.")] = None,
    page: Annotated[
        int | None, Query(ge=1, le=1_000_000, deprecated=True, description="A page by its number; use `cursor`.")
    ] = None,
) -> Wanted:
    if page is not None and cursor:
        raise BadInput("A list has either a cursor or a page number.", fix="Leave out `page`.")
    return Wanted(Cursor(cursor) if page is None else page, limit or context.page_size)


Caller = Annotated[RequestContext, Depends(_caller)]
#: The caller of an operation that sends a message to a client.
Sender = Annotated[RequestContext, Depends(sender)]
#: The caller of an operation that puts items into an inlet: a program with a token of that inlet.
Pusher = Annotated[RequestContext, Depends(pusher)]
#: The part of a list: pass ``number=listing.place, size=listing.size`` to a query that ends in ``paging.page_of``.
Listing = Annotated[Wanted, Depends(_wanted)]
