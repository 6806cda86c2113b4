"""Keeps the answer to each request under an idempotency key, so that a repeat gets the same one."""

from __future__ import annotations

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.notifier.desk.idempotency import Answer, KeyedRequest

__all__ = ["KeepAnswers"]


class KeepAnswers:
    """ASGI middleware that stores the answers of requests for which ``caller`` has accepted a key.

    A refusal is not kept: nothing was changed, so a repeat may try again.
    """

    def __init__(self, app: ASGIApp, *, engine: Engine) -> None:
        self._app = app
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; store the answer before its end is sent."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        status, body = 500, b""

        async def keep(message: Message) -> None:
            nonlocal status, body
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                body += message.get("body", b"")
                keyed: KeyedRequest | None = state.get("keyed")
                if keyed is not None and status < 400 and not message.get("more_body", False):
                    await run_in_threadpool(keyed.answer, self._engine, Answer(status, body))
            await send(message)

        await self._app(scope, receive, keep)
