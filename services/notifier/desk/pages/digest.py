"""Today at a glance: the content of the digest as a page, and in the formats in which it is sent."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from schemas.clients import Manager
from services.notifier.client_book.duplicate_store import duplicates
from services.notifier.desk.pages.rendering import PageRequest, render
from services.notifier.digest.gather import gather
from services.notifier.digest.model import build_digest
from services.notifier.digest.render import HEADINGS, as_html, as_markdown, as_text, summary, unlisted

__all__ = ["router"]

router = APIRouter()
_FORMATS = {"html": as_html, "md": as_markdown, "text": as_text}


@router.get("/digest")
def digest(context: PageRequest) -> Response:
    """Show the viewer's digest; ``?as=html``, ``md`` or ``text`` returns it as it is sent."""
    with context.reading() as connection:
        found = gather(connection, context.scope, context.now)
        twins = len(duplicates(connection, context.scope)) if context.viewer.may("clients.write") else 0
    context.audit_read("digest.read", "digest", shown=(line.client_id for line in found.lines))
    viewer = context.viewer
    reader = Manager(id=viewer.user_id, name=viewer.name, time_zone=viewer.time_zone)
    built = build_digest(reader, found.lines, context.now, totals=found.totals)
    formatter = _FORMATS.get(context.request.query_params.get("as", ""))
    if formatter is None:
        return render(
            context,
            "digest.html",
            digest=built,
            summary=summary(built),
            headings=HEADINGS,
            more=unlisted(built),
            duplicates=twins,
        )
    text = formatter(built, context.dependencies.settings.base_url)
    return HTMLResponse(text) if formatter is as_html else PlainTextResponse(text)
