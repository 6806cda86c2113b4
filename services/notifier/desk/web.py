"""What every page needs: who is asking, that a form is ours, a connection, and a template with the frame around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.common.db import reading
from services.common.errors import FirstwordError
from services.notifier import queries
from services.notifier.desk import labels
from services.notifier.desk.actions import Desk, audit
from services.notifier.desk.auth import SESSION_COOKIE, Sessions, Viewer
from services.notifier.desk.deps import DeskDeps
from services.notifier.desk.highlight import letter, quoted, safe_url
from services.notifier.scope import Scope

__all__ = ["Asking", "Form", "Page", "SignInNeeded", "Site", "asking", "back_to", "number_of", "our_form", "site_of"]

HERE = Path(__file__).parent

#: What a page says after an action, by the code in its address; free text in an address could be anybody's.
NOTES = {
    "approved": "Approved. It is on its way.",
    "waiting": "Approved. It waits for the client's hours; see “Waiting to go out”.",
    "saved": "Saved, and checked again.",
    "dismissed": "Dismissed. It stays listed under Decisions.",
    "marked": "Noted as sent by hand.",
    "taken-back": "Taken back. Nothing was sent.",
    "logged": "Noted.",
    "contact": "Noted. It counts as a contact.",
    "confirm": "Noted. The note that confirms it appears in the inbox in a moment.",
    "feedback": "Noted. The client's page shows what it moves.",
    "answers": "Kept. The client's page shows them in a moment.",
    "no-answers": "There was nothing new to keep.",
    "delivery": "Noted.",
    "reach": "Kept. It holds from now on.",
    "zone": "From now on you read times in this zone.",
    "feed-added": "Added. It is polled in a moment.",
    "feed-removed": "Removed.",
    "feed-paused": "Paused.",
    "feed-resumed": "It is polled again from now on.",
}


class SignInNeeded(FirstwordError):
    """Nobody is signed in."""


@dataclass(frozen=True, slots=True)
class Site:
    """The running desk: its dependencies, sessions and templates."""

    deps: DeskDeps
    sessions: Sessions
    templates: Environment
    static_version: str

    @classmethod
    def build(cls, deps: DeskDeps, static_version: str) -> Site:
        """The desk over ``deps``."""
        environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals.update(labels=labels, letter=letter, quoted=quoted, safe_url=safe_url)
        return cls(deps, Sessions(deps.settings.secret, deps.settings.session_lifetime), environment, static_version)

    def ill_feeds(self) -> list[Any]:
        """The feeds that somebody should look at."""
        return [feed for feed in self.deps.feeds_view() if feed.ill]


@dataclass(frozen=True, slots=True)
class Asking:
    """One request of a viewer who is signed in."""

    site: Site
    request: Request
    viewer: Viewer
    now: datetime

    @property
    def scope(self) -> Scope:
        """The clients that the viewer may see."""
        return self.viewer.scope

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """A connection to read by."""
        with reading(self.site.deps.engine) as connection:
            yield connection

    @contextmanager
    def acting(self) -> Iterator[Desk]:
        """The desk's actions, all in one transaction."""
        with self.site.deps.engine.begin() as connection:
            settings = self.site.deps.settings
            no_mail = None if settings.mail_channel else settings.mail_mend
            deps = self.site.deps
            yield Desk(connection, deps.publisher, self.viewer, self.now, no_mail, deps.ways)

    def note_read(self, action: str, subject: str, client_id: str | None) -> None:
        """Write into the audit log that client data was read."""
        with self.site.deps.engine.begin() as connection:
            audit(connection, self.viewer, self.now, action, subject, client_id)

    def page(self, template: str, *, code: int = 200, **values: Any) -> HTMLResponse:
        """``template`` in the frame that all pages share."""
        with self.reading() as connection:
            counts = queries.counts(connection, self.scope)
            sample = queries.has_sample(connection, self.scope)
        tz = labels.zone(self.viewer.time_zone)
        frame = {
            "viewer": self.viewer,
            "counts": counts,
            "sample": sample,
            "now": self.now,
            "tz": tz,
            "at": lambda when: labels.moment(when, tz, self.now),
            "form_token": self.site.sessions.form_token(self.viewer),
            "note": NOTES.get(self.request.query_params.get("note", "")),
            "path": self.request.url.path,
            "settings": self.site.deps.settings,
            "static_version": self.site.static_version,
        }
        html = self.site.templates.get_template(template).render({**frame, **values})
        return HTMLResponse(html, status_code=code)


def site_of(request: Request) -> Site:
    """The desk that serves ``request``."""
    site: Site = request.app.state.site
    return site


def asking(request: Request) -> Asking:
    """Who is signed in.

    Raises:
        SignInNeeded: when nobody is.
    """
    site = site_of(request)
    with reading(site.deps.engine) as connection:
        viewer = site.sessions.viewer(connection, request.cookies.get(SESSION_COOKIE, ""))
    if viewer is None:
        raise SignInNeeded("Please sign in.")
    return Asking(site, request, viewer, site.deps.clock.now())


async def our_form(request: Request, who: Annotated[Asking, Depends(asking)]) -> Asking:
    """Who is signed in, when the form that is posted is one of their session's.

    Raises:
        FirstwordError: when it isn't.
    """
    form = await request.form()
    if not who.site.sessions.form_is_ours(who.viewer, str(form.get("form_token", ""))):
        raise FirstwordError("This form is from an older session.", fix="Go back, load the page again and repeat it.")
    return who


def back_to(path: str, note: str | None = None) -> RedirectResponse:
    """Go on to ``path`` after an action, with a note."""
    return RedirectResponse(f"{path}?note={note}" if note else path, status_code=303)


def number_of(request: Request) -> int:
    """The page asked for by ``?page=``; the first where it is no number."""
    text = request.query_params.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


Page = Annotated[Asking, Depends(asking)]
Form = Annotated[Asking, Depends(our_form)]
