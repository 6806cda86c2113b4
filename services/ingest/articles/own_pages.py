"""Decides whether a page is on the own site of a feed, so that its text is that publisher's word. Pure.

A grade belongs to a feed's channel. Were the page of another site read into its items, an aggregator would lend its
grade to whomever it links to.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from schemas.feeds import Feed
from services.common.hosts import is_within
from services.ingest.identity.urls import host_of
from services.ingest.schedule.moves import stays_on_site

__all__ = ["is_own_page"]

#: The part of a path that names a person on a site where many write: ``/@northgate``, ``/~northgate``.
_PERSON = re.compile(r"[@~][\w.-]+")
_DEFAULT_PORTS = (None, 80, 443)


def is_own_page(feed: Feed, link: str, answered: str) -> bool:
    """Return whether the page at ``link``, which ``answered`` from another address perhaps, is the feed's own.

    Both must be on the site of the feed's address, or on that of one publisher for which somebody vouched. A feed that
    is fetched encrypted has no pages on whose way anybody could write.
    """
    try:
        channel, page = urlsplit(feed.url), urlsplit(answered)
        ports = (channel.port, *_DEFAULT_PORTS)
        if page.port not in ports or urlsplit(link).port not in ports:
            return False
    except ValueError:
        return False
    if channel.scheme == "https" and page.scheme != "https":
        return False
    if any(is_within(host_of(link), domain) and is_within(host_of(answered), domain) for domain in feed.speaks_for):
        return True
    is_on_site = stays_on_site(feed.url, link) and stays_on_site(feed.url, answered)
    return is_on_site and _is_of_same_person(channel, page)


def _is_of_same_person(channel: SplitResult, page: SplitResult) -> bool:
    """Return whether a feed that names a person in its path has the page: theirs names them in path or host."""
    named = _PERSON.search(channel.path)
    if named is None:
        return True
    name = named[0].lower()
    return name in page.path.lower().split("/") or (page.hostname or "").startswith(f"{name[1:]}.")
