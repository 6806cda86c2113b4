"""A request of a signed-in user: who is asking, when, and access to the database and the actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from sqlalchemy import Connection

from services.common.db import reading
from services.notifier import audit
from services.notifier.desk.access import ENROLMENT, PROVEN, PROVEN_OF_ALL, may_use
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.auth import SESSION_COOKIE, Sessions, Viewer
from services.notifier.desk.dependencies import DeskDependencies
from services.notifier.desk.errors import FactorNeeded, ProofNeeded, RoleRefused, SignInNeeded
from services.notifier.desk.idempotency import KeyedRequest
from services.notifier.desk.rates import RequestRates
from services.notifier.desk.sessions import SignIn, browser_in_words, record_seen, seen_is_due, shortened
from services.notifier.desk.tokens import ALL_SCOPES, TokenScope
from services.notifier.queries import DraftLine
from services.notifier.roles import ROLES
from services.notifier.scope import Scope
from services.notifier.sending_plan import Sending, plan_sendings

__all__ = [
    "RequestContext",
    "Site",
    "page_number",
    "peer_of",
    "permitted",
    "require",
    "signed_in",
    "signin_by",
    "site_of",
]

#: Characters of a search that are looked for.
SEARCH_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Site:
    """The running desk. ``rendering`` belongs to the pages: templates and the version of the static files.

    ``rates`` limits requests to the API, ``find_rates`` searches for feeds, which ask other people's servers, and
    ``item_rates`` the items of programs.
    """

    dependencies: DeskDependencies
    sessions: Sessions
    rates: RequestRates
    find_rates: RequestRates
    item_rates: RequestRates
    rendering: Any = None


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request of a signed-in viewer. ``scopes`` are what an API token may do; a session may do what its user may.

    ``inlet_id`` is the inlet into which the token puts items; None for others.
    """

    site: Site
    request: Request
    viewer: Viewer
    now: datetime
    scopes: tuple[TokenScope, ...] = ALL_SCOPES
    inlet_id: str | None = None

    @property
    def caller_id(self) -> str:
        """The id of who calls: each inlet, and each user, has limits and idempotency keys of their own."""
        return self.inlet_id or self.viewer.user_id

    @property
    def is_proven(self) -> bool:
        """True if the viewer has proved in this session a few minutes ago who they are."""
        return self.viewer.session is not None and self.viewer.session.is_proven(self.now)

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
                set() if keyed is None else keyed.subjects,
            )

    def plans(self, connection: Connection, lines: Sequence[DraftLine]) -> Mapping[str, Sending]:
        """Return the plan of sending of each draft that waits, by its id."""
        return plan_sendings(connection, lines, self.now, self.dependencies.settings.undo)

    def audit_read(
        self, action: str, subject: str, client_id: str | None = None, *, shown: Iterable[str | None] = ()
    ) -> None:
        """Record in the audit log that the viewer read client data: one entry, with the clients in a list."""
        detail = audit.shown_clients(shown)
        with self.dependencies.engine.begin() as connection:
            audit.record(connection, self.now, self.viewer.user_id, action, subject, client_id, detail)


def site_of(request: Request) -> Site:
    """Return the desk that serves ``request``."""
    site: Site = request.app.state.site
    return site


def peer_of(request: Request) -> str | None:
    """Return the address that the request came from, as far as the server knows."""
    return None if request.client is None else request.client.host


def signin_by(request: Request, means: str, *, with_factor: bool = False, proved_at: datetime | None = None) -> SignIn:
    """Return the facts of a sign-in by this request."""
    browser = browser_in_words(request.headers.get("user-agent", ""))
    return SignIn(means, browser, shortened(peer_of(request)), with_factor, proved_at)


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
    now, session = site.dependencies.clock.now(), viewer.session
    if session is not None and seen_is_due(session, now):
        with site.dependencies.engine.begin() as connection:
            record_seen(connection, session.id, shortened(peer_of(request)), now)
    return RequestContext(site, request, viewer, now)


def permitted(request: Request) -> RequestContext:
    """Return the context of the user whose session this is, if their role allows the route.

    Raises:
        SignInNeeded: nobody is signed in.
        RoleRefused: the role doesn't allow it.
    """
    context = signed_in(request)
    require(context)
    return context


def require(context: RequestContext, prefix: str = "") -> None:
    """Raise RoleRefused unless the viewer's role, as it is at this moment, allows the request's route.

    Raises FactorNeeded if the role also needs a second factor that the viewer has not set up, and ProofNeeded if the
    route needs a proof of who they are that is minutes old.

    A route knows its path without the ``prefix`` of its router.
    """
    method = "GET" if context.request.method == "HEAD" else context.request.method
    rules = ROLES[context.viewer.role]
    route = f"{method} {prefix}{context.request.scope['route'].path}"
    if not may_use(rules.may, route):
        raise RoleRefused(rules.label)
    if context.viewer.lacks_factor and route not in ENROLMENT:
        raise FactorNeeded
    then = PROVEN.get(route) or (PROVEN_OF_ALL.get(route) if rules.sees == "all" else None)
    if then is not None and not context.is_proven:
        raise ProofNeeded(then)


def page_number(request: Request) -> int:
    """Return the page asked for by ``?page=``; 1 if it is not a number."""
    text = request.query_params.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
