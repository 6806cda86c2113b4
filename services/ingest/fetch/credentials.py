"""Credentials of feeds: a user and password, a token, or a header that a feed's server asks for. Pure.

A credential is a header that is sent to one origin (scheme, host and port) and to no other. Nothing prints its value.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx

from services.common.errors import BadInput
from services.common.sealing import Keys, LockedSecret

__all__ = ["Credential", "SealedCredential", "basic", "bearer", "credentials_at", "header", "origin_of", "without_user"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,8000}[\x21-\x7e])?")
#: Headers that the client sets itself, or that change how a message is read.
_TAKEN = frozenset(
    (
        "accept", "accept-encoding", "connection", "content-length", "content-type", "expect", "host",
        "http2-settings", "if-modified-since", "if-none-match", "keep-alive", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
    )
)  # fmt: skip
_AGAIN = "Set them again with 'firstword feeds credentials'."


@dataclass(frozen=True, slots=True)
class Credential:
    """A header with a secret value, and the ``origin`` that alone may get it. ``kind`` is basic, bearer or header."""

    kind: str
    name: str
    value: str = field(repr=False)
    origin: str = ""

    def bound_to(self, url: str) -> Credential:
        """Return this credential for the origin of ``url``."""
        return replace(self, origin=origin_of(url))

    def fits(self, url: str) -> bool:
        """Return whether ``url`` is at the origin that may get it."""
        return bool(self.origin) and origin_of(url) == self.origin

    def headers_for(self, url: str) -> Mapping[str, str]:
        """Return the header for a request to ``url``; none for another origin."""
        return {self.name: self.value} if self.fits(url) else {}

    def sealed(self, keys: Keys) -> str:
        """Return it as it is stored."""
        return keys.seal(json.dumps({"name": self.name, "value": self.value, "origin": self.origin}))


@dataclass(frozen=True, slots=True)
class SealedCredential:
    """A credential as it is stored, with the keys that open it."""

    kind: str
    stored: str = field(repr=False)
    keys: Keys = field(repr=False)

    def open(self) -> Credential:
        """Return the credential.

        Raises:
            LockedSecret: the key is missing.
        """
        try:
            values = json.loads(self.keys.open(self.stored))
        except LockedSecret as locked:
            raise LockedSecret(
                f"The feed's credentials were sealed with a key that is missing ({self.keys.place}).",
                fix=f"Put the key back. {_AGAIN}",
            ) from locked
        return Credential(self.kind, values["name"], values["value"], values["origin"])


def basic(user: str, password: str) -> Credential:
    """Return user and password (RFC 7617).

    Raises:
        BadInput: they can't be sent.
    """
    if not user or ":" in user or not password or not f"{user}{password}".isprintable():
        raise BadInput("A user name without a colon and a password are needed.", fix="Give both; neither may be empty.")
    return Credential("basic", "authorization", f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}")


def bearer(token: str) -> Credential:
    """Return a token (RFC 6750).

    Raises:
        BadInput: it can't be sent.
    """
    if not _VALUE.fullmatch(token) or " " in token:
        raise BadInput("This is not a token: it is empty, or has blanks or characters that can't be sent.")
    return Credential("bearer", "authorization", f"Bearer {token}")


def header(name: str, value: str) -> Credential:
    """Return a header of the server's own, such as ``X-Api-Key`` or ``Cookie``.

    Raises:
        BadInput: it can't be sent, or Firstword sets it itself.
    """
    if not _TOKEN.fullmatch(name) or name.lower() in _TAKEN:
        raise BadInput(f"{name!r} can't be the header of a feed's credentials.", fix="Take a name such as X-Api-Key.")
    if not _VALUE.fullmatch(value):
        raise BadInput("The header's value is empty, or has characters that can't be sent.")
    return Credential("header", name.lower(), value)


def credentials_at(url: str, credential: Credential | None) -> Literal["none", "sent", "elsewhere"]:
    """Return what the server of ``url`` got of a feed's credentials."""
    if credential is None:
        return "none"
    return "sent" if credential.fits(url) else "elsewhere"


def origin_of(url: str) -> str:
    """Return scheme, host and port of ``url``, all of them written out; an empty text if it is no web address."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        return ""
    if parsed.scheme not in ("http", "https") or not parsed.host:
        return ""
    return f"{parsed.scheme}://{parsed.raw_host.decode()}:{parsed.port or (443 if parsed.scheme == 'https' else 80)}"


def without_user(url: str) -> tuple[str, Credential | None]:
    """Return ``url`` without the user and password in it, and these as a credential for its origin.

    What is no address is returned as it is, unless something secret may be in it.

    Raises:
        BadInput: it has a user without a password, they can't be sent, or it is no address and may have them.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        if "@" in url:
            raise BadInput("This is not a valid address.", fix="Write it as https://…") from None
        return url, None
    user, _, place = parts.netloc.rpartition("@")
    if not user or parts.scheme not in ("http", "https"):
        return url, None
    plain = urlunsplit((parts.scheme, place, parts.path, parts.query, parts.fragment))
    name, _, password = user.partition(":")
    return plain, basic(unquote(name), unquote(password)).bound_to(plain)
