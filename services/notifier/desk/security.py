"""What every answer of the desk carries, and which requests get none: other hosts, other sites, too large."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEADERS", "Guard"]

#: After OWASP's list of secure headers; the policy allows our own files and nothing inline.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
#: Probes come by address, not by name, and learn nothing.
OPEN_PATHS = ("/healthz", "/readyz")
#: A message of 150 words needs a few kB.
BODY_LIMIT_BYTES = 256 * 1024


class Guard:
    """ASGI middleware: answers only to its own names (else a foreign page could reach it by DNS rebinding)."""

    def __init__(self, app: ASGIApp, *, allowed_hosts: tuple[str, ...], secure: bool) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in allowed_hosts)
        self._headers = dict(HEADERS)
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on and add the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        app: ASGIApp = self._app if refusal is None else refusal

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                if not scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host = _hostname(headers.get("host", ""))
        if host not in self._hosts and scope["path"] not in OPEN_PATHS:
            return PlainTextResponse(
                "This address isn't one that Firstword answers to. Add it to the allowed hosts.\n", status_code=400
            )
        if scope["method"] not in ("GET", "HEAD"):
            origin = headers.get("origin")
            if origin is not None and origin != "null" and urlsplit(origin).netloc != headers.get("host"):
                return PlainTextResponse("This was sent from another site.\n", status_code=403)
            length = headers.get("content-length", "0")
            if "transfer-encoding" in headers or not _at_most(length, BODY_LIMIT_BYTES):
                return PlainTextResponse("This is too much, or of unknown length.\n", status_code=413)
        return None


def _at_most(length: str, limit: int) -> bool:
    return length.isascii() and length.isdigit() and len(length) < 12 and int(length) <= limit


def _hostname(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
