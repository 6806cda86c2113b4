"""Renders a template in the frame that all pages share, and reads the forms that pages post."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Connection

from services.common.errors import FirstwordError
from services.notifier import audit, queries
from services.notifier.delivery.outages import outages
from services.notifier.desk import labels, second_factor, sending_labels, throttle
from services.notifier.desk.actions.undo import undoable
from services.notifier.desk.auth import CODE_COOKIE, CODE_LIFETIME, SESSION_COOKIE
from services.notifier.desk.context import RequestContext, Site, peer_of, permitted, signin_by, site_of
from services.notifier.desk.errors import TooManyAttempts
from services.notifier.desk.highlight import mark_sources, quoted, safe_url
from services.notifier.desk.sessions import end_session
from services.notifier.scope import EVERYTHING
from services.notifier.triage.inbox import next_draft
from services.notifier.triage.view import InboxView

__all__ = [
    "STATIC",
    "VIEW_COOKIE",
    "PageForm",
    "PageRequest",
    "Rendering",
    "begin_session",
    "build_rendering",
    "decided",
    "drop_signin_cookie",
    "origin_of",
    "own_form",
    "redirect",
    "refuse_signin",
    "remember_view",
    "render",
    "replace_session",
    "set_session",
    "set_signin_cookie",
    "signin_page",
    "too_many_signins",
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
    "file-value": "The file's value counts from now on, and its next import may change it.",
    "client-same": "There was nothing to change.",
    "client-archived": "Archived. Nothing is matched, drafted or sent for them. You can restore them at any time.",
    "clients-merged": "Merged. The other entry is archived; its history restores it.",
    "clients-different": "Saved. They are not listed as duplicates any more.",
    "import-checked": "Checked again. Nothing is changed yet.",
    "client-restored": "Restored. News is matched for them again from now on.",
    "no-answers": "There were no new answers to save.",
    "delivery": "Saved.",
    "preferences": "Saved. It takes effect immediately.",
    "requested": "Firstword is writing the draft. It appears in the inbox in a moment.",
    "zone": "Saved. Times are now shown in this zone.",
    "session-ended": "Ended. That browser has to sign in again.",
    "sessions-ended": "Ended. Only this browser is signed in as you.",
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
    "proved": "Thank you. You can go on for the next ten minutes.",
    "factor-removed": "Removed. Signing in asks for no code any more.",
    "factor-reset": "Saved. They sign in without a code, and set up a new second factor.",
    "factors-required": "Saved. Whoever has none yet sets it up at their next click.",
    "person-added": "Added. Create a sign-in link to let them in.",
    "role-changed": "Saved. It counts from their next click.",
    "person-disabled": "Saved. Their sessions, links and tokens have ended.",
    "person-email": "Saved. It counts from the next sign-in on.",
    "person-enabled": "Saved. Create a sign-in link to let them in.",
    "feed-added": "Feed added. Firstword fetches it in a moment.",
    "feed-credentials": "Saved. The feed is fetched with it at once.",
    "feed-full-text-on": "Saved. The articles of its next headlines and teasers are read on their pages.",
    "feed-full-text-off": "Saved. Its items have only what the feed says.",
    "feed-speakers": "Saved. It counts for the items that come from now on.",
    "page-watched": "The page is watched. What it lists now is background; from now on, new links are news.",
    "mailbox-added": "The mailbox is read every minute from now on.",
    "mailbox-password": "Saved. The mailbox is read with it at once.",
    "inlet-added": "Set up. It is unknown (F) until somebody grades it.",
    "inlet-changed": "Saved.",
    "feed-removed": "Feed removed.",
    "source-graded": "Graded. It counts for the news that comes from now on; below, you can undo it.",
    "source-undone": "Undone: the grade is as it was before.",
    "feed-paused": "Feed paused.",
    "feed-resumed": "Feed resumed.",
    "unread-replayed": "Everything in it could be read now.",
    "unread-waits": "It is processed again in a moment. If that fails, it is listed again.",
    "unread-dropped": "Dropped. It is no longer listed.",
}


@dataclass(frozen=True, slots=True)
class Rendering:
    """The templates, and a version that changes with the static files, so that browsers may cache them."""

    templates: Environment
    static_version: str


@cache
def build_rendering() -> Rendering:
    """Load the templates and hash the static files, once for all desks of a process."""
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
        "may": context.viewer.may,
        "counts": counts,
        "sample": sample,
        "now": context.now,
        "zone": zone,
        "at": lambda moment: labels.moment(moment, zone, context.now),
        "inbox": f"/?{view_of(context).query}".rstrip("?"),
        "form_token": context.site.sessions.form_token(context.viewer),
        "proven": context.is_proven,
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


def set_session(site: Site, response: Response, cookie: str) -> None:
    """Give the browser the cookie of a new session."""
    response.set_cookie(
        SESSION_COOKIE,
        cookie,
        max_age=int(site.sessions.lifetime.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=site.dependencies.settings.base_url.startswith("https://"),
    )


def signin_page(request: Request, problem: str | None, status: int, token: str = "") -> HTMLResponse:
    """Show how to sign in, or a button that redeems ``token``."""
    dependencies = site_of(request).dependencies
    values = {
        "problem": problem,
        "command": dependencies.settings.signin_command,
        "token": token,
        "provider": None if dependencies.openid is None else dependencies.openid.settings.name,
    }
    return render_bare(request, "signin.html", code=status, **values)


def refuse_signin(request: Request, what: str, problem: str, *, user_id: str | None, why: str) -> Response:
    """Refuse a sign-in with ``problem``, in the same words whatever the reason, which only the audit log has.

    Whoever has failed too often must wait, and gets that answer instead. ``what`` names the means: link, openid.
    """
    dependencies = site_of(request).dependencies
    seconds = throttle.refuse(
        dependencies.engine, dependencies.clock.now(), what=what, peer=peer_of(request), user_id=user_id, why=why
    )
    return too_many_signins(request, seconds) if seconds else signin_page(request, problem, 403)


def too_many_signins(request: Request, seconds: int) -> Response:
    """Say that signing in can be tried again in some seconds."""
    page = signin_page(request, str(TooManyAttempts(seconds)), 429)
    page.headers["Retry-After"] = str(seconds)
    return page


def origin_of(request: Request) -> str:
    """Return where a sign-in comes from, for the audit log."""
    return f"from {throttle.network_of(peer_of(request))}"


def begin_session(
    request: Request,
    connection: Connection,
    user_id: str,
    means: str,
    now: datetime,
    *,
    proved_at: datetime | None = None,
) -> Response:
    """Begin a session of a user who has passed the first factor; or ask for the second, if they have one.

    ``proved_at`` is when they proved who they are, if somebody else says so.
    """
    site = site_of(request)
    if second_factor.has_factor(connection, user_id):
        response = RedirectResponse("/signin/code", status_code=303)
        set_signin_cookie(site, response, CODE_COOKIE, site.sessions.ask_for_code(connection, user_id, means))
        return response
    replace_session(request, connection)
    cookie = site.sessions.issue(connection, user_id, signin_by(request, means, proved_at=proved_at), now)
    audit.record(connection, now, user_id, "signin", means, detail=origin_of(request))
    response = RedirectResponse("/", status_code=303)
    set_session(site, response, cookie)
    return response


def replace_session(request: Request, connection: Connection) -> None:
    """End the session that this browser has so far: nobody could end it by signing out any more."""
    viewer = site_of(request).sessions.viewer(connection, request.cookies.get(SESSION_COOKIE, ""))
    if viewer is not None and viewer.session is not None:
        end_session(connection, viewer.session.id)


def set_signin_cookie(site: Site, response: Response, name: str, value: str) -> None:
    """Give the browser a cookie for the next minutes, which goes to the pages of signing in alone."""
    response.set_cookie(
        name,
        value,
        max_age=int(CODE_LIFETIME.total_seconds()),
        path="/signin",
        httponly=True,
        samesite="lax",
        secure=site.dependencies.settings.base_url.startswith("https://"),
    )


def drop_signin_cookie(response: Response, name: str) -> None:
    """Take a cookie of the pages of signing in away again."""
    response.delete_cookie(name, path="/signin", httponly=True, samesite="lax")


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


async def own_form(context: Annotated[RequestContext, Depends(permitted)]) -> RequestContext:
    """Return the context if the posted form comes from a page of this session.

    Raises:
        FirstwordError: it does not.
    """
    form = await context.request.form(max_fields=MAX_FIELDS)
    if not context.site.sessions.form_is_ours(context.viewer, str(form.get("form_token", ""))):
        raise FirstwordError("This form is from an earlier session.", fix="Go back, reload the page and try again.")
    return context


PageRequest = Annotated[RequestContext, Depends(permitted)]
PageForm = Annotated[RequestContext, Depends(own_form)]
