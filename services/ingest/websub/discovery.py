"""Finds the hub and the own address that a feed declares, in the header Link or in the document. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from services.ingest.identity.urls import absolute_url

__all__ = ["Hub", "find_hub"]

#: Declarations stand before the entries.
_HEAD_BYTES = 65_536
#: A JSON feed may have them anywhere; a larger one is not searched.
_JSON_BYTES = 5_000_000
_MAX_URL = 2_000
_LINK_HEADER = re.compile(r"<([^<>]{1,2000})>([^<>]{0,500})")
_ENTRY = re.compile(r"<(?:[\w.-]{1,20}:)?(?:item|entry)[\s>/]")
_LINK = re.compile(r"<(?:[\w.-]{1,20}:)?link\s([^<>]{1,4000})>")
_ATTRIBUTE = re.compile(r"([\w:-]{1,20})\s{0,9}=\s{0,9}(?:\"([^\"]{0,2000})\"|'([^']{0,2000})')")
_REL = re.compile(r"(?i)\brel\s*=\s*\"?([^\";,]{1,200})")


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub of a feed, and its ``topic``: the feed's address as the hub knows it."""

    url: str
    topic: str


def find_hub(body: bytes, url: str, link_header: str | None = None) -> Hub | None:
    """Return the first hub that the feed at ``url`` names; None unless it says what its own address is, too.

    The header takes precedence over the document (WebSub, 4). Addresses must be http or https.
    """
    links = [*_of_header(link_header or ""), *(_of_json(body) if body.lstrip()[:1] == b"{" else _of_xml(body))]
    found: dict[str, str] = {}
    for rel, href in links:
        address = absolute_url(href, url)
        if address is not None and len(address) <= _MAX_URL and address.startswith(("http://", "https://")):
            found.setdefault(rel, address)
    if "hub" not in found or "self" not in found:
        return None
    return Hub(found["hub"], found["self"])


def _of_header(header: str) -> Iterator[tuple[str, str]]:
    for target, parameters in _LINK_HEADER.findall(header[:8_000]):
        rels = _REL.search(parameters)
        yield from ((rel.lower(), target) for rel in (rels[1] if rels else "").split())


def _of_xml(body: bytes) -> Iterator[tuple[str, str]]:
    head = body[:_HEAD_BYTES].replace(b"\0", b"").decode("utf-8", "replace")  # UTF-16 loses its zero bytes
    entry = _ENTRY.search(head)
    for (text,) in (match.groups() for match in _LINK.finditer(head, 0, entry.start() if entry else len(head))):
        values = {name.lower(): unescape(double or single) for name, double, single in _ATTRIBUTE.findall(text)}
        yield from ((rel.lower(), values.get("href", "")) for rel in values.get("rel", "").split())


def _of_json(body: bytes) -> Iterator[tuple[str, str]]:
    if len(body) > _JSON_BYTES:
        return
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError):
        return
    hubs = feed.get("hubs") if isinstance(feed, dict) else None
    for hub in hubs[:20] if isinstance(hubs, list) else ():
        if isinstance(hub, dict) and str(hub.get("type", "")).lower() == "websub" and isinstance(hub.get("url"), str):
            yield "hub", hub["url"]
    if isinstance(feed.get("feed_url"), str):
        yield "self", feed["feed_url"]
