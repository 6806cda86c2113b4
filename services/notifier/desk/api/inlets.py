"""News without a feed, set up, seen and changed: watched pages, mailboxes, folders, inlets for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import ConfigDict, Field, SecretStr

from schemas.base import Model, Whole
from schemas.feeds import FeedKind
from services.notifier.desk.actions import inlet_setup
from services.notifier.desk.api.caller import Caller
from services.notifier.desk.dependencies import FoundFeed
from services.notifier.desk.inlet_port import InletSetup, MailboxSetup, PageSetup

__all__ = ["router"]

router = APIRouter()


class PageLinks(Model):
    """The links of a watched page that are news: below a path, in a part of the page named as in CSS, or both.

    Without them, all outside of its navigation. ``title`` is the page's name in lists.
    """

    title: str | None = Field(default=None, max_length=200)
    links_under: str | None = Field(default=None, min_length=1, max_length=200)
    links_in: str | None = Field(default=None, min_length=1, max_length=200)


class WatchedPage(PageLinks):
    """A page that lists news, or a news sitemap."""

    url: str = Field(min_length=1, max_length=2_000)

    def setup(self) -> PageSetup:
        """Return it as the desk's port takes it."""
        return PageSetup(self.url.strip(), self.title, self.links_under, self.links_in)


class MailboxPlace(Model):
    """A folder of a mailbox, read by IMAP with TLS.

    ``verified_by`` is the name under which your own mail server says in Authentication-Results who sent a message;
    without it, all are of unknown origin. Only those who may set grades set it.
    """

    host: str = Field(min_length=1, max_length=253)
    port: Annotated[int, Field(ge=1, le=65_535), Whole] = 993
    username: str = Field(min_length=1, max_length=200)
    folder: str = Field(default="INBOX", min_length=1, max_length=200)
    verified_by: str | None = Field(default=None, min_length=1, max_length=253)

    def setup(self) -> MailboxSetup:
        """Return it as the desk's port takes it."""
        return MailboxSetup(self.host, self.username, self.port, self.folder, self.verified_by)


class MailboxToLookInto(MailboxPlace):
    """A mailbox with its password, which is used once and not kept."""

    password: SecretStr = Field(min_length=1, max_length=1_000)


class NewMailbox(MailboxToLookInto):
    """An inlet that reads a mailbox. Its password is sealed, and nobody can read it again."""

    name: str = Field(min_length=1, max_length=40)
    title: str = Field(min_length=1, max_length=200)


class NewInlet(Model):
    """An inlet into which programs put items (``push``), or with a folder for files."""

    name: str = Field(min_length=1, max_length=40)
    title: str = Field(min_length=1, max_length=200)
    kind: Literal["push", "folder"] = "push"


class InletTitle(Model):
    """The name that people see of an inlet."""

    title: str = Field(min_length=1, max_length=200)


class MailboxPassword(Model):
    """The password of a mailbox."""

    password: SecretStr = Field(min_length=1, max_length=1_000)


class PasswordSet(Model):
    """A password that was set. Only the server ``origin`` gets it."""

    feed_id: str
    origin: str


class MailboxMessage(Model):
    """Sender and subject of a message, as it says."""

    sender: str
    subject: str


class MailboxContents(Model):
    """The contents of a mailbox: the number of its messages, and the newest.

    ``servers`` are the names on top of their Authentication-Results. If your mail server adds this header, its name is
    among them; if it doesn't, a sender may have written any name there.
    """

    count: int
    newest: Sequence[MailboxMessage]
    servers: Sequence[str]


class PageView(PageLinks):
    """The settings of a watched page."""

    model_config = ConfigDict(from_attributes=True)

    url: str


class MailboxView(MailboxPlace):
    """The mailbox of an inlet. Its password can't be read."""

    model_config = ConfigDict(from_attributes=True)


class InletView(Model):
    """The settings of something without a feed. ``domain`` is the one under which an inlet's grade is set."""

    model_config = ConfigDict(from_attributes=True)

    feed_id: str
    kind: FeedKind
    title: str | None
    name: str | None
    domain: str | None
    folder: str | None
    page: PageView | None
    mailbox: MailboxView | None


@router.post("/feeds/pages/preview")
async def preview_page(context: Caller, page: WatchedPage) -> FoundFeed:
    """Return the links that a page lists, or the problem why it can't be watched. Nothing is stored."""
    return await inlet_setup.preview(context.viewer, context.dependencies, context.site.find_rates, page.setup())


@router.post("/feeds/pages", status_code=201)
def watch_page(context: Caller, page: WatchedPage) -> InletView:
    """Watch a page that has no feed, as its robots.txt allows. What it lists now is background."""
    return _view(inlet_setup.watch(context.viewer, context.dependencies, page.setup()))


@router.post("/feeds/mailboxes/look")
async def look_into_mailbox(context: Caller, mailbox: MailboxToLookInto) -> MailboxContents:
    """Sign in to a mailbox and show its newest messages. Nothing is stored, and nothing changed in it."""
    found = await inlet_setup.look(
        context.viewer,
        context.dependencies,
        context.site.find_rates,
        mailbox.setup(),
        mailbox.password.get_secret_value(),
    )
    newest = [MailboxMessage(sender=sender, subject=subject) for sender, subject in found.newest]
    return MailboxContents(count=found.count, newest=newest, servers=found.servers)


@router.post("/feeds/mailboxes", status_code=201)
def add_mailbox(context: Caller, mailbox: NewMailbox) -> InletView:
    """Set up an inlet that reads newsletters from a mailbox, each message once, without changing it."""
    return _view(
        inlet_setup.create_mailbox(
            context.viewer,
            context.dependencies,
            mailbox.name,
            mailbox.title,
            mailbox.setup(),
            mailbox.password.get_secret_value(),
        )
    )


@router.post("/feeds/inlets", status_code=201)
def add_inlet(context: Caller, inlet: NewInlet) -> InletView:
    """Set up an inlet for programs or files. It is unknown (F) until somebody grades its ``domain``."""
    return _view(inlet_setup.create(context.viewer, context.dependencies, inlet.name, inlet.title, inlet.kind))


@router.get("/feeds/{feed_id}/setup")
def get_inlet(context: Caller, feed_id: str) -> InletView:
    """Return how a page, a mailbox or an inlet was set up, without secrets."""
    return _view(inlet_setup.setup_of(context.viewer, context.dependencies, feed_id))


@router.put("/feeds/{feed_id}/page")
def change_page(context: Caller, feed_id: str, links: PageLinks) -> InletView:
    """Change how a page is watched; its address stays. It is read at once, and what it lists then is background."""
    page = PageSetup("", links.title, links.links_under, links.links_in)
    return _view(inlet_setup.change_page(context.viewer, context.dependencies, feed_id, page))


@router.put("/feeds/{feed_id}/title")
def change_inlet_title(context: Caller, feed_id: str, wanted: InletTitle) -> InletView:
    """Change the name that people see of an inlet, for its later items."""
    return _view(inlet_setup.change_title(context.viewer, context.dependencies, feed_id, wanted.title))


@router.put("/feeds/{feed_id}/mailbox")
def change_mailbox(context: Caller, feed_id: str, mailbox: MailboxPlace) -> InletView:
    """Change which mailbox an inlet reads. Another server needs its password anew."""
    return _view(inlet_setup.change_mailbox(context.viewer, context.dependencies, feed_id, mailbox.setup()))


@router.put("/feeds/{feed_id}/password")
def set_mailbox_password(context: Caller, feed_id: str, wanted: MailboxPassword) -> PasswordSet:
    """Set the password of an inlet's mailbox. It is sealed, and can't be read again."""
    secret = wanted.password.get_secret_value()
    return PasswordSet(
        feed_id=feed_id, origin=inlet_setup.set_password(context.viewer, context.dependencies, feed_id, secret)
    )


def _view(setup: InletSetup) -> InletView:
    return InletView.model_validate(setup)
