"""Reads the articles of items that have only a headline or a teaser, before the items are published.

So there is one version of an item, with one id: what a page says is never told as a revision. Where an article can't be
had in time, the item goes on with what its feed said, and says why. Pages are asked for through the guarded client,
after robots.txt, one at a time per host, without the feed's credentials, and read in the processes that read documents.
A page may be asked for again after a crash between that and the writing of the poll; it is kept then, so it is not.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from schemas.feeds import Feed
from schemas.items import ArticleReading, Item
from services.common.addresses import redact_url
from services.common.db import reading
from services.common.errors import FirstwordError
from services.common.logs import get_logger
from services.ingest.articles.agreement import is_about
from services.ingest.articles.own_pages import is_own_page
from services.ingest.articles.page import PageArticle, read_article
from services.ingest.articles.pages import ArticlePages, KeptPage, PageResult, page_id
from services.ingest.fetch.fetchers import Fetcher, Response, Validators
from services.ingest.fetch.polite import PoliteFetcher, RobotsForbid
from services.ingest.parse.extent import extent_of
from services.ingest.readers import Readers

__all__ = ["ArticleFetcher", "ArticleLimits", "ReadArticles", "wants_article"]

#: Servers that ask for fewer requests, without saying for how long, are left alone for this time.
REST = timedelta(minutes=15)
#: However long a server asks not to be asked, its pages are tried again after this time.
LONGEST_REST = timedelta(hours=24)
MOST_HOSTS = 1_000
#: A larger document is no article's page.
MOST_BYTES = 5_000_000
_PAGE_TYPES = ("text/html", "application/xhtml+xml", "text/plain")

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ArticleLimits:
    """The time that items wait for their articles: ``seconds`` for all of a poll, ``page_seconds`` for one.

    A poll asks for ``pages`` at most, the newest first, and for no more after ``failures`` in a row.
    """

    seconds: float = 20.0
    page_seconds: float = 8.0
    pages: int = 12
    failures: int = 3


@dataclass(frozen=True, slots=True)
class ReadArticles:
    """The items in their order, with what became of their articles.

    ``retry_after_seconds`` is for how long a server asked not to be asked.
    """

    items: tuple[Item, ...]
    retry_after_seconds: float | None = None


@dataclass(slots=True)
class _ArticleRound:
    """The progress of one poll with its articles. ``ends`` is a time of the event loop."""

    ends: float
    asked: int = 0
    failures: int = 0
    new: list[KeptPage] = field(default_factory=list)
    retry_after_seconds: float | None = None


class ArticleFetcher:
    """Fetches articles. Keeps in memory which hosts asked for a rest."""

    def __init__(self, engine: Engine, fetcher: Fetcher, readers: Readers, limits: ArticleLimits | None = None) -> None:
        self._engine = engine
        self._fetcher = PoliteFetcher(fetcher)
        self._readers = readers
        self._limits = limits or ArticleLimits()
        self._pages = ArticlePages()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._resting: OrderedDict[str, datetime] = OrderedDict()

    async def read(self, feed: Feed, items: Sequence[Item], now: datetime) -> ReadArticles:
        """Return ``items`` with their articles, as far as they can be had within the limits."""
        urls = {item.id: item.url for item in items if item.url and is_own_page(feed, item.url, item.url)}
        with reading(self._engine) as connection:
            kept = self._pages.get(connection, [page_id(url) for url in urls.values()])
        progress = _ArticleRound(ends=asyncio.get_running_loop().time() + self._limits.seconds)
        done: dict[str, Item] = {}
        for item in sorted(items, key=_newest_first):
            url = urls.get(item.id)
            if url is None:
                done[item.id] = item.model_copy(update={"article": "foreign"})
                continue
            page = kept.get(page_id(url))
            if page is None or not page.is_fresh(now):
                page = await self._ask(feed, url, page, now, progress)
                if page is not None:
                    kept[page.id] = page
            done[item.id] = _with_article(feed, item, url, page)
        if progress.new:
            await asyncio.to_thread(self._keep, progress.new, now)
        return ReadArticles(tuple(done[item.id] for item in items), progress.retry_after_seconds)

    async def _ask(
        self, feed: Feed, url: str, kept: KeptPage | None, now: datetime, progress: _ArticleRound
    ) -> KeptPage | None:
        """Return the page at ``url`` as it is now; None if it can't be asked for at present."""
        left = progress.ends - asyncio.get_running_loop().time()
        host = _host(url)
        if (
            left <= 0
            or progress.asked >= self._limits.pages
            or progress.failures >= self._limits.failures
            or self._rests(host, now)
        ):
            return kept if kept is not None and kept.result == "read" else None
        progress.asked += 1
        try:
            async with asyncio.timeout(min(left, self._limits.page_seconds)), self._turn(host):
                page = await self._fetch(feed, url, kept, now, progress)
        except TimeoutError:
            page = None
        if page is None:  # it says nothing about the page for longer than FRESH_FOR, nor about what was read before
            progress.failures += 1
            page = kept if kept is not None and kept.result == "read" else _failed(feed, url, "unread", now)
        else:
            progress.failures = 0
        progress.new.append(page)
        return page

    async def _fetch(
        self, feed: Feed, url: str, kept: KeptPage | None, now: datetime, progress: _ArticleRound
    ) -> KeptPage | None:
        """Fetch and read a page; None if no answer came."""
        validators = kept.validators if kept is not None and kept.result == "read" else Validators()
        try:
            response = await self._fetcher.fetch(url, validators, now)
        except RobotsForbid:
            return _failed(feed, url, "robots", now)
        except FirstwordError as error:
            log.debug(
                "An article could not be fetched.", action="article.failed", feed_id=feed.id, reason=error.message
            )
            return None
        if response.status in (429, 503):
            self._let_rest(url, response, now, progress)
            return None
        if response.status == 304 and kept is not None:
            return replace(kept, fetched_at=now, validators=response.validators)
        if response.status >= 500:
            return None
        article = await self._article(response)
        return KeptPage(
            id=page_id(url),
            feed_id=feed.id,
            final_url=response.url,
            result=_result_of(response.status) or article.result,
            fetched_at=now,
            validators=response.validators,
            titles=article.titles,
            text=article.text,
        )

    async def _article(self, response: Response) -> PageArticle:
        """Return the article of a page, read apart from everything else."""
        kind = (response.content_type or "text/html").partition(";")[0].strip().lower()
        if response.status != 200 or kind not in _PAGE_TYPES or len(response.body) > MOST_BYTES:
            return PageArticle("unread")
        try:
            return await self._readers.run(read_article, response.body, response.content_type)
        except Exception as error:  # the page's fault or ours: the item is worth more than its article
            url = redact_url(response.url)
            log.warning("An article could not be read.", action="article.unread", url=url, error=str(error))
            return PageArticle("unread")

    def _turn(self, host: str) -> asyncio.Lock:
        """Return the lock that lets one page of ``host`` be asked for at a time."""
        turn = self._turns.get(host)
        if turn is None:
            turn = self._turns[host] = asyncio.Lock()
        return turn

    def _rests(self, host: str, now: datetime) -> bool:
        until = self._resting.get(host)
        return until is not None and now < until <= now + LONGEST_REST

    def _let_rest(self, url: str, response: Response, now: datetime, progress: _ArticleRound) -> None:
        """Ask the host for no page for the time that it wants, or some time."""
        wait = response.retry_after_seconds
        rest = REST if wait is None else min(timedelta(seconds=wait), LONGEST_REST)
        for host in {_host(url), _host(response.url)}:
            self._resting[host] = now + rest
            self._resting.move_to_end(host)
        while len(self._resting) > MOST_HOSTS:
            self._resting.popitem(last=False)
        progress.retry_after_seconds = max(progress.retry_after_seconds or 0.0, rest.total_seconds())

    def _keep(self, pages: Sequence[KeptPage], now: datetime) -> None:
        """Keep what was read. That it fails costs no item: the pages are asked for again at the next occasion."""
        try:
            with self._engine.begin() as connection:
                self._pages.put(connection, list({page.id: page for page in pages}.values()), now)
        except SQLAlchemyError:
            log.warning("Pages of articles could not be kept.", action="article.not_kept", exc_info=True)


def wants_article(feed: Feed, item: Item) -> bool:
    """Return whether the item's article should be read on its page."""
    return feed.full_text and item.url is not None and extent_of(item) != "whole"


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()


def _newest_first(item: Item) -> float:
    stated = item.stated_at()
    return -stated.timestamp() if stated is not None else float("-inf")


def _failed(feed: Feed, url: str, result: PageResult, now: datetime) -> KeptPage:
    return KeptPage(page_id(url), feed.id, url, result, now)


def _result_of(status: int) -> Literal["paywall", "refused"] | None:
    """Return what a status says whatever the page does; None if the page decides."""
    if status == 402:
        return "paywall"
    return "refused" if status in (401, 403, 451) else None


def _with_article(feed: Feed, item: Item, url: str, page: KeptPage | None) -> Item:
    """Return ``item`` with what became of its article, and with its text if there is more of it than the feed has."""
    became: ArticleReading = page.result if page is not None else "unread"
    if page is None or became == "robots":
        return item.model_copy(update={"article": became})
    if not is_own_page(feed, url, page.final_url):
        return item.model_copy(update={"article": "foreign"})
    if page.text is None or became != "read":
        return item.model_copy(update={"article": became})
    if not is_about(item.title, page.titles, page.text):
        return item.model_copy(update={"article": "unread"})
    has = max(len(item.summary or ""), len(item.body or ""))
    body = page.text if len(page.text) > has else item.body
    return item.model_copy(update={"article": became, "body": body})
