"""Feeds and their health."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.base import Model, Payload, Utc

__all__ = ["Feed", "FeedHealth", "FeedHealthChanged", "FeedKind", "FeedStatus"]

#: How a channel's items come in: feed: Firstword fetches a feed · push: programs put them into an inlet
#: · folder: files are put into the folder of an inlet · page: Firstword watches a page
#: that lists news, or a news sitemap · mailbox: Firstword reads a mailbox, into which newsletters come
#: · text: Firstword watches the text of a page.
FeedKind = Literal["feed", "push", "folder", "page", "mailbox", "text"]

#: waiting: not polled yet · ok · silent: answers, but has had nothing new for far longer than usual · broken: the
#: response is not a feed · unreachable: no response · gone: the server answers 410 · paused: by a person.
FeedStatus = Literal["waiting", "ok", "silent", "broken", "unreachable", "gone", "paused"]


class Feed(Model):
    """A feed, or another channel, in the list.

    ``publisher`` overrides the name in the feed itself; ``group`` is the OPML folder. Of a watched page,
    ``links_under`` is the path that leads to its news, and ``links_in`` the part of it that lists them or has the text,
    as in CSS. With ``full_text``, the articles of items that are headlines or teasers are read on their pages.

    The feed speaks for the publisher whose host ``url`` has, and for those of the domains in ``speaks_for``, for which
    a person vouched for the reason in ``ground``.
    """

    id: str
    url: str
    kind: FeedKind = "feed"
    title: str | None = None
    publisher: str | None = None
    group: str | None = None
    site_url: str | None = None
    speaks_for: tuple[str, ...] = ()
    ground: str | None = None
    links_under: str | None = None
    links_in: str | None = None
    full_text: bool = False


class FeedHealth(Model):
    """A feed's health. ``reason`` is what is wrong, in plain words; ``mend`` is how to fix it."""

    feed_id: str
    status: FeedStatus
    reason: str | None = None
    mend: str | None = None
    failures_in_a_row: int = 0
    last_ok_at: Utc | None = None
    last_new_at: Utc | None = None
    next_poll_at: Utc | None = None


class FeedHealthChanged(Payload):
    """A feed's status has changed."""

    event_type: ClassVar[str] = "feed.health_changed"

    feed: Feed
    health: FeedHealth
    previous: FeedStatus
