"""The callback of WebSub: hubs confirm subscriptions and announce news of feeds. It is public, and can do nothing else.

The address has an unguessable token; any other is not found. An announcement must be signed with the secret that only
the hub got, and even then it only makes Firstword ask the feed itself: nothing of its content is used or kept.
"""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse, Response

from services.notifier.desk.context import site_of
from services.notifier.desk.dependencies import HubPort
from services.notifier.desk.rates import RequestRates

__all__ = ["HUB_RATE", "router"]

#: Requests that one sender may send in a minute. A hub may serve thousands of feeds.
HUB_RATE = 1_200
#: The largest announcement that is read; hubs send what is new in a feed, or all of it.
LARGEST_BODY = 10_000_000
#: Characters of a challenge that is returned.
LONGEST_CHALLENGE = 1_000

router = APIRouter(prefix="/websub", include_in_schema=False)
_NOT_FOUND = "There is no subscription here.\n"


@router.get("/{token}")
def confirm(
    request: Request,
    token: str,
    mode: Annotated[str, Query(alias="hub.mode", max_length=20)] = "",
    topic: Annotated[str, Query(alias="hub.topic", max_length=2_000)] = "",
    challenge: Annotated[str, Query(alias="hub.challenge", max_length=LONGEST_CHALLENGE)] = "",
    lease: Annotated[int, Query(alias="hub.lease_seconds", ge=1, le=10**9)] = 864_000,
    reason: Annotated[str, Query(alias="hub.reason", max_length=500)] = "",
) -> Response:
    """Confirm a subscription that we asked for, and nothing else; take note of one that the hub refuses."""
    hubs, wait = _port(request)
    if wait:
        return _too_many(wait)
    if hubs is not None and mode == "subscribe" and hubs.verify(token, topic, lease):
        return PlainTextResponse(challenge)
    if hubs is not None and mode == "denied" and hubs.refuse(token, topic, reason):
        return PlainTextResponse("")
    return PlainTextResponse(_NOT_FOUND, status_code=404)


@router.post("/{token}")
async def announce(request: Request, token: str) -> Response:
    """Poll the feed soon if the announcement is signed by its hub.

    A wrong signature gets the same answer as a right one (WebSub, 8); an unknown token tells the hub to stop.
    """
    hubs, wait = _port(request)
    if wait:
        return _too_many(wait)
    if hubs is None or not await run_in_threadpool(hubs.known, token):
        return PlainTextResponse(_NOT_FOUND, status_code=404)
    header = request.headers.get("x-hub-signature", "")
    expected = await run_in_threadpool(hubs.signature, token, header)
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_BODY:
            return PlainTextResponse("The announcement is too large.\n", status_code=413)
        if expected is not None:
            expected[0].update(chunk)
    signed = expected is not None and hmac.compare_digest(expected[0].hexdigest().encode(), expected[1].encode())
    await run_in_threadpool(hubs.announced, token, signed=signed)
    return Response(status_code=202)


def _port(request: Request) -> tuple[HubPort | None, int]:
    """Return the subscriptions, or the seconds for which this sender has to wait."""
    site, rates = site_of(request), request.app.state.hub_rates
    assert isinstance(rates, RequestRates)  # noqa: S101 - create_app sets it
    sender = request.client.host if request.client is not None else ""
    return site.dependencies.hubs, rates.take(sender, site.dependencies.clock.now())


def _too_many(seconds: int) -> Response:
    return PlainTextResponse("Too many requests.\n", status_code=429, headers={"Retry-After": str(seconds)})
