"""Signing in with an OpenID Connect provider: the code flow with PKCE, state and nonce (OpenID Connect Core 1.0).

It asks the provider over the guarded client who somebody is. Whether they may sign in is decided elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

import jwt

from services.common.errors import FirstwordError, Unreachable
from services.common.http import GuardedClient, HttpResponse

__all__ = ["CALLBACK", "Attempt", "Identity", "OpenIdFailed", "OpenIdProvider", "OpenIdSettings"]

#: Where the provider sends browsers back to, on the desk.
CALLBACK = "/signin/openid/callback"
#: Only signatures with a public key: the client's secret must not be able to sign, nor "none".
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
METADATA_KEPT = timedelta(minutes=10)
#: How far the provider's clock may be off, and how old a token may be.
LEEWAY, OLDEST = timedelta(minutes=1), timedelta(minutes=10)


class OpenIdFailed(FirstwordError):
    """The provider's answer can't be used. The message says why, without anything secret of it."""


@dataclass(frozen=True, slots=True)
class OpenIdSettings:
    """A provider and this installation's registration there. ``name`` is what people call it."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_url: str
    name: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """The values that one browser's attempt must come back with: secrets that its cookie holds meanwhile."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Self:
        """Return an attempt with new secrets."""
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class Identity:
    """A person: their verified address in lower case, and a hash of issuer and subject, which never change.

    ``proved_at`` is when they proved to the provider who they are, if it says so; it may have been days ago.
    """

    email: str
    subject: str
    proved_at: datetime | None = None


class OpenIdProvider:
    """One provider. ``open_client`` opens a client for the requests of one sign-in."""

    def __init__(self, settings: OpenIdSettings, open_client: Callable[[], GuardedClient]) -> None:
        self.settings = settings
        self._open_client = open_client
        self._metadata: tuple[datetime, Mapping[str, Any]] | None = None

    async def signin_address(self, attempt: Attempt, now: datetime, *, again: bool = False) -> str:
        """Return the address at the provider where the attempt begins; ``again`` makes it ask whom it knows already.

        Raises:
            OpenIdFailed: the provider's description of itself can't be used.
            Unreachable: it doesn't answer.
        """
        metadata = await self._described(now)
        asked = {
            "response_type": "code",
            "scope": "openid email",
            "client_id": self.settings.client_id,
            "redirect_uri": self.settings.redirect_url,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": _base64(hashlib.sha256(attempt.verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        if again:
            asked |= {"prompt": "login", "max_age": "0"}
        endpoint = self._endpoint(metadata, "authorization_endpoint")
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"

    async def identify(self, attempt: Attempt, answer: Mapping[str, str], now: datetime) -> Identity:
        """Return who came back with ``answer``, the parameters of the address to which the provider sent the browser.

        Raises:
            OpenIdFailed: the answer belongs to no attempt of this browser, is a refusal, or proves nothing.
            Unreachable: the provider doesn't answer.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise OpenIdFailed("the answer belongs to another attempt")
        if answer.get("error"):
            raise OpenIdFailed("the provider refused")
        metadata = await self._described(now)
        asks_issuer = metadata.get("authorization_response_iss_parameter_supported") is True
        if answer.get("iss", None if asks_issuer else self.settings.issuer) != self.settings.issuer:
            raise OpenIdFailed("the answer is another provider's")  # RFC 9207
        async with self._open_client() as client:
            tokens = await self._redeem(client, metadata, attempt, answer.get("code", ""))
            claims = await self._verified(client, metadata, str(tokens.get("id_token", "")), attempt, now)
            if "email" not in claims:
                claims = {**await self._asked(client, metadata, tokens, claims["sub"]), **claims}
        email = claims.get("email")
        if not isinstance(email, str) or "@" not in email or claims.get("email_verified") is not True:
            raise OpenIdFailed("the provider has verified no mail address of this account")
        subject = json.dumps([self.settings.issuer, claims["sub"]])
        return Identity(email.strip().lower(), hashlib.sha256(subject.encode()).hexdigest(), _proved_at(claims, now))

    async def _described(self, now: datetime) -> Mapping[str, Any]:
        """Return the provider's metadata, which is kept for some minutes: anybody may ask where to sign in."""
        if self._metadata is None or now >= self._metadata[0]:
            address = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            async with self._open_client() as client:
                found = _json(await client.get(address), "its description")
            if found.get("issuer") != self.settings.issuer:
                raise OpenIdFailed("the provider calls itself otherwise than FIRSTWORD_OIDC_ISSUER")
            self._metadata = now + METADATA_KEPT, found
        return self._metadata[1]

    def _endpoint(self, metadata: Mapping[str, Any], name: str) -> str:
        """Return an address from the metadata; where the issuer's is encrypted, so are these."""
        address = metadata.get(name)
        allowed = ("https", urlsplit(self.settings.issuer).scheme)
        if not isinstance(address, str) or urlsplit(address).scheme not in allowed:
            raise OpenIdFailed(f"the provider's description has no usable {name}")
        return address

    async def _redeem(
        self, client: GuardedClient, metadata: Mapping[str, Any], attempt: Attempt, code: str
    ) -> Mapping[str, Any]:
        """Exchange the code for tokens, which the provider does only for who has our secret and this attempt's."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.redirect_url,
            "code_verifier": attempt.verifier,
        }
        proof: dict[str, str] = {}
        if "client_secret_basic" in metadata.get("token_endpoint_auth_methods_supported", ("client_secret_basic",)):
            pair = f"{quote(self.settings.client_id, safe='')}:{quote(self.settings.client_secret, safe='')}"
            proof["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self.settings.client_id, "client_secret": self.settings.client_secret}
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        endpoint = self._endpoint(metadata, "token_endpoint")
        response = await client.request(
            "POST", endpoint, headers=headers, content=urlencode(form).encode(), secret_headers=proof
        )
        return _json(response, "the exchange of the code")

    async def _verified(
        self, client: GuardedClient, metadata: Mapping[str, Any], token: str, attempt: Attempt, now: datetime
    ) -> Mapping[str, Any]:
        """Return the claims of an ID token that the provider signed for us, now, and for this attempt."""
        keys = _json(await client.get(self._endpoint(metadata, "jwks_uri")), "its keys")
        try:
            named = jwt.get_unverified_header(token).get("kid")
            found = [key for key in jwt.PyJWKSet.from_dict(dict(keys)).keys if named in (None, key.key_id)]
            if len(found) != 1:
                raise OpenIdFailed("the provider has no key, or several, for its token")
            claims: dict[str, Any] = jwt.decode(
                token,
                found[0],
                algorithms=list(ALGORITHMS),
                audience=self.settings.client_id,
                issuer=self.settings.issuer,
                # The times are compared below, with the clock that everything else goes by.
                options={
                    "require": ["exp", "iat", "iss", "aud", "sub"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise OpenIdFailed(f"the provider's token can't be verified ({type(error).__name__})") from None
        seconds = now.timestamp()
        try:
            is_current = (
                float(claims["exp"]) > seconds - LEEWAY.total_seconds()
                and seconds - OLDEST.total_seconds() <= float(claims["iat"]) <= seconds + LEEWAY.total_seconds()
            )
        except (TypeError, ValueError):
            is_current = False
        if not is_current:
            raise OpenIdFailed("the provider's token is too old or from the future; compare the clocks")
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), attempt.nonce.encode()):
            raise OpenIdFailed("the provider's token belongs to another attempt")
        if claims.get("azp", self.settings.client_id) != self.settings.client_id:
            raise OpenIdFailed("the provider's token was made for another program")
        return claims

    async def _asked(
        self, client: GuardedClient, metadata: Mapping[str, Any], tokens: Mapping[str, Any], subject: str
    ) -> Mapping[str, Any]:
        """Return what the provider says of the user on request: some leave the address out of the token."""
        bearer = {"authorization": f"Bearer {tokens.get('access_token', '')}"}
        endpoint = self._endpoint(metadata, "userinfo_endpoint")
        found = _json(await client.get(endpoint, secret_headers=bearer), "the user")
        if found.get("sub") != subject:
            raise OpenIdFailed("the provider speaks of another user")
        return found


def _proved_at(claims: Mapping[str, Any], now: datetime) -> datetime | None:
    """Return when the person gave the provider their password or the like; None if it doesn't say."""
    seconds = claims.get("auth_time")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return min(now, datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _json(response: HttpResponse, what: str) -> Mapping[str, Any]:
    """Return the object that a provider answers.

    Raises:
        OpenIdFailed: it is an error, or no object.
        Unreachable: the provider has an error of its own.
    """
    if response.status >= 500:
        raise Unreachable(f"The provider answered {response.status}.")
    try:
        found = json.loads(response.body) if response.status == 200 else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise OpenIdFailed(f"the provider answered {response.status} to the question for {what}")
    return found


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
