"""Errors of HTTP requests. Each has a reason and a fix for people."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpcore

from services.common.errors import Unreachable

__all__ = [
    "ConnectionFailed",
    "FetchFailed",
    "ForbiddenAddress",
    "HostNotFound",
    "InvalidResponse",
    "InvalidUrl",
    "RedirectLoop",
    "TimedOut",
    "TlsFailed",
    "TooLarge",
    "explain",
]


class FetchFailed(Unreachable):
    """The request brought no usable response."""


class InvalidUrl(FetchFailed):
    """The URL is not a valid http or https URL."""

    exit_code = 2


class ForbiddenAddress(FetchFailed):
    """The host resolves to a private address that is not allowed."""


class HostNotFound(FetchFailed):
    """DNS does not know the host, or does not respond."""


class ConnectionFailed(FetchFailed):
    """The host refuses the connection or drops it."""


class TlsFailed(FetchFailed):
    """An encrypted connection could not be established, or the certificate is not trusted."""


class TimedOut(FetchFailed):
    """The response took too long."""


class TooLarge(FetchFailed):
    """The body exceeds the limit, compressed or decompressed."""


class RedirectLoop(FetchFailed):
    """Redirects form a loop, lead to an invalid URL, or are too many."""


class InvalidResponse(FetchFailed):
    """The response is not valid HTTP, or incomplete."""


def explain(error: BaseException, host: str) -> FetchFailed:
    """Convert an error of httpcore or of the operating system to one of ours."""
    if isinstance(error, FetchFailed):
        return error
    if isinstance(error, (httpcore.TimeoutException, TimeoutError)):
        return timed_out(host)
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return TlsFailed(
                f"The certificate of {host} is not trusted: {cause.verify_message}.",
                fix="Tell the site's owner. If it is a certificate of your own organization, ask your administrator.",
            )
        if isinstance(cause, ssl.SSLError):
            return TlsFailed(
                f"An encrypted connection to {host} failed: {cause.reason or cause}.",
                fix="Check whether the address should begin with http:// instead of https://.",
            )
        if isinstance(cause, ConnectionRefusedError):
            return ConnectionFailed(
                f"{host} refuses the connection.", fix="Check the address and port. Firstword tries again later."
            )
    if isinstance(error, httpcore.ProtocolError):
        return InvalidResponse(
            f"{host} sent an incomplete or invalid HTTP response: {error}.",
            fix="Firstword tries again later. If this continues, open the address in a browser.",
        )
    return ConnectionFailed(
        f"The connection to {host} failed: {str(error) or type(error).__name__}.",
        fix="Firstword tries again later. If other feeds fail too, check this machine's network.",
    )


def timed_out(host: str, seconds: float | None = None) -> TimedOut:
    """Return the error for a response from ``host`` that did not arrive completely in time."""
    within = f" within {seconds:g} seconds" if seconds is not None else " in time"
    return TimedOut(
        f"{host} did not send a complete response{within}.",
        fix="Firstword tries again later. If this continues, check the address.",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop(0)
        if current is None or current in seen:
            continue
        seen.append(current)
        yield current
        if isinstance(current, BaseExceptionGroup):
            waiting.extend(current.exceptions)
        waiting.extend((current.__cause__, current.__context__))
