"""Try an interest on the news that is stored: the stories of the last month, and the newest items.

Nothing is kept for this and nothing runs with the news: the matcher's own search is applied when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, select

from schemas.alerts import Evidence
from schemas.clients import Watch
from schemas.items import Item, ItemIngested, Source
from services.common.db import reading
from services.common.processing import AnyEvent
from services.matcher.mentions.finder import MentionFinder
from services.matcher.mentions.scopes import ScopeText
from services.matcher.text.normalize import padded_words
from services.notifier.client_book.port import InterestPreview, PreviewedStory
from services.notifier.event_views.tables import event_evidence, event_stories

__all__ = ["InterestPreviewer", "NewestEvents"]

PERIOD = timedelta(days=30)
#: Items and pieces of evidence that are searched: about two seconds.
MOST = 5_000
SHOWN = 25


class _News(NamedTuple):
    item: Item
    at: datetime
    story: str | None


class NewestEvents(Protocol):
    """Reads back the newest events of a topic."""

    def newest(self, connection: Connection, topic: str, limit: int) -> list[AnyEvent]:
        """Return at most ``limit`` stored events, the latest first."""
        ...


class InterestPreviewer:
    """Implements the desk's port ``InterestPreviews`` with the matcher's search."""

    def __init__(self, engine: Engine, events: NewestEvents) -> None:
        self._engine, self._events = engine, events

    def preview(self, watch: Watch, now: datetime) -> InterestPreview:
        """Return the stories that ``watch`` would have matched since a month before ``now``, the newest first."""
        sought = watch.model_copy(update={"entity_id": "preview"})
        finder = MentionFinder.build([sought])
        since = now - PERIOD
        found: dict[str, PreviewedStory] = {}
        searched, oldest = 0, now
        with reading(self._engine) as connection:
            for news in self._news(connection, since):
                searched, oldest = searched + 1, min(oldest, news.at)
                key = news.story or padded_words(news.item.title)
                if key in found:
                    continue
                by = self._matched(sought, finder, news.item)
                if by is not None:
                    publisher = news.item.source.publisher or news.item.source.host or ""
                    found[key] = PreviewedStory(news.item.title, publisher, news.item.url, news.at, by)
        stories = sorted(found.values(), key=lambda story: story.at, reverse=True)
        return InterestPreview(len(stories), tuple(stories[:SHOWN]), searched, oldest, watch.is_unlimited)

    def _news(self, connection: Connection, since: datetime) -> Iterator[_News]:
        """Yield what is stored since then: evidence with its event first, then items that no client's story has."""
        seen: set[str] = set()
        for news in (*self._evidence(connection, since), *self._items(connection, since)):
            if news.item.id not in seen:
                seen.add(news.item.id)
                yield news

    def _evidence(self, connection: Connection, since: datetime) -> Iterator[_News]:
        query = (
            select(event_evidence.c.payload, event_evidence.c.first_at, event_stories.c.event_id)
            .select_from(
                event_stories.join(
                    event_evidence,
                    (event_evidence.c.story_id == event_stories.c.story_id)
                    & (event_evidence.c.entity_id == event_stories.c.entity_id),
                )
            )
            .where(event_stories.c.last_at >= since, event_evidence.c.first_at >= since)
            .order_by(event_stories.c.last_at.desc())
            .limit(MOST)
        )
        for payload, first_at, event_id in connection.execute(query):
            try:
                evidence = Evidence.model_validate(payload)
            except ValidationError:
                continue
            source = Source(host=evidence.host, publisher=evidence.publisher)
            item = Item(
                id=evidence.item_id, title=evidence.title, url=evidence.url, summary=evidence.quote, source=source
            )
            yield _News(item, first_at, event_id)

    def _items(self, connection: Connection, since: datetime) -> Iterator[_News]:
        for ingested in self._events.newest(connection, "items", MOST):
            if isinstance(ingested.data, ItemIngested) and ingested.time >= since:
                yield _News(ingested.data.item, ingested.time, None)

    def _matched(self, watch: Watch, finder: MentionFinder, item: Item) -> tuple[str, ...] | None:
        """Return the words by which ``item`` matches; None if it doesn't, or is outside the scope."""
        mentions = finder.find(item)
        if not mentions:
            return None
        within: tuple[str, ...] = ()
        if watch.is_subject and watch.scope is not None:
            match = ScopeText(item).within(watch.scope)
            if match is None:
                return None
            within = match.entries
        return tuple(dict.fromkeys((*(span.text for span in mentions[0].spans[:3]), *within)))
