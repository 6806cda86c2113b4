"""Is a parsed item new, a revision, a copy, or what was seen before? Pure; what it must remember is small and bounded.

The rule: every (feed, guid) is one item. An edit of what a reader sees is a revision; whitespace, tracking parameters
and a mere change of date are not. A state that was seen before is no revision either, for caches serve old copies of
feeds, unless the item states a newer date than ever: then the publisher went back to old words on purpose.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from schemas.items import Item
from services.ingest.identity.urls import canonical_url
from services.ingest.parse.feed import ParsedItem

__all__ = ["FIELDS", "Change", "Seen", "compare", "first_seen"]

#: What makes a revision, in the order in which changes are named.
FIELDS = ("title", "summary", "body", "url")
#: So many earlier states are remembered per item; a live page with more may repeat one of its oldest.
MAX_EARLIER = 32
_DIGITS = 16


@dataclass(frozen=True)
class Seen:
    """What is stored of an item to recognise it: under 1 KB, however often it changes.

    ``fingerprint`` is 16 hexadecimal digits for each of :data:`FIELDS`; ``earlier`` are short hashes of former ones.
    ``stated_at`` is the newest date that the item ever stated. ``copy_of`` is the item whose words it repeats under
    another guid of the same feed.
    """

    item_id: str
    fingerprint: str
    revision: int
    first_seen_at: datetime
    changed_at: datetime
    stated_at: datetime | None = None
    earlier: tuple[str, ...] = field(default=())
    copy_of: str | None = None


@dataclass(frozen=True)
class Change:
    """What became of an item. ``changed`` names the fields of a revision; ``seen`` is what to store from now on.

    A ``copy`` is an item of its own that repeats another one of its feed, address and words alike, as when a feed
    changes its guids: to be stored, and not to be told as news.
    """

    kind: Literal["new", "revised", "unchanged", "copy"]
    item: Item
    revision: int
    changed: tuple[str, ...]
    seen: Seen


def compare(known: Mapping[str, Seen], parsed: Sequence[ParsedItem], now: datetime) -> Sequence[Change]:
    """What each of ``parsed``, the items of one feed, is against ``known``, the feed's items by id.

    ``known`` needs to hold the items of ``parsed`` that are known; any others of the same feed let copies be found.
    """
    by_fingerprint = {seen.fingerprint: seen.item_id for seen in known.values() if seen.copy_of is None}
    changes: list[Change] = []
    fresh: dict[str, Seen] = {}
    for entry in parsed:
        item = entry.item
        earlier = fresh.get(item.id) or known.get(item.id)
        if earlier is None:
            original = by_fingerprint.get(_fingerprint(item)) if item.url else None
            change = first_seen(item, now, copy_of=original)
        else:
            change = _again(earlier, item, now)
        fresh[item.id] = change.seen
        if change.seen.copy_of is None:
            by_fingerprint.setdefault(change.seen.fingerprint, item.id)
        changes.append(change)
    return changes


def first_seen(item: Item, now: datetime, *, copy_of: str | None = None) -> Change:
    """The change that a never-seen item is."""
    seen = Seen(item.id, _fingerprint(item), 0, now, now, _stated_at(item), (), copy_of)
    return Change("copy" if copy_of else "new", item, 0, (), seen)


def _again(seen: Seen, item: Item, now: datetime) -> Change:
    fingerprint, stated = _fingerprint(item), _stated_at(item)
    newest = max((moment for moment in (seen.stated_at, stated) if moment), default=None)
    newer = stated is not None and (seen.stated_at is None or stated > seen.stated_at)
    short = _short(fingerprint)
    if fingerprint == seen.fingerprint or (short in seen.earlier and not newer):
        return Change("unchanged", item, seen.revision, (), replace(seen, stated_at=newest))
    changed = tuple(name for name, old, new in _fields(seen.fingerprint, fingerprint) if old != new)
    former = tuple(one for one in (*seen.earlier, _short(seen.fingerprint)) if one != short)[-MAX_EARLIER:]
    revised = Seen(item.id, fingerprint, seen.revision + 1, seen.first_seen_at, now, newest, former)
    return Change("revised", item, revised.revision, changed, revised)


def _fields(old: str, new: str) -> list[tuple[str, str, str]]:
    places = [slice(at * _DIGITS, (at + 1) * _DIGITS) for at in range(len(FIELDS))]
    return [(name, old[place], new[place]) for name, place in zip(FIELDS, places, strict=True)]


def _fingerprint(item: Item) -> str:
    url = canonical_url(item.url) if item.url else None
    return "".join(_digest(text) for text in (item.title, item.summary, item.body, url))


def _digest(text: str | None) -> str:
    words = " ".join((text or "").split())
    return hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=_DIGITS // 2).hexdigest()


def _short(fingerprint: str) -> str:
    return hashlib.blake2b(fingerprint.encode(), digest_size=_DIGITS // 2).hexdigest()


def _stated_at(item: Item) -> datetime | None:
    return max((moment for moment in (item.updated_at, item.published_at) if moment), default=None)
