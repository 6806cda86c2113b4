"""Decides whether an item is new, a revision, a copy, or unchanged. Pure; it remembers little, and a bounded amount.

The rule: each (feed, guid) is one item. A change that a reader can see is a revision; whitespace, tracking parameters
and a different date alone are not. Returning to an earlier version is not a revision either, because caches serve old
copies of feeds, unless the item states a newer date than ever before: then the publisher restored it on purpose.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from schemas.items import Item
from services.ingest.identity.urls import canonical_url

__all__ = ["FIELDS", "ItemChange", "SeenItem", "detect_changes", "fingerprint_of"]

#: The fields whose change makes a revision, in the order in which changes are listed.
FIELDS = ("title", "summary", "body", "url")
#: Earlier versions remembered per item. A live page with more of them may repeat one of its oldest.
MAX_EARLIER = 32
_DIGITS = 16


@dataclass(frozen=True)
class SeenItem:
    """The stored record by which an item is recognized again: under 1 KB, however often the item changes.

    ``fingerprint`` has 16 hexadecimal digits for each of :data:`FIELDS`; ``earlier`` holds short hashes of former
    fingerprints. ``stated_at`` is the newest date the item has ever stated. ``copy_of`` is the item whose content this
    one repeats under another guid of the same feed.
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
class ItemChange:
    """The difference between an item and its stored record. ``changed`` lists the fields of a revision.

    ``seen`` is the record to store from now on. A ``copy`` is an item with an id of its own that repeats another item
    of its feed, URL and text alike, as when a feed changes its guids: it is stored, but not published as news.
    """

    kind: Literal["new", "revised", "unchanged", "copy"]
    item: Item
    revision: int
    changed: tuple[str, ...]
    seen: SeenItem


def detect_changes(
    known: Mapping[str, SeenItem], items: Sequence[Item], now: datetime, fingerprints: Sequence[str] | None = None
) -> Sequence[ItemChange]:
    """Compare ``items``, all of one feed, with ``known``, the feed's stored records by item id.

    ``known`` must contain the records of those ``items`` that were seen before. Further records of the same feed let
    copies be detected. ``fingerprints`` are those of the items, if they are known already.
    """
    originals = sorted((seen for seen in known.values() if seen.copy_of is None), key=lambda seen: seen.item_id)
    by_fingerprint = {seen.fingerprint: seen.item_id for seen in originals}
    changes: list[ItemChange] = []
    current: dict[str, SeenItem] = {}
    for item, fingerprint in zip(items, fingerprints or map(fingerprint_of, items), strict=True):
        seen = current.get(item.id) or known.get(item.id)
        if seen is None:
            original = by_fingerprint.get(fingerprint) if item.url else None
            change = _new(item, fingerprint, now, original)
        else:
            change = _change(seen, item, fingerprint, now)
        current[item.id] = change.seen
        if change.seen.copy_of is None:
            by_fingerprint.setdefault(change.seen.fingerprint, item.id)
        changes.append(change)
    return changes


def _new(item: Item, fingerprint: str, now: datetime, copy_of: str | None) -> ItemChange:
    """Return the change for an item that was never seen before."""
    seen = SeenItem(item.id, fingerprint, 0, now, now, _stated_at(item), (), copy_of)
    return ItemChange("copy" if copy_of else "new", item, 0, (), seen)


def _change(seen: SeenItem, item: Item, fingerprint: str, now: datetime) -> ItemChange:
    stated = _stated_at(item)
    newest = max((moment for moment in (seen.stated_at, stated) if moment), default=None)
    newer = stated is not None and (seen.stated_at is None or stated > seen.stated_at)
    if fingerprint == seen.fingerprint:
        return ItemChange("unchanged", item, seen.revision, (), _stated(seen, newest))
    short = _short(fingerprint)
    if short in seen.earlier and not newer:
        return ItemChange("unchanged", item, seen.revision, (), _stated(seen, newest))
    changed = tuple(name for name, old, new in _parts(seen.fingerprint, fingerprint) if old != new)
    earlier = tuple(digest for digest in (*seen.earlier, _short(seen.fingerprint)) if digest != short)[-MAX_EARLIER:]
    revised = SeenItem(item.id, fingerprint, seen.revision + 1, seen.first_seen_at, now, newest, earlier)
    return ItemChange("revised", item, revised.revision, changed, revised)


def _stated(seen: SeenItem, newest: datetime | None) -> SeenItem:
    return seen if seen.stated_at == newest else replace(seen, stated_at=newest)


def _parts(old: str, new: str) -> list[tuple[str, str, str]]:
    """Split two fingerprints into (field, old digits, new digits)."""
    places = [slice(index * _DIGITS, (index + 1) * _DIGITS) for index in range(len(FIELDS))]
    return [(name, old[place], new[place]) for name, place in zip(FIELDS, places, strict=True)]


def fingerprint_of(item: Item) -> str:
    """Return what of ``item`` a reader sees, in short: two versions that look the same have the same."""
    url = canonical_url(item.url) if item.url else None
    return "".join(_digest(text) for text in (item.title, item.summary, item.body, url))


def _digest(text: str | None) -> str:
    words = (text or "").replace("\n\n", " ")
    is_clean = words.isascii() and words.isprintable() and "  " not in words and words.strip(" ") == words
    if not is_clean:  # ordinary text is: then splitting gives the same, and takes longer
        words = " ".join(words.split())
    return hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=_DIGITS // 2).hexdigest()


def _short(fingerprint: str) -> str:
    return hashlib.blake2b(fingerprint.encode(), digest_size=_DIGITS // 2).hexdigest()


def _stated_at(item: Item) -> datetime | None:
    return max((moment for moment in (item.updated_at, item.published_at) if moment), default=None)
