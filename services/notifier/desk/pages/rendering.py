"""Renders a template in the frame that all pages share, and reads the forms that pages post."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.common.errors import FirstwordError
from services.notifier import queries
from services.notifier.delivery.outages import outages
from services.notifier.desk import labels, sending_labels
from services.notifier.desk.actions.undo import undoable
from services.notifier.desk.context import RequestContext, signed_in, site_of
from services.notifier.desk.highlight import mark_sources, quoted, safe_url
from services.notifier.scope import EVERYTHING
from services.notifier.triage.inbox import next_draft
from services.notifier.triage.view import InboxView

__all__ = [
    "STATIC",
    "VIEW_COOKIE",
    "PageForm",
    "PageRequest",
    "Rendering",
    "build_rendering",
    "decided",
    "own_form",
    "redirect",
    "remember_view",
    "render",
    "view_of",
]

#: A client with many assets and notes has thousands of inputs.
MAX_FIELDS = 20_000

DESK = Path(__file__).parent.parent
STATIC = DESK / "static"
VIEW_COOKIE = "firstword_view"

#: Notes after an action, by the code in the address: free text in an address could come from anybody.
NOTES = {
    "approved": "Approved. The message is on its way.",
    "waiting": "Approved. “Waiting to be sent” in the inbox says when the message leaves.",
    "second": "Approved. It waits for a second person's approval.",
    "saved": "Saved and checked again.",
    "dismissed": "Dismissed. You can find it under Decisions.",
    "marked": "Marked as sent by hand.",
    "taken-back": "Taken back. Nothing was sent.",
    "undone": "Undone. The draft waits for your decision again.",
    "asked": "Noted in the client's history.",
    "stopped": "Saved. The client is not told such news again, unless it is urgent. The client's page takes it back.",
    "resumed": "Saved. The client is told such news again.",
    "reopened": "Reopened. The draft is in your inbox again.",
    "logged": "Saved.",
    "contact": "Saved. It counts as a contact.",
    "confirm": "Saved. A note that confirms the conversation will appear in the inbox.",
    "feedback": "Saved. The client's page shows the effect.",
    "answers": "Saved. The client's page will show them in a moment.",
    "mood": "Saved. It counts from the next draft on.",
    "client-added": "Saved. News about what they own and follow is matched from now on.",
    "client-saved": "Saved. It counts from the next story on.",
    "client-same": "There was nothing to change.",
    "client-archived": "Archived. Nothing is matched, drafted or sent for them. You can restore them at any time.",
    "import-checked": "Checked again. Nothing is changed yet.",
    "client-restored": "Restored. News is matched for them again from now on.",
    "no-answers": "There were no new answers to save.",
    "delivery": "Saved.",
    "preferences": "Saved. It takes effect immediately.",
    "requested": "Firstword is writing the draft. It appears in the inbox in a moment.",
    "zone": "Saved. Times are now shown in this zone.",
    "token-revoked": "Token revoked. It is refused from now on.",
    "act-approve": "Approved. See “Waiting to be sent”.",
    "act-dismiss": "Dismissed. You can find it under Decisions.",
    "act-snooze": "Snoozed. It comes back by itself.",
    "act-wake": "It is back in the inbox.",
    "act-assign": "Assigned. Your colleague sees it in their inbox.",
    "act-ask": "Asked. Your colleague sees it in their inbox, and it stays in yours.",
    "act-take": "It is back with the client's account manager.",
    "view-saved": "Saved. You find the view above the inbox.",
    "view-deleted": "The view is deleted.",
    "feed-added": "Feed added. Firstword fetches it in a moment.",
    "feed-speakers": "Saved. It counts for the items that come from now on.",
    "feed-removed": "Feed removed.",
    "feed-paused": "Feed paused.",
    "feed-resumed": "Feed resumed.",
}


@dataclass(frozen=True, slots=True)
class Rendering:
    """The templates, and a version that changes with the static files, so that browsers may cache them."""

    templates: Environment
    static_version: str


def build_rendering() -> Rendering:
    """Load the templates and hash the static files."""
    environment = Environment(
        loader=FileSystemLoader(DESK / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        labels=labels, sending=sending_labels, mark_sources=mark_sources, quoted=quoted, safe_url=safe_url
    )
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted(STATIC.iterdir()):
        digest.update(path.read_bytes())
    return Rendering(environment, digest.hexdigest())


def render(context: RequestContext, template: str, *, code: int = 200, **values: Any) -> HTMLResponse:
    """Render ``template`` in the shared frame."""
    with context.reading() as connection:
        counts = queries.counts(connection, context.scope, context.now, context.viewer.user_id)
        sample = queries.has_sample(connection, context.scope)
        down = outages(connection, context.scope, context.now)
        decisions = undoable(connection, context.viewer, context.now, context.dependencies.settings.undo)
    zone = labels.zone(context.viewer.time_zone)
    frame = {
        "viewer": context.viewer,
        "counts": counts,
        "sample": sample,
        "now": context.now,
        "zone": zone,
        "at": lambda moment: labels.moment(moment, zone, context.now),
        "inbox": f"/?{view_of(context).query}".rstrip("?"),
        "form_token": context.site.sessions.form_token(context.viewer),
        "note": NOTES.get(context.request.query_params.get("note", "")),
        "path": context.request.url.path,
        "settings": context.dependencies.settings,
        "undoable": decisions,
        "outages": down,
    }
    return render_bare(context.request, template, code=code, **{**frame, **values})


def render_bare(request: Request, template: str, *, code: int = 200, **values: Any) -> HTMLResponse:
    """Render ``template`` without anything about a user."""
    rendering: Rendering = site_of(request).rendering
    html = rendering.templates.get_template(template).render(static_version=rendering.static_version, **values)
    return HTMLResponse(html, status_code=code)


def redirect(path: str, note: str | None = None) -> RedirectResponse:
    """Go to ``path`` after an action, with one of the notes."""
    joint = "&" if "?" in path else "?"
    return RedirectResponse(f"{path}{joint}note={note}" if note else path, status_code=303)


def remember_view(context: RequestContext, response: Response, view: InboxView) -> None:
    """Keep the view of the inbox in the browser, for the next draft after a decision and the way back.

    It may name a client, so it goes where the session's cookie goes, and no further.
    """
    secure = context.dependencies.settings.base_url.startswith("https://")
    response.set_cookie(VIEW_COOKIE, view.query, httponly=True, samesite="lax", secure=secure)


def view_of(context: RequestContext) -> InboxView:
    """Return the view of the inbox that the browser showed last."""
    return InboxView.parse(dict(parse_qsl(context.request.cookies.get(VIEW_COOKIE, ""))))


def decided(context: RequestContext, draft_id: str, note: str) -> RedirectResponse:
    """Go to the next draft of the inbox after a decision, or to the inbox if there is none or the user wants that."""
    view, following = view_of(context), None
    if context.viewer.open_next:
        with context.reading() as connection:
            line = queries.draft(connection, EVERYTHING, draft_id)
            if line is not None:
                user_id = context.viewer.user_id
                following = next_draft(connection, context.scope, user_id, view, line, context.now)
    if following is not None:
        return redirect(f"/drafts/{following}", note)
    return redirect(f"/?{view.query}" if view.query else "/", note)


async def own_form(context: Annotated[RequestContext, Depends(signed_in)]) -> RequestContext:
    """Return the context if the posted form comes from a page of this session.

    Raises:
        FirstwordError: it does not.
    """
    form = await context.request.form(max_fields=MAX_FIELDS)
    if not context.site.sessions.form_is_ours(context.viewer, str(form.get("form_token", ""))):
        raise FirstwordError("This form is from an earlier session.", fix="Go back, reload the page and try again.")
    return context


PageRequest = Annotated[RequestContext, Depends(signed_in)]
PageForm = Annotated[RequestContext, Depends(own_form)]
