"""Set up, see and change what comes in without a feed: watched pages, mailboxes, folders, inlets for programs.

They serve everybody, so only those who may add feeds do so. Whose word counts is set by those who may set grades.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal
from urllib.parse import urlsplit

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from services.notifier.desk import tokens
from services.notifier.desk.actions import tokens as token_actions
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.auth import Viewer
from services.notifier.desk.dependencies import DeskDependencies, FoundFeed
from services.notifier.desk.errors import NotFound, RoleRefused, TooManyRequests
from services.notifier.desk.inlet_port import InletPort, InletSetup, MailboxLook, MailboxSetup, PageSetup
from services.notifier.desk.rates import RequestRates
from services.notifier.desk.tokens import ApiToken
from services.notifier.roles import ROLES

__all__ = [
    "change_mailbox",
    "change_page",
    "change_title",
    "create",
    "create_mailbox",
    "create_token",
    "look",
    "may_set_up",
    "may_vouch",
    "preview",
    "set_password",
    "setup_of",
    "tokens_of",
    "watch",
]

SUBJECT_LIMIT = 120


def may_set_up(viewer: Viewer, dependencies: DeskDependencies) -> bool:
    """Return whether the viewer may set up and change inlets and watched pages."""
    return viewer.may("feeds.write") and dependencies.inlets is not None


def may_vouch(viewer: Viewer) -> bool:
    """Return whether the viewer may say which mail server's word counts."""
    return viewer.may("sources.write")


async def preview(viewer: Viewer, dependencies: DeskDependencies, rates: RequestRates, page: PageSetup) -> FoundFeed:
    """Return what a page lists, or the problem why it can't be watched. Nothing is stored.

    Raises:
        NotFound: the viewer may not set this up.
        TooManyRequests: they have asked too often.
        FirstwordError: a value can't be used.
    """
    inlets = _port(viewer, dependencies)
    _take(rates, viewer, dependencies)
    await run_in_threadpool(_audit, viewer, dependencies, "feeds.searched", _place(page.url))
    return await inlets.preview(page)


async def look(
    viewer: Viewer, dependencies: DeskDependencies, rates: RequestRates, mailbox: MailboxSetup, password: str
) -> MailboxLook:
    """Sign in to a mailbox and look at its newest messages. Nothing is stored.

    Raises:
        NotFound: the viewer may not set this up.
        TooManyRequests: they have asked too often.
        FirstwordError: the mailbox can't be read.
    """
    inlets = _port(viewer, dependencies)
    _take(rates, viewer, dependencies)
    await run_in_threadpool(_audit, viewer, dependencies, "mailbox.looked", _server(mailbox), mailbox.username)
    return await inlets.look(mailbox, password)


def setup_of(viewer: Viewer, dependencies: DeskDependencies, feed_id: str) -> InletSetup:
    """Return how a channel was set up.

    Raises:
        NotFound: there is none with this id, it is a feed, or the viewer may not see it.
    """
    found = _port(viewer, dependencies).setup(feed_id)
    if found is None:
        raise NotFound("There is no such inlet or page.")
    return found


def watch(viewer: Viewer, dependencies: DeskDependencies, page: PageSetup) -> InletSetup:
    """Watch a page.

    Raises:
        BadInput: a value can't be used, or the page is listed already.
    """
    inlets = _port(viewer, dependencies)
    feed_id = inlets.watch(page)
    _audit(viewer, dependencies, "inlet.created", _place(page.url), _links(page))
    return setup_of(viewer, dependencies, feed_id)


def create(
    viewer: Viewer, dependencies: DeskDependencies, name: str, title: str, kind: Literal["push", "folder"]
) -> InletSetup:
    """Set up an inlet for programs, or with a folder for files. It is unknown (F) until somebody grades it.

    Raises:
        BadInput: the name or the title can't be used.
    """
    feed_id = _port(viewer, dependencies).create(name, title, kind)
    _audit(viewer, dependencies, "inlet.created", feed_id, f"{name.strip().lower()}, {kind}")
    return setup_of(viewer, dependencies, feed_id)


def create_mailbox(
    viewer: Viewer, dependencies: DeskDependencies, name: str, title: str, mailbox: MailboxSetup, password: str
) -> InletSetup:
    """Set up an inlet that reads newsletters from a mailbox.

    Raises:
        BadInput: a value can't be used.
        RoleRefused: the viewer may not say which mail server's word counts, and named one.
    """
    inlets = _port(viewer, dependencies)
    if mailbox.verified_by is not None:
        _require_vouching(viewer)
    feed_id = inlets.create_mailbox(name, title, mailbox, password)
    _audit(viewer, dependencies, "inlet.created", feed_id, f"{name.strip().lower()}, {_reads(mailbox)}")
    return setup_of(viewer, dependencies, feed_id)


def change_page(viewer: Viewer, dependencies: DeskDependencies, feed_id: str, page: PageSetup) -> InletSetup:
    """Change how a page is watched; its address stays.

    Raises:
        BadInput: a value can't be used.
        NotFound: there is no such page.
    """
    before = setup_of(viewer, dependencies, feed_id)
    if before.page is None:
        raise NotFound("There is no such page.")
    after = replace(page, url=before.page.url)
    _port(viewer, dependencies).change_page(feed_id, after)
    _audit(viewer, dependencies, "inlet.changed", feed_id, _links(after))
    return setup_of(viewer, dependencies, feed_id)


def change_title(viewer: Viewer, dependencies: DeskDependencies, feed_id: str, title: str) -> InletSetup:
    """Change the name that people see of an inlet.

    Raises:
        BadInput: it is empty, or that of a publisher for which nobody vouched.
        NotFound: there is no such inlet.
    """
    setup = setup_of(viewer, dependencies, feed_id)
    if setup.name is None:
        raise NotFound("There is no such inlet.")
    if " ".join(title.split()) == setup.title:
        return setup
    _port(viewer, dependencies).change_title(feed_id, title)
    _audit(viewer, dependencies, "inlet.changed", feed_id, "title")
    return setup_of(viewer, dependencies, feed_id)


def change_mailbox(viewer: Viewer, dependencies: DeskDependencies, feed_id: str, mailbox: MailboxSetup) -> InletSetup:
    """Change which mailbox an inlet reads. Another server needs its password anew.

    Raises:
        BadInput: a value can't be used.
        NotFound: there is no such inlet.
        RoleRefused: it would change which mail server's word counts, and the viewer may not do that.
    """
    before = setup_of(viewer, dependencies, feed_id).mailbox
    if before is None:
        raise NotFound("There is no such mailbox.")
    after = replace(mailbox, security=before.security)
    moves = before.verified_by is not None and (after.host, after.port) != (before.host, before.port)
    if moves or after.verified_by != before.verified_by:  # another server could write the trusted name on top
        _require_vouching(viewer)
    _port(viewer, dependencies).change_mailbox(feed_id, after)
    _audit(viewer, dependencies, "inlet.changed", feed_id, _reads(after))
    return setup_of(viewer, dependencies, feed_id)


def set_password(viewer: Viewer, dependencies: DeskDependencies, feed_id: str, password: str) -> str:
    """Set the password of an inlet's mailbox; return the server that alone gets it. Nobody can read it again.

    Raises:
        BadInput: it is empty.
        NotFound: there is no such inlet.
    """
    if setup_of(viewer, dependencies, feed_id).mailbox is None:
        raise NotFound("There is no such mailbox.")
    origin = _port(viewer, dependencies).set_password(feed_id, password)
    _audit(viewer, dependencies, "feed.credentials", feed_id, f"mailbox, for {origin}")
    return origin


def tokens_of(connection: Connection, viewer: Viewer, setup: InletSetup) -> Sequence[ApiToken]:
    """Return the tokens of an inlet, the newest first: the viewer's own, or everybody's for those who may see them."""
    mine = None if viewer.may("tokens.all") else viewer.user_id
    return [token for token in tokens.list_tokens(connection, mine) if token.inlet_id == setup.feed_id]


def create_token(context: ActionContext, setup: InletSetup, name: str, days: int) -> str:
    """Create a token with which a program puts items into an inlet; return its text, which nobody can read again.

    Raises:
        BadInput: no programs put items in here, or the name or the lifetime is not valid.
        Conflict: the viewer's role needs a second factor, and this session began without it.
    """
    if setup.kind != "push":
        raise NotFound("Into this inlet, no programs put items.")
    return token_actions.create(context, name, (), days, inlet_id=setup.feed_id)


def _require_vouching(viewer: Viewer) -> None:
    if not may_vouch(viewer):
        raise RoleRefused(ROLES[viewer.role].label)


def _take(rates: RequestRates, viewer: Viewer, dependencies: DeskDependencies) -> None:
    wait = rates.take(viewer.user_id, dependencies.clock.now())
    if wait:
        raise TooManyRequests(wait, "You look at other people's servers too often.", "then look again")


def _server(mailbox: MailboxSetup) -> str:
    return f"{mailbox.host}:{mailbox.port}"


def _reads(mailbox: MailboxSetup) -> str:
    verified = f", verified by {mailbox.verified_by}" if mailbox.verified_by else ""
    return f"reads {mailbox.folder} of {mailbox.username} at {_server(mailbox)}{verified}"


def _links(page: PageSetup) -> str:
    told = (("below", page.links_under), ("in", page.links_in))
    return f"page, {' '.join(f'{where} {what}' for where, what in told if what) or 'all links'}"


def _place(url: str) -> str:
    """Return an address without user name, password and query."""
    try:
        parts = urlsplit(url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
    except ValueError:
        return "an invalid address"


def _port(viewer: Viewer, dependencies: DeskDependencies) -> InletPort:
    if dependencies.inlets is None or not may_set_up(viewer, dependencies):
        raise NotFound("There is no such page.")
    return dependencies.inlets


def _audit(
    viewer: Viewer, dependencies: DeskDependencies, action: str, subject: str, detail: str | None = None
) -> None:
    with dependencies.engine.begin() as connection:
        ActionContext(connection, dependencies.publisher, viewer, dependencies.clock.now()).audit(
            action, subject[:SUBJECT_LIMIT], detail=detail
        )
