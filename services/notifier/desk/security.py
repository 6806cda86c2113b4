"""Security headers on every answer, and the refusal of foreign hosts, foreign sites and large requests."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.notifier.desk.problems import problem_response

__all__ = ["HEADERS", "Guard"]

#: After OWASP's list of secure headers. The policy allows the desk's own files and nothing inline.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
#: Probes use the address, not the name, and learn nothing.
OPEN_PATHS = ("/healthz", "/readyz")
#: A message of 150 words needs a few kB.
BODY_LIMIT_BYTES = 256 * 1024
#: A table of clients has some MB; the API receives it in base64.
UPLOAD_LIMIT_BYTES = 15 * 1024 * 1024
#: A hundred items with their texts.
ITEMS_LIMIT_BYTES = 4 * 1024 * 1024
LIMITS_BYTES = {
    "/clients/imports": UPLOAD_LIMIT_BYTES,
    "/api/v1/clients/imports": UPLOAD_LIMIT_BYTES,
    "/api/v1/items": ITEMS_LIMIT_BYTES,
}
#: What hubs announce; the callback itself limits what it reads.
HUB_PATH = "/websub/"


class Guard:
    """ASGI middleware that answers only to the desk's own names; else a foreign page could use DNS rebinding."""

    def __init__(self, app: ASGIApp, *, allowed_hosts: tuple[str, ...], secure: bool) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in allowed_hosts)
        self._headers = dict(HEADERS)
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on; add the headers to the answer."""
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

    def _refusal(self, scope: Scope) -> Response | None:
        refused = self._refused(scope)
        if refused is None:
            return None
        status, message = refused
        if scope["path"].startswith("/api/"):
            return problem_response(status, message)
        return PlainTextResponse(f"{message}\n", status_code=status)

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        """Return the status and the reason to refuse a request."""
        headers = Headers(scope=scope)
        if _hostname(headers.get("host", "")) not in self._hosts and scope["path"] not in OPEN_PATHS:
            return (
                400,
                "Firstword does not answer to this host name. Add it to the allowed hosts (FIRSTWORD_ALLOWED_HOSTS).",
            )
        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            return 400, "The address contains a NUL character, which no database stores."
        if scope["method"] in ("GET", "HEAD"):
            return None
        origin = headers.get("origin")
        if origin is not None and origin != "null" and urlsplit(origin).netloc != headers.get("host"):
            return 403, "This request comes from another site, so it was refused."
        if scope["path"].startswith(HUB_PATH):
            return None
        limit = LIMITS_BYTES.get(scope["path"], BODY_LIMIT_BYTES)
        if "transfer-encoding" in headers or not _at_most(headers.get("content-length", "0"), limit):
            return 413, "The request is too large, or its length is unknown."
        return None


def _at_most(length: str, limit: int) -> bool:
    return length.isascii() and length.isdigit() and len(length) < 12 and int(length) <= limit


def _hostname(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
