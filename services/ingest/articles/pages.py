"""Pages of articles that were asked for, kept for some days: by address, so that no page is fetched twice in vain.

Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, RowMapping, delete, func, select

from schemas.base import content_id
from schemas.items import ArticleReading
from services.common.db import upsert
from services.ingest.fetch.fetchers import Validators
from services.ingest.identity.urls import canonical_url
from services.ingest.tables import article_pages

__all__ = ["KEPT_FOR", "ArticlePages", "KeptPage", "PageResult", "page_id"]

#: read: ``text`` has its article · paywall: it is for subscribers · robots: its site asks programs not to read it ·
#: refused: its server doesn't send it (HTTP status 401 or 403) · unread: no article was found, or no answer came.
PageResult = Literal["read", "paywall", "robots", "refused", "unread"]

#: Pages are kept for this time. The retention of articles may remove them sooner.
KEPT_FOR = timedelta(days=7)
#: Pages that are kept, each with 5,000 characters at most; beyond them, those that were asked for first go.
MOST_KEPT = 5_000
#: For this time the result counts without asking again: a page that was read may have changed, a paywall hardly.
FRESH_FOR: Mapping[PageResult, timedelta] = {
    "read": timedelta(minutes=15),
    "paywall": timedelta(hours=6),
    "robots": timedelta(hours=6),
    "refused": timedelta(hours=6),
    "unread": timedelta(minutes=15),
}


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page of an article and what was found on it. ``final_url`` is the address that answered."""

    id: str
    feed_id: str
    final_url: str
    result: PageResult
    fetched_at: datetime
    validators: Validators = field(default_factory=Validators)
    titles: str = ""
    text: str | None = field(default=None, repr=False)

    def is_fresh(self, now: datetime) -> bool:
        """Return whether it counts at ``now`` without asking again."""
        return self.fetched_at <= now < self.fetched_at + FRESH_FOR[self.result]


class ArticlePages:
    """Access to the table of pages. Stateless; every method works inside the transaction of ``connection``."""

    def get(self, connection: Connection, ids: Collection[str]) -> dict[str, KeptPage]:
        """Return the pages with these ids that are kept, by id."""
        query = select(article_pages).where(article_pages.c.id.in_(sorted(ids)))
        return {row["id"]: _page(row) for row in connection.execute(query).mappings()}

    def put(self, connection: Connection, pages: Sequence[KeptPage], now: datetime) -> None:
        """Keep ``pages``, in place of what was known of them, and drop what is too old or too much."""
        upsert(connection, article_pages, [_row(page) for page in pages], ("id",))
        connection.execute(delete(article_pages).where(article_pages.c.fetched_at < now - KEPT_FOR))
        newest = select(article_pages.c.fetched_at).order_by(article_pages.c.fetched_at.desc()).offset(MOST_KEPT)
        last = connection.scalar(newest.limit(1))
        if last is not None:
            connection.execute(delete(article_pages).where(article_pages.c.fetched_at <= last))

    def count(self, connection: Connection) -> dict[str, dict[ArticleReading, int]]:
        """Return the number of kept pages of each feed, by feed and result."""
        query = select(article_pages.c.feed_id, article_pages.c.result, func.count()).group_by(
            article_pages.c.feed_id, article_pages.c.result
        )
        counts: dict[str, dict[ArticleReading, int]] = {}
        for feed_id, result, number in connection.execute(query):
            counts.setdefault(feed_id, {})[result] = number
        return counts


def page_id(url: str) -> str:
    """Return the id of the page at ``url``; addresses that differ in their tracking parameters are one page."""
    return content_id("page", canonical_url(url))


def _page(row: RowMapping) -> KeptPage:
    return KeptPage(
        id=row["id"],
        feed_id=row["feed_id"],
        final_url=row["final_url"],
        result=row["result"],
        fetched_at=row["fetched_at"],
        validators=Validators(row["etag"], row["last_modified"]),
        titles=row["titles"] or "",
        text=row["text"],
    )


def _row(page: KeptPage) -> dict[str, object]:
    return {
        "id": page.id,
        "feed_id": page.feed_id,
        "final_url": page.final_url,
        "result": page.result,
        "fetched_at": page.fetched_at,
        "etag": page.validators.etag,
        "last_modified": page.validators.last_modified,
        "titles": page.titles or None,
        "text": page.text,
    }
