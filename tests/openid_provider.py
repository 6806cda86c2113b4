"""An OpenID Connect provider on a loopback port, for tests with real sockets: it checks what a strict one checks."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "OTHER_KEY", "FakeOpenId", "openid_provider"]

CLIENT_ID, CLIENT_SECRET = "firstword at work", "a secret: with/odd characters"
KEY, OTHER_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


@dataclass
class FakeOpenId:
    """The provider. Its account is signed in already; tests change what it says to say something wrong."""

    issuer: str
    now: datetime
    redirect_url: str
    email: str = "mara@firm.example"
    subject: str = "1001"
    verified: object = True
    #: Claims of the token that are not as they should be; None leaves one out.
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    #: Claims that are left to the user's endpoint.
    asked_for: Mapping[str, Any] | None = None
    key: ec.EllipticCurvePrivateKey = KEY
    token: str | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def authorize(self, address: str) -> str:
        """Return where the provider sends a browser that comes to ``address``: back, with a code."""
        parts = urlsplit(address)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.issuer}/authorize"
        assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT_ID, self.redirect_url)
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert {"openid", "email"} <= set(asked["scope"].split())
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"{self.redirect_url}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer})}"

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: str) -> tuple[int, object]:
        """Answer a request of the program."""
        self.requests.append(f"{method} {path}")
        if path == "/.well-known/openid-configuration":
            endpoints = {f"{name}_endpoint": f"{self.issuer}/{name}" for name in ("token", "userinfo")}
            described = {"issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize", **endpoints}
            return 200, {**described, "jwks_uri": f"{self.issuer}/keys", **self.metadata}
        if path == "/keys":
            public = json.loads(ECAlgorithm.to_jwk(KEY.public_key()))
            return 200, {"keys": [{**public, "kid": "k1", "use": "sig", "alg": "ES256"}]}
        if path == "/userinfo" and headers.get("authorization") == "Bearer at-1":
            return 200, self.asked_for
        return self._redeemed(headers, body) if path == "/token" else (404, {})

    def _redeemed(self, headers: Mapping[str, str], body: str) -> tuple[int, object]:
        form = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self.codes.pop(form.get("code", ""), None)  # each code works once
        pair = base64.b64decode(headers.get("authorization", "").removeprefix("Basic ")).decode().split(":")
        given = (
            [unquote(text) for text in pair] if len(pair) == 2 else [form.get("client_id"), form.get("client_secret")]
        )
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            asked is None
            or given != [CLIENT_ID, CLIENT_SECRET]
            or form["redirect_uri"] != self.redirect_url
            or challenge.decode().rstrip("=") != asked["code_challenge"]
        ):
            return 400, {"error": "invalid_grant"}
        seconds = int(self.now.timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "sub": self.subject, "iat": seconds, "exp": seconds + 300}
        claims |= {"nonce": asked["nonce"]}
        if self.asked_for is None:
            claims |= {"email": self.email, "email_verified": self.verified}
        told = {name: value for name, value in {**claims, **self.claims}.items() if value is not None}
        token = self.token or jwt.encode(told, self.key, algorithm="ES256", headers={"kid": "k1"})
        return 200, {"id_token": token, "access_token": "at-1", "token_type": "Bearer"}


@contextmanager
def openid_provider(now: datetime, redirect_url: str) -> Iterator[FakeOpenId]:
    """Serve a provider until the end of the block."""
    fake = FakeOpenId("", now, redirect_url)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, said = fake.answer(self.command, self.path, headers, self.rfile.read(length).decode())
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
