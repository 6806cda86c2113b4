"""Connect the desk's page of feeds with ingest; the two services don't know each other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

from firstword.source_grades import parse_domain
from schemas.items import ArticleReading
from services.common.addresses import redact_url
from services.common.errors import BadInput
from services.ingest.dry_run import DryRunResult
from services.ingest.fetch.credentials import basic, bearer, header, without_user
from services.ingest.opml import feed_id
from services.ingest.packs.shipped import shipped_packs
from services.ingest.repository import FeedState
from services.ingest.schedule.pacing import usual_delay
from services.ingest.service import IngestService
from services.matcher.sources.channels import host_of_feed
from services.notifier.desk.dependencies import CredentialKind, FeedImport, FeedPack, FeedView, FoundFeed, PreviewItem

__all__ = ["FeedAdapter"]

#: Feeds of one page that are tried out, and items of a feed that are shown.
MOST_PREVIEWS, PREVIEW_ITEMS = 8, 3


class FeedAdapter:
    """Implements the desk's ports ``feeds_view`` and ``feed_actions`` with the ingest service."""

    def __init__(self, ingest: IngestService) -> None:
        self._ingest = ingest

    def view(self) -> Sequence[FeedView]:
        """Return all feeds and their status."""
        with_hub = self._ingest.feeds_with_hub()
        articles = self._ingest.count_articles()
        return [
            _view(state, state.feed.id in with_hub, articles.get(state.feed.id, {}))
            for state in self._ingest.list_feeds()
        ]

    def add(self, url: str) -> None:
        """Add the feed at ``url``."""
        self._ingest.add_feed(url)

    def remove(self, feed_id: str) -> None:
        """Remove a feed."""
        self._ingest.remove_feed(feed_id)

    def pause(self, feed_id: str) -> None:
        """Stop polling a feed."""
        self._ingest.pause_feed(feed_id)

    def resume(self, feed_id: str) -> None:
        """Start polling a paused feed again."""
        self._ingest.resume_feed(feed_id)

    async def find(self, url: str) -> Sequence[FoundFeed]:
        """Return the feed at ``url``, or the first of those that the page there links to, each with a preview.

        Raises:
            FirstwordError: there is neither.
        """
        if without_user(url)[1] is not None:
            raise BadInput(
                "The address has a password in it.", fix="Look for the feed without it, and set its credentials then."
            )
        tried = await self._ingest.test_feed(url)
        if tried.is_feed:
            return [self._found(tried, tried.url, tried.title)]
        if not tried.feeds:
            raise BadInput(tried.problem or "There is no feed at this address.", fix=tried.fix)
        shown = tried.feeds[:MOST_PREVIEWS]
        previews = await asyncio.gather(*(self._ingest.test_feed(feed.url) for feed in shown))
        return [
            self._found(preview, feed.url, preview.title or feed.title)
            for feed, preview in zip(shown, previews, strict=True)
        ]

    def set_speakers(self, feed_id: str, domains: Sequence[str], ground: str) -> None:
        """Set the publishers for which a feed speaks, and the reason."""
        self._ingest.set_speakers(feed_id, tuple(dict.fromkeys(map(parse_domain, domains))), ground)

    def set_full_text(self, feed_id: str, wanted: bool) -> None:
        """Set whether the articles of a feed are read on their pages."""
        self._ingest.set_full_text(feed_id, wanted)

    def packs(self) -> Sequence[FeedPack]:
        """Return the packs that ship with Firstword."""
        listed = {state.feed.id for state in self._ingest.list_feeds()}
        return [
            FeedPack(
                pack.name,
                pack.title,
                tuple(feed.title or feed.url for feed in pack.feeds),
                sum(feed.id in listed for feed in pack.feeds),
            )
            for pack in shipped_packs()
        ]

    def add_pack(self, name: str) -> FeedImport:
        """Add all feeds of a pack."""
        done = self._ingest.add_pack(name)
        return FeedImport(len(done.added), len(done.already))

    def set_credentials(self, feed_id: str, kind: CredentialKind, name: str, secret: str) -> None:
        """Set what the feed's server asks for, or forget it."""
        if kind == "none":
            self._ingest.remove_credential(feed_id)
            return
        credential = (
            basic(name, secret) if kind == "basic" else bearer(secret) if kind == "bearer" else header(name, secret)
        )
        self._ingest.set_credential(feed_id, credential)

    def import_opml(self, raw: bytes, name: str) -> FeedImport:
        """Add all feeds of an OPML file."""
        done = self._ingest.import_feeds(raw, name)
        return FeedImport(len(done.added), len(done.already), tuple(map(str, done.problems)))

    def export_opml(self) -> bytes:
        """Return all feeds as OPML."""
        return self._ingest.export_feeds()

    def _found(self, tried: DryRunResult, url: str, title: str | None) -> FoundFeed:
        known = {feed_id(url), feed_id(tried.answered_url or url)}
        return FoundFeed(
            url=url,
            title=title,
            count=len(tried.items),
            items=tuple(PreviewItem(item.title, item.published_at) for item in tried.items[:PREVIEW_ITEMS]),
            problem=tried.problem,
            fix=tried.fix,
            feed_id=next((state.feed.id for state in self._ingest.list_feeds() if state.feed.id in known), None),
        )


def _view(state: FeedState, has_hub: bool, articles: Mapping[ArticleReading, int]) -> FeedView:
    feed, health, behind = state.feed, state.health, usual_delay(state.rhythm)
    return FeedView(
        id=feed.id,
        url=feed.url,
        status=health.status,
        title=feed.title,
        publisher=feed.publisher,
        group=feed.group,
        reason=health.reason,
        fix=health.mend,
        failures_in_a_row=health.failures_in_a_row,
        last_ok_at=health.last_ok_at,
        last_new_at=health.last_new_at,
        next_poll_at=health.next_poll_at,
        speaks_for=feed.speaks_for,
        ground=feed.ground,
        channel=host_of_feed(feed.url),
        kind=feed.kind,
        has_hub=has_hub,
        usual_delay=None if behind is None else timedelta(seconds=behind),
        credentials=state.credential.kind if state.credential is not None else None,
        fetched_at=redact_url(state.fetch_url) if state.fetch_url != feed.url else None,
        redirects_to=redact_url(state.move.url) if state.move is not None else None,
        full_text=feed.full_text,
        only_headlines=state.only_headlines,
        articles=articles,
    )
