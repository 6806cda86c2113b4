"""Items: entries that feeds published. ``firstword parse`` writes them and ``firstword replay`` reads them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from schemas.base import Model, Payload, Utc

__all__ = ["ArticleReading", "Dating", "Filer", "Item", "ItemIngested", "Source"]

#: How an item's date was obtained: stated by the item, its ``updated`` in place of a missing own date, stated without a
#: time zone that is certain (read as UTC), or not at all.
Dating = Literal["stated", "updated", "assumed_zone", "undated"]

#: What became of an item's article, of a feed whose articles are read because it has only headlines or teasers: read:
#: its text is in ``body`` · paywall: it is for subscribers · robots: its site asks programs not to read it · refused:
#: its site doesn't send it · foreign: it is on another site than its feed, whose word it is not · unread: no article
#: was found in time. In all cases but the first, the item has what its feed said.
ArticleReading = Literal["read", "paywall", "robots", "refused", "foreign", "unread"]


class Source(Model):
    """The channel and the publisher of an item. ``host`` is lower-case without port.

    ``feed_url`` is the channel through which the item came. ``host`` (of the item's link), ``publisher`` and ``owner``
    (display names) are what the item says of itself. ``speaks_for`` lists the domains of publishers for which somebody
    vouched that they publish through this channel, besides the channel's own host; of a message, the domain from which
    the firm's own mail server says that it came.
    """

    feed_url: str | None = None
    host: str | None = None
    publisher: str | None = None
    owner: str | None = None
    speaks_for: tuple[str, ...] = ()


class Filer(Model):
    """A company about which an item is filed, as the authority names it. ``cik`` is its number at the SEC.

    The number has no leading zeros. The name stands in the item's title as it is here.
    """

    name: str
    cik: str


class Item(Model):
    """One entry of a feed, cleaned: plain text in ``title``, ``summary`` and ``body``, times in UTC.

    ``id`` is derived from the feed and the entry's guid, or from the canonical URL; all revisions share it.
    ``language`` is the BCP 47 tag that the feed states, or None. ``dated`` is None in items from before it was recorded
    and may be left out in files; :meth:`dating` then derives it. ``filers`` are the companies of a filing. ``article``
    says what became of the item's article; None if there was no reason to read it.
    """

    id: str
    title: str
    url: str | None = None
    summary: str | None = None
    body: str | None = None
    language: str | None = None
    published_at: Utc | None = None
    updated_at: Utc | None = None
    fetched_at: Utc | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    source: Source = Source()
    dated: Dating | None = None
    filers: tuple[Filer, ...] = ()
    article: ArticleReading | None = None

    def stated_at(self) -> datetime | None:
        """Return the item's own date, else when it was updated; None if it is undated."""
        return None if self.dated == "undated" else self.published_at or self.updated_at

    def dating(self) -> Dating:
        """Return how the item's date was obtained."""
        if self.stated_at() is None:
            return "undated"
        return self.dated or ("stated" if self.published_at else "updated")

    def seen_at(self) -> datetime | None:
        """Return when this revision could first be known: fetched, else updated, else published, else None."""
        return self.fetched_at or self.updated_at or self.published_at

    def text(self) -> str:
        """Return title, summary and body, separated by blank lines."""
        return "\n\n".join(part for part in (self.title, self.summary, self.body) if part)


class ItemIngested(Payload):
    """An item is new or was revised. ``revision`` counts from 0; ``changed`` lists the fields that differ.

    ``background``: the feed's first poll brought it, and it is from before the feed was added: context, not news.
    """

    event_type: ClassVar[str] = "item.ingested"

    item: Item
    revision: int = 0
    change: Literal["new", "revised"] = "new"
    changed: tuple[str, ...] = ()
    background: bool = False
