"""Decides when a feed's permanent redirect is believed. Pure.

A hotel's login page, an expired domain or a mistake of an hour also redirects permanently; the address of a feed is
given up only once the redirect has been seen on several days, and only for another one on the same site. A feed speaks
for the publisher whose host it was added with: who took that host over for a week must not keep the feed for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.common.hosts import is_within
from services.ingest.identity.urls import host_of

__all__ = ["DAYS_TO_BELIEVE", "Move", "after_answer", "stays_on_site"]

#: Days (UTC) on which a permanent redirect must be seen, always to the same address, before it is believed.
DAYS_TO_BELIEVE = 3
#: Names of hosts for feeds: "feeds.example.com" is on the site of example.com.
_FEED_HOSTS = ("feeds.", "feed.", "rss.")


@dataclass(frozen=True, slots=True)
class Move:
    """A permanent redirect to ``url``, seen on ``days`` days, the last time at ``seen_at``."""

    url: str
    days: int
    seen_at: datetime

    @property
    def believed(self) -> bool:
        """Return True if it was seen on enough days."""
        return self.days >= DAYS_TO_BELIEVE


def after_answer(before: Move | None, permanent_url: str | None, now: datetime) -> Move | None:
    """Return the redirect to remember after a feed was answered, with ``permanent_url`` if it was redirected."""
    if permanent_url is None:
        return None
    if before is None or before.url != permanent_url:
        return Move(permanent_url, 1, now)
    return Move(permanent_url, before.days + (now.date() > before.seen_at.date()), now)


def stays_on_site(added_url: str, url: str) -> bool:
    """Return whether ``url`` is on the site of ``added_url``: the same host, one under it, or one for feeds."""
    added, new = _site(added_url), _site(url)
    return bool(added) and is_within(new, added)


def _site(url: str) -> str:
    host = host_of(url) or ""
    for prefix in _FEED_HOSTS:
        if host.count(".") > 1:
            host = host.removeprefix(prefix)
    return host
