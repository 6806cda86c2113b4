"""A request of a signed-in user: who is asking, when, and access to the database and the actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from sqlalchemy import Connection

from services.common.db import reading
from services.notifier import audit
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.auth import SESSION_COOKIE, Sessions, Viewer
from services.notifier.desk.dependencies import DeskDependencies
from services.notifier.desk.errors import SignInNeeded
from services.notifier.desk.idempotency import KeyedRequest
from services.notifier.desk.rates import RequestRates
from services.notifier.desk.tokens import ALL_SCOPES, TokenScope
from services.notifier.queries import DraftLine
from services.notifier.scope import Scope
from services.notifier.sending_plan import Sending, plan_sendings

__all__ = ["RequestContext", "Site", "page_number", "signed_in", "site_of"]

#: Characters of a search that are looked for.
SEARCH_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Site:
    """The running desk. ``rendering`` belongs to the pages: templates and the version of the static files."""

    dependencies: DeskDependencies
    sessions: Sessions
    rates: RequestRates
    rendering: Any = None


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request of a signed-in viewer. ``scopes`` are what an API token may do; a session may do everything."""

    site: Site
    request: Request
    viewer: Viewer
    now: datetime
    scopes: tuple[TokenScope, ...] = ALL_SCOPES

    @property
    def dependencies(self) -> DeskDependencies:
        """The desk's context for one process."""
        return self.site.dependencies

    @property
    def scope(self) -> Scope:
        """The clients that the viewer may see."""
        return self.viewer.scope

    @property
    def page_number(self) -> int:
        """The page asked for by ``?page=``, from 1."""
        return page_number(self.request)

    @property
    def page_size(self) -> int:
        """The number of entries on a page."""
        return self.dependencies.settings.page_size

    @property
    def search(self) -> str:
        """The text asked for by ``?q=``."""
        return self.request.query_params.get("q", "").strip()[:SEARCH_LIMIT]

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection that only reads."""
        with reading(self.dependencies.engine) as connection:
            yield connection

    @contextmanager
    def acting(self) -> Iterator[ActionContext]:
        """Open a transaction for actions. A request's idempotency key is recorded in it."""
        settings = self.dependencies.settings
        keyed: KeyedRequest | None = getattr(self.request.state, "keyed", None)
        with self.dependencies.engine.begin() as connection:
            if keyed is not None:
                keyed.record(connection)
            yield ActionContext(
                connection,
                self.dependencies.publisher,
                self.viewer,
                self.now,
                None if settings.mail_channel else settings.mail_fix,
                self.dependencies.client_routes,
                self.dependencies.gate,
                self.dependencies.trades,
                self.dependencies.client_book,
                settings.undo,
            )

    def plans(self, connection: Connection, lines: Sequence[DraftLine]) -> Mapping[str, Sending]:
        """Return the plan of sending of each draft that waits, by its id."""
        return plan_sendings(connection, lines, self.now, self.dependencies.settings.undo)

    def audit_read(self, action: str, subject: str, client_id: str | None = None) -> None:
        """Record in the audit log that the viewer read client data."""
        with self.dependencies.engine.begin() as connection:
            audit.record(connection, self.now, self.viewer.user_id, action, subject, client_id)


def site_of(request: Request) -> Site:
    """Return the desk that serves ``request``."""
    site: Site = request.app.state.site
    return site


def signed_in(request: Request) -> RequestContext:
    """Return the context of the user whose session this is.

    Raises:
        SignInNeeded: nobody is signed in.
    """
    site = site_of(request)
    with reading(site.dependencies.engine) as connection:
        viewer = site.sessions.viewer(connection, request.cookies.get(SESSION_COOKIE, ""))
    if viewer is None:
        raise SignInNeeded("Please sign in.")
    return RequestContext(site, request, viewer, site.dependencies.clock.now())


def page_number(request: Request) -> int:
    """Return the page asked for by ``?page=``; 1 if it is not a number."""
    text = request.query_params.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
