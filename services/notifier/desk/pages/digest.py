"""The day at a glance: what the digest by mail holds, as a page; and the mail itself, to look at."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from schemas.clients import Manager
from services.notifier.desk.web import Page
from services.notifier.digest.gather import gather
from services.notifier.digest.model import build_digest
from services.notifier.digest.render import HEADINGS, as_html, as_markdown, as_text, summary

__all__ = ["router"]

router = APIRouter()
_FORMS = {"html": as_html, "md": as_markdown, "text": as_text}


@router.get("/digest")
def digest(who: Page) -> Response:
    """What there is for whoever is signed in; ``?as=html``, ``md`` or ``text`` gives it as it is sent."""
    with who.reading() as connection:
        lines = gather(connection, who.scope, who.now)
    who.note_read("digest.read", "digest", None)
    reader = Manager(id=who.viewer.user_id, name=who.viewer.name, time_zone=who.viewer.time_zone)
    made = build_digest(reader, lines, who.now)
    form = _FORMS.get(who.request.query_params.get("as", ""))
    if form is None:
        return who.page("digest.html", digest=made, summary=summary(made), headings=HEADINGS)
    text = form(made, who.site.deps.settings.base_url)
    return HTMLResponse(text) if form is as_html else PlainTextResponse(text)
