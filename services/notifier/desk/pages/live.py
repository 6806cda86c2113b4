"""The stream that keeps an open inbox up to date. Every page also works without it."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from services.notifier import queries
from services.notifier.desk.auth import SESSION_COOKIE
from services.notifier.desk.live import LiveFeed
from services.notifier.desk.pages.rendering import PageRequest

__all__ = ["router"]

router = APIRouter()


@router.get("/live")
async def live(context: PageRequest) -> Response:
    """Send the counts of the viewer's inbox whenever something changes; refuse more connections than are good."""
    feed: LiveFeed = context.request.app.state.live
    user_id, cookie = context.viewer.user_id, context.request.cookies.get(SESSION_COOKIE, "")
    dependencies, sessions = context.dependencies, context.site.sessions

    def count() -> Mapping[str, int] | None:
        with context.reading() as connection:
            if sessions.viewer(connection, cookie) is None:
                return None
            counts = queries.counts(connection, context.scope, dependencies.clock.now(), user_id)
        return {"inbox": counts.inbox, "held": counts.held, "unknown": counts.unknown}

    if feed.is_full(user_id):
        return PlainTextResponse("Too many open pages.\n", status_code=503, headers={"Retry-After": "60"})
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(feed.events(user_id, count), media_type="text/event-stream", headers=headers)
