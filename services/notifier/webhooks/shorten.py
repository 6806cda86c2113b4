"""Keeps a webhook's body below 20 kB: what is left out first is what a consumer misses least, always in one order.

Ids, types, moments and verdicts are never cut. The list ``shortened`` in ``data`` names what was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from schemas.webhooks import BODY_LIMIT

__all__ = ["shorten"]

#: Free text, as models name it; everything else is an id, a name of a set, a number or a moment.
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
    """``document`` as compact JSON of fewer than :data:`BODY_LIMIT` bytes.

    Raises:
        ValueError: when it can't be brought there, for its ids alone are larger.
    """
    for name, step in _steps():
        text = _written(document)
        if len(text.encode()) < BODY_LIMIT:
            return text
        if step(document["data"]):
            told = document["data"].setdefault("shortened", [])
            if name not in told:
                told.append(name)
    text = _written(document)
    if len(text.encode()) >= BODY_LIMIT:
        raise ValueError(f"what is to be told has {len(text.encode()):,} bytes, and all that can go has gone")
    return text


def _written(document: Document) -> str:
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
    yield "told_alerts", _lists("told_alerts", 10)
    yield "addresses", _cut_addresses
    yield from (("texts", _texts(most)) for most in _TEXT_LIMITS[1:])


def _lists(name: str, most: int) -> Step:
    return lambda data: _cut_lists(data, name, most)


def _texts(most: int) -> Step:
    return lambda data: _cut_texts(data, most)


def _cut_lists(node: Any, name: str, most: int) -> bool:
    """Keep the first ``most`` of every list called ``name``; whether anything was cut."""
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
    """Half an address leads nowhere: those too long go whole, where they may be missing."""
    cut = False
    for holder in _mappings(node):
        for name in _ADDRESSES & holder.keys():
            if len(holder[name]) > _ADDRESS_LIMIT and "item_id" in holder:
                del holder[name]
                cut = True
    return cut


def _mappings(node: Any) -> Iterator[Document]:
    """Every mapping in ``node``, outermost first."""
    if isinstance(node, dict):
        yield node
        for value in list(node.values()):
            yield from _mappings(value)
    elif isinstance(node, list):
        for value in node:
            yield from _mappings(value)
