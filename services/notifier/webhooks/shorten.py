"""Keeps the body of a webhook below 20 kB, by leaving out what a consumer misses least first.

Ids, types, times and verdicts always stay. The list ``shortened`` in ``data`` names what was left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from schemas.webhooks import BODY_LIMIT

__all__ = ["shorten"]

#: Fields with free text. All others are ids, names from a fixed set, numbers or times.
_TEXTS = frozenset(
    [
        "answer",
        "attributed_to",
        "body",
        "comment",
        "concluded",
        "detail",
        "entity_name",
        "going_round",
        "headline",
        "mend",
        "message",
        "note",
        "origin",
        "publisher",
        "quote",
        "reason",
        "ref",
        "saw",
        "subject",
        "text",
        "title",
        "who_says",
        "why_held",
    ]
)
_ADDRESSES = frozenset({"url", "site_url"})
_TEXT_LIMITS = (1_000, 400, 160, 60, 20)
_ADDRESS_LIMIT = 500

Document = dict[str, Any]


def shorten(document: Document) -> str:
    """Return ``document`` as compact JSON with fewer than :data:`BODY_LIMIT` bytes.

    Raises:
        ValueError: the fields that must stay are too large.
    """
    text = _compact(document)
    for name, step in _steps():
        if len(text.encode()) < BODY_LIMIT:
            return text
        if step(document["data"]):
            shortened = document["data"].setdefault("shortened", [])
            if name not in shortened:
                shortened.append(name)
            text = _compact(document)
    if len(text.encode()) >= BODY_LIMIT:
        raise ValueError(f"the message has {len(text.encode()):,} bytes, although everything optional was left out")
    return text


def _compact(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


Step = Callable[[Any], bool]


def _steps() -> Iterator[tuple[str, Step]]:
    yield "spans", _lists("spans", 0)
    for name in ("grounding", "parts", "findings", "notes"):
        yield name, _lists(name, 0)
    yield from (("evidence", _lists("evidence", most)) for most in (20, 10, 5))
    yield "texts", _texts(_TEXT_LIMITS[0])
    yield from (("evidence", _lists("evidence", most)) for most in (3, 2, 1))
    yield "reasons", _lists("reasons", 10)
    for name in ("told_alerts", "affects"):
        yield name, _lists(name, 10)
    yield "addresses", _cut_addresses
    yield from (("texts", _texts(most)) for most in _TEXT_LIMITS[1:])


def _lists(name: str, most: int) -> Step:
    return lambda data: _cut_lists(data, name, most)


def _texts(most: int) -> Step:
    return lambda data: _cut_texts(data, most)


def _cut_lists(node: Any, name: str, most: int) -> bool:
    """Keep the first ``most`` items of every list called ``name``; return whether anything was left out."""
    cut = False
    for holder in _mappings(node):
        value = holder.get(name)
        if isinstance(value, list) and len(value) > most:
            holder[name] = value[:most]
            cut = True
    return cut


def _cut_texts(node: Any, most: int) -> bool:
    cut = False
    for holder in _mappings(node):
        for name in _TEXTS & holder.keys():
            value = holder[name]
            if isinstance(value, str) and len(value) > most:
                holder[name] = value[: most - 1] + "…"
                cut = True
    return cut


def _cut_addresses(node: Any) -> bool:
    """Leave out long addresses where they are optional: half an address leads nowhere."""
    cut = False
    for holder in _mappings(node):
        for name in _ADDRESSES & holder.keys():
            if len(holder[name]) > _ADDRESS_LIMIT and "item_id" in holder:
                del holder[name]
                cut = True
    return cut


def _mappings(node: Any) -> Iterator[Document]:
    """Yield every mapping in ``node``, the outermost first."""
    if isinstance(node, dict):
        yield node
        for value in list(node.values()):
            yield from _mappings(value)
    elif isinstance(node, list):
        for value in node:
            yield from _mappings(value)
