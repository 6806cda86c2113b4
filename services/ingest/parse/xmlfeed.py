"""Parses RSS 0.9–2.0, RDF and Atom to raw entries with feedparser, which only gets XML that was made safe before."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from xml.parsers import expat

import feedparser

from services.ingest.parse.entry import RawEntry, RawFeed
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.markup import declared_entities, resolve_references
from services.ingest.parse.notes import Notes
from services.ingest.parse.plainxml import parse_plain
from services.ingest.parse.prescan import MAX_DEPTH, MAX_ENTRIES, Prescan, prescan
from services.ingest.parse.raw_texts import TTL_FIELDS, author_name, is_page, said, skip_times, ttl_seconds
from services.ingest.parse.sniff import parse_prolog, refuse_root

__all__ = ["parse_xml_feed"]

#: feedparser's lenient mode takes about 3 s per megabyte; larger broken documents are read up to the first error.
_LENIENT_BYTES = 1_000_000
#: expat and feedparser read such tags slowly; a picture inside an attribute is the usual reason for one.
_LONG_TAG = re.compile(rb"<[A-Za-z_][^<>]{65000,}")
_LONG_VALUE = re.compile(rb"(?<==)\s*(?:\"[^\"<>]{2000,}\"|'[^'<>]{2000,}')")
_UNBOUND = expat.errors.XML_ERROR_UNBOUND_PREFIX
_PREFIX = re.compile(rb"[<\s/]([A-Za-z_][\w.-]{0,30}):[A-Za-z_]")
_BINDING = re.compile(rb"\sxmlns:([\w.-]{1,30})\s{0,9}=")
_GUID = re.compile(rb"<guid[^<>]{0,200}>(?:<!\[CDATA\[)?([^<]{1,2000}?)(?:\]\]>)?</guid>")
_ROOT_NAME = re.compile(rb"<[^\s/>]+")
#: Prefixes that feedparser recognizes only by their namespace.
_NAMESPACES = {
    b"atom": b"http://www.w3.org/2005/Atom",
    b"content": b"http://purl.org/rss/1.0/modules/content/",
    b"dc": b"http://purl.org/dc/elements/1.1/",
    b"dcterms": b"http://purl.org/dc/terms/",
    b"itunes": b"http://www.itunes.com/dtds/podcast-1.0.dtd",
    b"media": b"http://search.yahoo.com/mrss/",
    b"rdf": b"http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    b"sy": b"http://purl.org/rss/1.0/modules/syndication/",
}
_FORMATS = {"rss": "RSS", "atom": "Atom", "cdf": "CDF"}
_VERSION = re.compile(r"([a-z]+)(\d)(\d*)")
_NAME_IN_PARENTHESES = re.compile(r"\(([^()]{2,100})\)")


def parse_xml_feed(text: str, feed_url: str, notes: Notes) -> RawFeed:
    """Parse the feed in ``text``; if it is cut off or broken, return the readable entries and add a note.

    Raises:
        NotAFeed: the document is something else, an XML bomb, or ends before its first entry.
    """
    prolog = parse_prolog(text)
    refuse_root(prolog.root, prolog.doctype)
    entities = declared_entities(prolog.doctype, notes)
    document = resolve_references(text[prolog.root_at :], entities).encode("utf-8", "replace")
    document = _without_long_values(document, notes)
    plain = parse_plain(document, feed_url)
    feed = plain if plain is not None and plain.entries else _parse_unusual(document, feed_url, notes)
    hours, days = skip_times(document)
    return replace(feed, skip_hours=hours, skip_days=days)


def _parse_unusual(document: bytes, feed_url: str, notes: Notes) -> RawFeed:
    """Parse with feedparser whatever is not an ordinary, well-formed feed."""
    scan = prescan(document)
    if scan.problem == _UNBOUND:
        document = _bind_prefixes(document, notes)
        scan = prescan(document)
    if scan.too_deep:
        notes.add(f"Elements nested more than {MAX_DEPTH} deep were left out")
        document = _without(document, scan.too_deep)
        scan = prescan(document)
    parsed, guids = _parse(document, scan, feed_url, notes)
    entries = parsed["entries"]
    if not entries and scan.problem:
        how = "ends" if scan.cut_off else "is not well-formed XML"
        raise NotAFeed(
            f"This feed {how} at line {scan.line}, before the end of its first entry ({scan.problem}).",
            fix="Try again later; if this continues, tell the publisher.",
        )
    if len(guids) != len(entries):
        guids = (None,) * len(entries)
    atom = str(parsed.get("version") or "").startswith("atom")
    pairs = list(zip(entries, guids, strict=True))[:MAX_ENTRIES]
    raw = tuple(_entry(entry, guid, feed_url, atom) for entry, guid in pairs)
    return _feed(parsed, raw, feed_url)


def _parse(document: bytes, scan: Prescan, feed_url: str, notes: Notes) -> tuple[Any, tuple[str | None, ...]]:
    if scan.more:
        notes.add(f"Only the first {MAX_ENTRIES} entries were read")
        return _feedparser(scan.complete or document, feed_url), scan.guids
    if scan.problem is None:
        return _feedparser(document, feed_url), scan.guids
    if scan.cut_off and scan.complete:
        notes.add(f"The document is cut off; complete entries read: {len(scan.guids)}")
        return _feedparser(scan.complete, feed_url), scan.guids
    where = f"The document is not well-formed XML at line {scan.line} ({scan.problem})"
    if not scan.cut_off and len(document) <= _LENIENT_BYTES:
        lenient = _feedparser(document, feed_url)
        if len(lenient["entries"]) >= len(scan.guids):
            notes.add(f"{where}; read leniently")
            return lenient, tuple(_unescaped(guid) for guid in _GUID.findall(document))
    if not scan.complete:
        return {"entries": [], "feed": {}}, ()
    notes.add(f"{where}; entries read before that: {len(scan.guids)}")
    return _feedparser(scan.complete, feed_url), scan.guids


def _without_long_values(document: bytes, notes: Notes) -> bytes:
    """Empty the attributes of more than 2 KB of tags of more than 64 KB: pictures in ``data:`` addresses.

    Raises:
        NotAFeed: a tag is as long without them.
    """
    if not _LONG_TAG.search(document):
        return document
    document, count = _LONG_TAG.subn(lambda tag: _LONG_VALUE.sub(b'""', tag[0]), document)
    if _LONG_TAG.search(document):
        raise NotAFeed(
            "This XML has a tag of more than 64 KB, which no feed needs.",
            fix="Remove this feed, or ask the publisher for another address.",
        )
    notes.add(f"Attributes of more than 2 KB were left out of {count} tags of more than 64 KB")
    return document


def _bind_prefixes(document: bytes, notes: Notes) -> bytes:
    """Declare the namespace prefixes that ``document`` uses without declaring them, a common defect."""
    bound = {*_BINDING.findall(document), b"xml", b"xmlns"}
    missing = sorted(set(_PREFIX.findall(document)) - bound)[:100]
    notes.add("Namespace prefixes are used but not declared", b" ".join(missing).decode())
    attributes = b"".join(
        b' xmlns:%s="%s"' % (prefix, _NAMESPACES.get(prefix, b"urn:undeclared:" + prefix)) for prefix in missing
    )
    return _ROOT_NAME.sub(lambda root: root[0] + attributes, document, count=1)


def _without(document: bytes, spans: Sequence[tuple[int, int]]) -> bytes:
    """Return ``document`` without the bytes in ``spans``, which ascend."""
    starts = [0, *(end for _, end in spans)]
    ends = [*(start for start, _ in spans), len(document)]
    return b"".join(document[start:end] for start, end in zip(starts, ends, strict=True))


def _unescaped(guid: bytes) -> str:
    return html.unescape(guid.decode("utf-8", "replace")).strip()


def _feedparser(document: bytes, feed_url: str) -> Any:
    declaration = b'<?xml version="1.0" encoding="utf-8"?>\n'
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": feed_url}
    try:
        return feedparser.parse(
            io.BytesIO(declaration + document),
            response_headers=headers,
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except Exception as error:  # whatever makes the lenient parser fail is the document's fault
        raise NotAFeed(
            f"This feed is too damaged to read ({type(error).__name__}).",
            fix="Check it with a feed validator, and tell the publisher.",
        ) from error


def _feed(parsed: Any, entries: tuple[RawEntry, ...], feed_url: str) -> RawFeed:
    head = parsed.get("feed") or {}
    version = str(parsed.get("version") or "")
    named = _VERSION.match(version)
    family, number = (named[1], f" {named[2]}.{named[3] or '0'}") if named else (version, "")
    return RawFeed(
        format=f"{_FORMATS.get(family, 'XML')}{number}",
        title=_text(head, "title"),
        site_url=_text(head, "link"),
        language=_text(head, "language") or _language(head),
        ttl_seconds=ttl_seconds({key: str(dict.get(head, key) or "") for key in TTL_FIELDS}),
        entries=entries,
    )


def _entry(entry: Any, guid: str | None, feed_url: str, atom: bool) -> RawEntry:
    # dict.get: feedparser's own get returns other dates for missing ones, and warns
    published = "published" if dict.get(entry, "published") else "created"
    updated = "updated"
    if not dict.get(entry, published) and not atom:  # RDF has a single date, that of Dublin Core
        published, updated = "updated", ""
    contents = [part.get("value") or "" for part in dict.get(entry, "content") or ()]
    source = dict.get(entry, "source") or {}
    detail = dict.get(entry, "title_detail") or {}
    return RawEntry(
        guid=guid or _text(entry, "id"),
        url=_link(entry, guid),
        base=str(detail.get("base") or feed_url),
        title=_text(entry, "title"),
        summary=_text(entry, "summary"),
        body=_text(entry, "items-desc") or max(contents, key=len, default=None),  # EDGAR lists the items of a filing
        language=detail.get("language"),
        published=_text(entry, published),
        updated=_text(entry, updated),
        authors=tuple(_authors(entry)),
        categories=tuple(str(tag.get("label") or tag.get("term") or "") for tag in dict.get(entry, "tags") or ()),
        source_title=(source.get("title") if isinstance(source, Mapping) else None) or _text(entry, "news_source"),
    )


def _text(values: Any, key: str) -> str | None:
    value = dict.get(values, key)
    return said(value) if isinstance(value, str) else None


def _language(head: Any) -> str | None:
    detail = dict.get(head, "title_detail") or {}
    language = detail.get("language")
    return language if isinstance(language, str) else None


def _link(entry: Any, guid: str | None) -> str | None:
    """Return the entry's page: its alternate link, else the first that is not an attachment. A bare guid is no link."""
    link = _text(entry, "link")
    if is_page(link, _text(entry, "id"), guid):
        return link
    for other in dict.get(entry, "links") or ():
        if other.get("rel", "alternate") in ("alternate", "via", "related") and other.get("href"):
            return str(other["href"])
    return None


def _authors(entry: Any) -> Iterable[str]:
    """Yield the names of authors; an email address alone is not a name."""
    details = [detail for detail in dict.get(entry, "authors") or () if detail]
    for detail in details or [{"name": _text(entry, "author") or ""}]:
        name = str(detail.get("name") or "")
        inside = _NAME_IN_PARENTHESES.search(name)
        if inside and "@" in name:
            name = inside[1]
        if name := author_name(name):
            yield name
