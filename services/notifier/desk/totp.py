"""Time-based one-time codes (RFC 6238): six digits, 30 seconds, HMAC-SHA-1, as every authenticator app has them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

__all__ = ["SECRET_BYTES", "code_at", "link_for", "matching_step", "new_secret", "step_at"]

PERIOD_SECONDS = 30
DIGITS = 6
#: As long as the hash, as RFC 4226 recommends.
SECRET_BYTES = 20
#: Steps before and after the present one whose codes are accepted: clocks differ, and people type slowly.
TOLERANCE = 1


def new_secret() -> str:
    """Return a secret in base 32, as apps take it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def step_at(moment: datetime) -> int:
    """Return the number of the 30 seconds in which ``moment`` lies."""
    return int(moment.timestamp()) // PERIOD_SECONDS


def code_at(secret: str, step: int) -> str:
    """Return the code of a step."""
    digest = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(secret: str, code: str, moment: datetime, after: int | None) -> int | None:
    """Return the step whose code was given; None if it is of no step near ``moment`` that is later than ``after``."""
    now = step_at(moment)
    for step in range(now - TOLERANCE, now + TOLERANCE + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()) and (after is None or step > after):
            return step
    return None


def link_for(secret: str, account: str, issuer: str) -> str:
    """Return the address that apps read from a QR code."""
    label = quote(f"{issuer}:{account}")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"
