"""Posts a signed webhook request once, and reports what is known about the outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, Protocol

import httpcore
from standardwebhooks import Webhook as Signer

from services.common.http import HttpResponse
from services.common.http_errors import FetchFailed, ForbiddenAddress, HostNotFound, InvalidUrl, TlsFailed

__all__ = ["HttpClient", "PostResult", "parse_retry_after", "post", "signed_headers"]

#: Limits of the part of a response that is kept: characters of the body, headers, characters of a header.
BODY_KEPT, HEADERS_KEPT, HEADER_KEPT = 2_000, 30, 200
#: Errors after which nothing of the request can have arrived.
_NEVER_SENT = (InvalidUrl, ForbiddenAddress, HostNotFound, TlsFailed)
_NEVER_CONNECTED = (httpcore.ConnectError, httpcore.ConnectTimeout, ConnectionRefusedError)


class HttpClient(Protocol):
    """The part of the guarded client that is needed here."""

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> HttpResponse:
        """Send one request; redirects of a POST are not followed.

        Raises:
            FetchFailed: there is no usable response.
        """
        ...


@dataclass(frozen=True, slots=True)
class PostResult:
    """The result of one attempt.

    delivered: a 2xx status · retry: refused or never sent · gone: status 410, no more messages are wanted · unknown: no
    response, but the request may have arrived; it is sent again with the same id. ``retry_after`` is the time until
    which the server asks to wait.
    """

    kind: Literal["delivered", "retry", "gone", "unknown"]
    detail: str
    status: int | None = None
    headers: Mapping[str, str] | None = None
    body: str = ""
    retry_after: datetime | None = None
    elapsed_seconds: float = 0.0


def signed_headers(webhook_id: str, body: str, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """Return the headers of a request sent at ``now``, with one signature for each of ``secrets``."""
    signatures = [Signer(secret).sign(webhook_id, now, body) for secret in secrets]
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


async def post(client: HttpClient, url: str, headers: Mapping[str, str], body: str, now: datetime) -> PostResult:
    """Post once. Failures of the network or the server are results, not exceptions."""
    try:
        response = await client.request("POST", url, headers=headers, content=body.encode())
    except FetchFailed as error:
        may_have_arrived = not (isinstance(error, _NEVER_SENT) or isinstance(error.__cause__, _NEVER_CONNECTED))
        return PostResult("unknown" if may_have_arrived else "retry", str(error))
    return _result(response, now)


def parse_retry_after(value: str | None, now: datetime) -> datetime | None:
    """Parse a Retry-After header (RFC 9110, 10.2.3: seconds or a date) to a time; None for anything else."""
    if value is None:
        return None
    text = value.strip()
    try:
        if text.isdecimal():
            return datetime.fromtimestamp(now.timestamp() + int(text), UTC)
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _result(response: HttpResponse, now: datetime) -> PostResult:
    status = response.status
    kind: Literal["delivered", "retry", "gone"] = "retry"
    detail = f"answered {status}"
    if 200 <= status < 300:
        kind = "delivered"
    elif status == 410:
        kind, detail = "gone", "answered 410 (Gone): it no longer accepts messages"
    elif 300 <= status < 400:
        detail = f"answered {status}: redirects are not followed, give the address where it ends"
    kept = list(response.headers.items())[:HEADERS_KEPT]
    return PostResult(
        kind,
        detail,
        status,
        {name: value[:HEADER_KEPT] for name, value in kept},
        response.body[:BODY_KEPT].decode(errors="replace").replace("\x00", "\ufffd"),
        parse_retry_after(response.headers.get("retry-after"), now) if kind == "retry" else None,
        response.elapsed_seconds,
    )
