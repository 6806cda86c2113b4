"""Setting up what comes in without a feed: watched pages, mailboxes, folders, and inlets for programs.

The desk knows neither how they are kept nor how they are read. Secrets go in and never come out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from schemas.feeds import FeedKind

__all__ = [
    "FoundFeed",
    "InletPort",
    "InletSetup",
    "MailboxLook",
    "MailboxSetup",
    "PageSetup",
    "PreviewItem",
    "Security",
]

#: How a mail server is spoken to; without TLS only on this machine.
Security = Literal["tls", "none"]


@dataclass(frozen=True, slots=True)
class PreviewItem:
    """An item of a feed that is not watched yet."""

    title: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed at an address, or of the page there, with a preview; or the ``problem`` why it can't be read.

    ``count`` is how many items it has, ``items`` are the newest. ``feed_id`` names it if it is watched already.
    """

    url: str
    title: str | None = None
    count: int = 0
    items: tuple[PreviewItem, ...] = ()
    problem: str | None = None
    fix: str | None = None
    feed_id: str | None = None


@dataclass(frozen=True, slots=True)
class PageSetup:
    """The settings of a watched page.

    Its links to a path below ``links_under`` count, and those in the part of it that ``links_in`` names as in CSS;
    without them, all outside of its navigation.
    """

    url: str
    title: str | None = None
    links_under: str | None = None
    links_in: str | None = None


@dataclass(frozen=True, slots=True)
class MailboxSetup:
    """The mailbox into which newsletters come.

    ``verified_by`` is the name under which the own mail server says who sent a message. Without it, all of them are of
    unknown origin.
    """

    host: str
    username: str
    port: int = 993
    folder: str = "INBOX"
    verified_by: str | None = None
    security: Security = "tls"


@dataclass(frozen=True, slots=True)
class MailboxLook:
    """The contents of a mailbox: the number of its messages, and sender and subject of the newest.

    ``servers`` are the names on top of the newest messages' results of authentication. That of the own mail server is
    among them if it adds any; but whoever writes to a mailbox without one may write any name there.
    """

    count: int
    newest: Sequence[tuple[str, str]]
    servers: Sequence[str]


@dataclass(frozen=True, slots=True)
class InletSetup:
    """The settings of a channel without a feed. ``name`` is that of an inlet, ``folder`` the place for its files.

    ``domain`` is the one under which its grade is set. The password of a mailbox is no part of it.
    """

    feed_id: str
    kind: FeedKind
    title: str | None
    name: str | None = None
    domain: str | None = None
    folder: str | None = None
    page: PageSetup | None = None
    mailbox: MailboxSetup | None = None


class InletPort(Protocol):
    """Sets up channels without a feed. Each method raises FirstwordError with a fix if it isn't possible."""

    async def preview(self, page: PageSetup) -> FoundFeed:
        """Return what the page lists, or the problem why it can't be watched. Nothing is stored."""
        ...

    async def look(self, mailbox: MailboxSetup, password: str) -> MailboxLook:
        """Sign in to a mailbox and look at the newest messages. Nothing is stored."""
        ...

    def setup(self, feed_id: str) -> InletSetup | None:
        """Return how a channel was set up; None if there is none, or it is a feed."""
        ...

    def watch(self, page: PageSetup) -> str:
        """Watch a page; return its id."""
        ...

    def create(self, name: str, title: str, kind: Literal["push", "folder"]) -> str:
        """Set up an inlet for programs, or with a folder for files; return its id. Its grade is F, unknown."""
        ...

    def create_mailbox(self, name: str, title: str, mailbox: MailboxSetup, password: str) -> str:
        """Set up an inlet that reads a mailbox; return its id."""
        ...

    def change_page(self, feed_id: str, page: PageSetup) -> None:
        """Change how a page is watched; its address stays."""
        ...

    def change_title(self, feed_id: str, title: str) -> None:
        """Change the name that people see of an inlet."""
        ...

    def change_mailbox(self, feed_id: str, mailbox: MailboxSetup) -> None:
        """Change which mailbox an inlet reads."""
        ...

    def set_password(self, feed_id: str, password: str) -> str:
        """Set the password of an inlet's mailbox; return the server that alone gets it."""
        ...
