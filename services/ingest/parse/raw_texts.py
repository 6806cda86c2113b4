"""Rules on the raw texts of a feed that hold for every reader of XML, so that all of them give the same entries."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["TTL_FIELDS", "author_name", "is_page", "said", "skip_times", "ttl_seconds"]

#: The texts of a feed's head that say how often to poll, as feedparser names them.
TTL_FIELDS = ("ttl", "sy_updateperiod", "sy_updatefrequency")
_MAX_TTL_SECONDS = 7 * 86_400
#: RSS 1.0 syndication module, http://purl.org/rss/1.0/modules/syndication/
_PERIODS = {"hourly": 3_600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_SKIP_HOURS = re.compile(rb"<skipHours>([^\0]{0,2000}?)</skipHours>", re.I)
_SKIP_DAYS = re.compile(rb"<skipDays>([^\0]{0,1000}?)</skipDays>", re.I)
_HOUR = re.compile(rb"<hour>\s*(\d{1,2})\s*</hour>", re.I)
_DAY = re.compile(rb"<day>\s*([a-z]+)\s*</day>", re.I)
_DAYS = (b"monday", b"tuesday", b"wednesday", b"thursday", b"friday", b"saturday", b"sunday")
_ADDRESS = re.compile(r"\S+@\S+")


def said(text: str | None) -> str | None:
    """Return ``text``, or None if it is blank."""
    return text if text and text.strip() else None


def is_page(link: str | None, entry_id: str | None, guid: str | None) -> bool:
    """Return whether ``link`` is an entry's page. Without one of its own it is the id; a bare ``guid`` is no page."""
    return bool(link) and (link != entry_id or not guid or "://" in guid or guid.startswith("/"))


def author_name(text: str) -> str:
    """Return the name in what a feed gives as an author, without an email address."""
    return _ADDRESS.sub("", text.replace("mailto:", "")).strip(" <>()")


def ttl_seconds(head: Mapping[str, str]) -> int | None:
    """Return how many seconds a feed asks not to be polled again, from the texts in :data:`TTL_FIELDS` of its head."""
    ttl = str(head.get("ttl") or "").strip()
    if ttl.isascii() and ttl.isdigit() and 0 < len(ttl) < 7:
        return min(int(ttl) * 60, _MAX_TTL_SECONDS) or None
    period = _PERIODS.get(str(head.get("sy_updateperiod") or "").strip().lower())
    frequency = str(head.get("sy_updatefrequency") or "1").strip()
    if period is None or not (frequency.isascii() and frequency.isdigit() and 0 < len(frequency) < 5):
        return None
    return min(period // max(int(frequency), 1), _MAX_TTL_SECONDS) or None


def skip_times(document: bytes) -> tuple[frozenset[int], frozenset[int]]:
    """Return the hours (0–23, UTC) and days (0 is Monday) in which an RSS document asks not to be polled.

    They stand before its items (RSS 2.0, skipHours and skipDays). Hour 24 of older feeds is hour 0. Times that leave
    nothing are a mistake, and empty.
    """
    head = document.partition(b"<item")[0]
    hours, days = _SKIP_HOURS.search(head), _SKIP_DAYS.search(head)
    skipped = frozenset(int(hour) % 24 for hour in _HOUR.findall(hours[1]) if int(hour) <= 24) if hours else frozenset()
    names = {name.lower() for name in _DAY.findall(days[1])} if days else set()
    closed = frozenset(number for number, name in enumerate(_DAYS) if name in names)
    return (skipped if len(skipped) < 24 else frozenset(), closed if len(closed) < 7 else frozenset())
