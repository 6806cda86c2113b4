"""Connect the desk's pages for inlets and watched pages with ingest; the two services don't know each other."""

from __future__ import annotations

from typing import Literal

from firstword.inlets import Inlets
from services.common.errors import BadInput
from services.ingest.fetch.imap import MailboxPlace
from services.ingest.identity.inlet_addresses import inlet_domain, is_inlet_url, name_of_inlet
from services.ingest.repository import Mailbox
from services.ingest.service import IngestService
from services.notifier.desk.dependencies import FoundFeed, PreviewItem
from services.notifier.desk.inlet_port import InletSetup, MailboxLook, MailboxSetup, PageSetup

__all__ = ["InletAdapter"]

#: Links of a page that are shown before it is watched.
PREVIEW_ITEMS = 8


class InletAdapter:
    """Implements the desk's port ``inlets`` with the ingest service and the inlets of the installation."""

    def __init__(self, inlets: Inlets, ingest: IngestService) -> None:
        self._inlets = inlets
        self._ingest = ingest

    async def preview(self, page: PageSetup) -> FoundFeed:
        """Return what the page lists, or the problem why it can't be watched."""
        tried = await self._ingest.test_page(page.url, page.links_under, page.links_in)
        listed = next((state for state in self._ingest.list_feeds() if state.feed.url == page.url), None)
        known = listed.feed.id if listed is not None else None
        if tried.parsed is None:
            problem = tried.outcome.reason or "This page can't be read."
            return FoundFeed(page.url, problem=problem, fix=tried.outcome.fix, feed_id=known)
        items = [entry.item for entry in tried.parsed.items]
        return FoundFeed(
            url=page.url,
            title=tried.parsed.title,
            count=len(items),
            items=tuple(PreviewItem(item.title, item.published_at) for item in items[:PREVIEW_ITEMS]),
            feed_id=known,
        )

    async def look(self, mailbox: MailboxSetup, password: str) -> MailboxLook:
        """Sign in to a mailbox and look at the newest messages."""
        found = await self._ingest.look_into_mailbox(_place(mailbox), password)
        return MailboxLook(found.count, found.newest, found.servers)

    def setup(self, feed_id: str) -> InletSetup | None:
        """Return how a channel was set up; None if there is none, or it is a feed."""
        state = next((state for state in self._ingest.list_feeds() if state.feed.id == feed_id), None)
        if state is None or state.feed.kind == "feed":
            return None
        feed = state.feed
        if feed.kind == "page":
            page = PageSetup(feed.url, feed.title, feed.links_under, feed.links_in)
            return InletSetup(feed.id, feed.kind, feed.title, page=page)
        if not is_inlet_url(feed.url):
            return None
        name, mailbox = name_of_inlet(feed.url), self._ingest.mailbox(feed.id)
        return InletSetup(
            feed_id=feed.id,
            kind=feed.kind,
            title=feed.title,
            name=name,
            domain=inlet_domain(name),
            folder=str(self._inlets.folder(name)) if feed.kind == "folder" else None,
            mailbox=None if mailbox is None else _setup(mailbox),
        )

    def watch(self, page: PageSetup) -> str:
        """Watch a page; return its id."""
        return self._ingest.watch_page(
            page.url, title=page.title, links_under=page.links_under, links_in=page.links_in
        ).id

    def create(self, name: str, title: str, kind: Literal["push", "folder"]) -> str:
        """Set up an inlet for programs, or with a folder for files; return its id."""
        return self._inlets.create(name, title=title, folder=kind == "folder")[0].id

    def create_mailbox(self, name: str, title: str, mailbox: MailboxSetup, password: str) -> str:
        """Set up an inlet that reads a mailbox; return its id."""
        place, verified_by = _place(mailbox), mailbox.verified_by
        return self._inlets.create_mailbox(name, place, password, title=title, verified_by=verified_by).id

    def change_page(self, feed_id: str, page: PageSetup) -> None:
        """Change how a page is watched."""
        self._ingest.change_page(feed_id, title=page.title, links_under=page.links_under, links_in=page.links_in)

    def change_title(self, feed_id: str, title: str) -> None:
        """Change the name that people see of an inlet."""
        self._inlets.rename(name_of_inlet(self._ingest.find_feed(feed_id).url), title)

    def change_mailbox(self, feed_id: str, mailbox: MailboxSetup) -> None:
        """Change which mailbox an inlet reads."""
        if self._ingest.find_feed(feed_id).speaks_for and mailbox.verified_by is None:
            raise BadInput(
                "Nothing would say which messages are from the publishers for which this mailbox speaks.",
                fix="Name your mail server; or take the publishers away first, under “Who may speak through it”.",
            )
        self._ingest.change_mailbox(feed_id, _place(mailbox), mailbox.verified_by)

    def set_password(self, feed_id: str, password: str) -> str:
        """Set the password of an inlet's mailbox; return the server that alone gets it."""
        return self._inlets.set_password(name_of_inlet(self._ingest.find_feed(feed_id).url), password)


def _place(mailbox: MailboxSetup) -> MailboxPlace:
    return MailboxPlace(mailbox.host, mailbox.port, mailbox.username, mailbox.folder, mailbox.security)


def _setup(mailbox: Mailbox) -> MailboxSetup:
    place = mailbox.place
    return MailboxSetup(place.host, place.username, place.port, place.folder, mailbox.verified_by, place.security)
