"""The watched feeds and the sources behind them. They serve everybody, so only the owner changes feeds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool

from services.common.addresses import redact_url
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.auth import Viewer
from services.notifier.desk.dependencies import (
    CredentialKind,
    DeskDependencies,
    FeedActions,
    FeedImport,
    FeedPack,
    FeedView,
    FoundFeed,
    SourceView,
)
from services.notifier.desk.errors import NotFound, TooManyRequests
from services.notifier.desk.rates import RequestRates
from services.notifier.desk.tokens import revoke_tokens_of
from services.notifier.folding import fold_query, fold_text
from services.notifier.paging import Page, Place, page_of_items

__all__ = [
    "FeedAction",
    "add",
    "add_pack",
    "change",
    "export_opml",
    "feeds_of",
    "find",
    "import_opml",
    "list_sources",
    "may_change",
    "packs",
    "set_credentials",
    "set_full_text",
    "set_speakers",
    "with_scheme",
]

FeedAction = Literal["remove", "pause", "resume"]
SUBJECT_LIMIT = 120


def may_change(viewer: Viewer, dependencies: DeskDependencies) -> bool:
    """Return whether the viewer may add and change feeds."""
    return viewer.may("feeds.write") and dependencies.feed_actions is not None


def add(viewer: Viewer, dependencies: DeskDependencies, url: str) -> None:
    """Watch the feed at ``url``."""
    _actions(viewer, dependencies).add(url.strip())
    _audit(viewer, dependencies, "feed.added", redact_url(url.strip()))


async def find(viewer: Viewer, dependencies: DeskDependencies, rates: RequestRates, url: str) -> Sequence[FoundFeed]:
    """Return the feed at ``url``, or those of the page there, each with a preview. Nothing is stored.

    Other people's servers are asked, so each person may do so only as often as ``rates`` allows, and the audit log has
    each address without its query, which may hold a key.

    Raises:
        NotFound: the viewer may not add feeds.
        TooManyRequests: they have asked too often.
        FirstwordError: there is no feed.
    """
    actions, address = _actions(viewer, dependencies), with_scheme(url.strip())
    wait = rates.take(viewer.user_id, dependencies.clock.now())
    if wait:
        raise TooManyRequests(wait, "You look for feeds too often.", "then look for the next one")
    await run_in_threadpool(_audit, viewer, dependencies, "feeds.searched", _without_secrets(address))
    return await actions.find(address)


def change(viewer: Viewer, dependencies: DeskDependencies, feed_id: str, action: FeedAction) -> None:
    """Remove, pause or resume a feed."""
    actions = _existing(viewer, dependencies, feed_id)
    match action:
        case "remove":
            actions.remove(feed_id)
            with dependencies.engine.begin() as connection:  # those of an inlet
                revoke_tokens_of(connection, feed_id, dependencies.clock.now())
        case "pause":
            actions.pause(feed_id)
        case "resume":
            actions.resume(feed_id)
    _audit(viewer, dependencies, f"feed.{action}d", feed_id)


def set_speakers(
    viewer: Viewer, dependencies: DeskDependencies, feed_id: str, domains: Sequence[str], ground: str
) -> None:
    """Set the publishers that may speak through a feed besides its own host, and the reason for it.

    Raises:
        BadInput: a domain is none, or the reason is missing.
    """
    _existing(viewer, dependencies, feed_id).set_speakers(feed_id, domains, ground.strip())
    _audit(viewer, dependencies, "feed.speakers", feed_id, f"{', '.join(domains) or 'nobody else'}: {ground.strip()}")


def packs(viewer: Viewer, dependencies: DeskDependencies) -> Sequence[FeedPack]:
    """Return the packs of official feeds that ship with Firstword; none to those who may not add feeds."""
    return dependencies.feed_actions.packs() if dependencies.feed_actions and may_change(viewer, dependencies) else ()


def add_pack(viewer: Viewer, dependencies: DeskDependencies, name: str) -> FeedImport:
    """Watch all feeds of a pack.

    Raises:
        BadInput: there is no such pack.
    """
    done = _actions(viewer, dependencies).add_pack(name)
    _audit(viewer, dependencies, "feeds.pack", name, f"{done.added} added")
    return done


def set_credentials(
    viewer: Viewer, dependencies: DeskDependencies, feed_id: str, kind: CredentialKind, name: str, secret: str
) -> None:
    """Set what a feed's server asks for, or forget it. Nobody can read it again, at the desk or in the audit log.

    Raises:
        BadInput: it can't be sent, or the feed's address is not encrypted.
    """
    _existing(viewer, dependencies, feed_id).set_credentials(feed_id, kind, name.strip(), secret)
    _audit(viewer, dependencies, "feed.credentials", feed_id, "removed" if kind == "none" else kind)


def set_full_text(viewer: Viewer, dependencies: DeskDependencies, feed_id: str, *, wanted: bool) -> None:
    """Set whether the articles of a feed's headlines and teasers are read on their pages.

    Raises:
        BadInput: its items have no pages on the web.
    """
    _existing(viewer, dependencies, feed_id).set_full_text(feed_id, wanted)
    _audit(viewer, dependencies, "feed.full_text", feed_id, "on" if wanted else "off")


def import_opml(viewer: Viewer, dependencies: DeskDependencies, raw: bytes, name: str) -> FeedImport:
    """Watch all feeds of an OPML file.

    Raises:
        BadInput: it is not OPML.
    """
    done = _actions(viewer, dependencies).import_opml(raw, name)
    _audit(viewer, dependencies, "feeds.imported", name, f"{done.added} added, {len(done.problems)} invalid")
    return done


def export_opml(dependencies: DeskDependencies) -> bytes:
    """Return all feeds as OPML.

    Raises:
        NotFound: feeds are not kept here.
    """
    if dependencies.feed_actions is None:
        raise NotFound("There is no such page.")
    return dependencies.feed_actions.export_opml()


def list_sources(
    dependencies: DeskDependencies, search: str, *, only_feeds: bool, number: Place, size: int
) -> Page[SourceView]:
    """Return a page of sources by domain: those with ``search`` in a name, and if wanted only those with a feed."""
    wanted = fold_query(search)
    spoken = {domain for feed in dependencies.feeds_view() for domain in _speakers(feed)}
    found = [
        source
        for source in dependencies.sources_view()
        if (not only_feeds or source.domain in spoken)
        and (not search.strip() or (wanted and all(term in _names(source) for term in wanted)))
    ]
    found.sort(key=_domain)
    return page_of_items(found, number, size, _domain, order="sources")


def _names(source: SourceView) -> str:
    return fold_text(" ".join((source.domain, source.publisher, source.owner or "")))


def feeds_of(dependencies: DeskDependencies, sources: Sequence[SourceView]) -> dict[str, list[FeedView]]:
    """Return the feeds through which each source may speak, by its domain."""
    feeds = dependencies.feeds_view()
    return {source.domain: [feed for feed in feeds if source.domain in _speakers(feed)] for source in sources}


def _domain(source: SourceView) -> tuple[str]:
    return (source.domain,)


def _speakers(feed: FeedView) -> tuple[str, ...]:
    """Return the publishers that may speak through a feed: those vouched for, or that of its host and its parents."""
    if feed.speaks_for or feed.channel is None:
        return feed.speaks_for
    labels = feed.channel.split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels) - 1))


def _without_secrets(url: str) -> str:
    """Return an address without user name, password and query."""
    try:
        parts = urlsplit(url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
    except ValueError:
        return "an invalid address"


def with_scheme(url: str) -> str:
    """Return an address as people type it, such as ``news.example``, with its scheme."""
    return f"https://{url}" if re.fullmatch(r"[\w-]+(\.[\w-]+)+(:\d+)?(/\S*)?", url) else url


def _existing(viewer: Viewer, dependencies: DeskDependencies, feed_id: str) -> FeedActions:
    actions = _actions(viewer, dependencies)
    if feed_id not in {feed.id for feed in dependencies.feeds_view()}:
        raise NotFound("There is no such feed.")
    return actions


def _actions(viewer: Viewer, dependencies: DeskDependencies) -> FeedActions:
    actions = dependencies.feed_actions
    if actions is None or not may_change(viewer, dependencies):
        raise NotFound("There is no such page.")
    return actions


def _audit(
    viewer: Viewer, dependencies: DeskDependencies, action: str, subject: str, detail: str | None = None
) -> None:
    with dependencies.engine.begin() as connection:
        ActionContext(connection, dependencies.publisher, viewer, dependencies.clock.now()).audit(
            action, subject[:SUBJECT_LIMIT], detail=detail
        )
