"""Why something outside could not be fetched: one small tree, each with a reason and a fix for people."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import ClassVar

import httpcore

from services.common.errors import Unreachable

__all__ = [
    "BadAddress",
    "BrokenAnswer",
    "ConnectionFailed",
    "FetchFailed",
    "ForbiddenAddress",
    "NameUnknown",
    "RedirectLoop",
    "TimedOut",
    "TlsFailed",
    "TooLarge",
    "explain",
]


class FetchFailed(Unreachable):
    """Nothing usable came. ``kind`` is one word for logs and counters."""

    kind: ClassVar[str] = "failed"


class BadAddress(FetchFailed):
    """The address is no http or https address."""

    kind = "bad_address"
    exit_code = 2


class ForbiddenAddress(FetchFailed):
    """The name leads to an address inside the house that was not allowed."""

    kind = "forbidden_address"


class NameUnknown(FetchFailed):
    """DNS knows no such host, or doesn't answer."""

    kind = "dns"


class ConnectionFailed(FetchFailed):
    """The host doesn't take the connection, or drops it."""

    kind = "connection"


class TlsFailed(FetchFailed):
    """No trustworthy encrypted connection could be made."""

    kind = "tls"


class TimedOut(FetchFailed):
    """It took longer than it may."""

    kind = "timeout"


class TooLarge(FetchFailed):
    """The body is larger, as sent or unpacked, than it may be."""

    kind = "too_large"


class RedirectLoop(FetchFailed):
    """Redirects lead in a circle, nowhere, or through too many hops."""

    kind = "redirects"


class BrokenAnswer(FetchFailed):
    """What was answered is no HTTP, or breaks off."""

    kind = "broken_answer"


def explain(error: BaseException, host: str) -> FetchFailed:
    """The error of httpcore (or of the system below it) as one of ours."""
    if isinstance(error, FetchFailed):
        return error
    if isinstance(error, (httpcore.TimeoutException, TimeoutError)):
        return timed_out(host)
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return TlsFailed(
                f"the certificate of {host} can't be trusted: {cause.verify_message}.",
                fix="Tell the site's owner; for a certificate of your own house, name its CA file in the settings.",
            )
        if isinstance(cause, ssl.SSLError):
            return TlsFailed(
                f"no encrypted connection with {host}: {cause.reason or cause}.",
                fix="Check whether the address should begin with http:// instead of https://.",
            )
        if isinstance(cause, ConnectionRefusedError):
            return ConnectionFailed(
                f"{host} refuses the connection.", fix="Check the address and port; it is tried again later."
            )
    if isinstance(error, httpcore.ProtocolError):
        return BrokenAnswer(
            f"{host} answered with something that is no complete HTTP answer: {error}.",
            fix="It is tried again later; if it stays so, open the address in a browser.",
        )
    return ConnectionFailed(
        f"the connection with {host} failed: {str(error) or type(error).__name__}.",
        fix="It is tried again later; check this machine's network if other feeds fail too.",
    )


def timed_out(host: str, seconds: float | None = None) -> TimedOut:
    """``host`` did not answer, or not completely, in time."""
    within = f" within {seconds:g} seconds" if seconds is not None else " in time"
    return TimedOut(
        f"{host} did not answer completely{within}.", fix="It is tried again later; if it stays so, check the address."
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
