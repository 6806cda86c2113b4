"""One attempt: sign the body, post it, and say truthfully what is known of the outcome."""

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

__all__ = ["Answer", "Http", "headers_of", "post", "retry_after"]

#: What of an answer is kept in the log.
BODY_KEPT, HEADERS_KEPT, HEADER_KEPT = 2_000, 30, 200
#: Nothing of the request can have arrived when one of these is the reason.
_NEVER_LEFT = (InvalidUrl, ForbiddenAddress, HostNotFound, TlsFailed)
_NEVER_CONNECTED = (httpcore.ConnectError, httpcore.ConnectTimeout, ConnectionRefusedError)


class Http(Protocol):
    """As much of the guarded client as is needed here."""

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> HttpResponse:
        """One request, its redirects not followed.

        Raises:
            FetchFailed: nothing usable came.
        """
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """How one attempt ended.

    delivered: a 2xx · retry: it was refused, or never left · gone: 410, nothing more is wanted · unknown: it may have
    arrived, and no answer came; it is sent again under the same id. ``retry_after`` is the moment that was named.
    """

    kind: Literal["delivered", "retry", "gone", "unknown"]
    detail: str
    status: int | None = None
    headers: Mapping[str, str] | None = None
    body: str = ""
    retry_after: datetime | None = None
    elapsed_seconds: float = 0.0


def headers_of(webhook_id: str, body: str, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """The headers of a request that is sent at ``now``, signed with each of ``secrets``."""
    signatures = [Signer(secret).sign(webhook_id, now, body) for secret in secrets]
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


async def post(http: Http, url: str, headers: Mapping[str, str], body: str, now: datetime) -> Answer:
    """Post once. Whatever comes of it is an answer; nothing is raised for the other side's failures."""
    try:
        fetched = await http.request("POST", url, headers=headers, content=body.encode())
    except FetchFailed as error:
        left = not (isinstance(error, _NEVER_LEFT) or isinstance(error.__cause__, _NEVER_CONNECTED))
        return Answer("unknown" if left else "retry", str(error))
    return _answered(fetched, now)


def retry_after(value: str | None, now: datetime) -> datetime | None:
    """The moment that a Retry-After header names (RFC 9110, 10.2.3: seconds, or a date); None for anything else."""
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


def _answered(fetched: HttpResponse, now: datetime) -> Answer:
    status = fetched.status
    kind: Literal["delivered", "retry", "gone"] = "retry"
    detail = f"answered {status}"
    if 200 <= status < 300:
        kind = "delivered"
    elif status == 410:
        kind, detail = "gone", "answered 410: nothing more is wanted there"
    elif 300 <= status < 400:
        detail = f"answered {status}: redirects are not followed, give the address where it ends"
    named = list(fetched.headers.items())[:HEADERS_KEPT]
    return Answer(
        kind,
        detail,
        status,
        {name: value[:HEADER_KEPT] for name, value in named},
        fetched.body[:BODY_KEPT].decode(errors="replace").replace("\x00", "\ufffd"),
        retry_after(fetched.headers.get("retry-after"), now) if kind == "retry" else None,
        fetched.elapsed_seconds,
    )
