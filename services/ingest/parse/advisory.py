"""Reads one security advisory of a list (CSAF) to the item that it becomes. Pure."""

from __future__ import annotations

from datetime import datetime

from services.ingest.identity.ids import item_id
from services.ingest.parse.charset import decode_document
from services.ingest.parse.csaf import is_advisory, parse_advisory
from services.ingest.parse.csaf_lists import ListedAdvisory
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import MAX_BYTES, ParsedFeed, read_feed
from services.ingest.parse.lenient_json import load_json, object_of
from services.ingest.parse.notes import Notes

__all__ = ["advisory_id", "read_advisory"]


def advisory_id(feed_url: str, listed: ListedAdvisory) -> str:
    """Return the id of the item that a listed advisory of the feed ``feed_url`` becomes."""
    return item_id(feed_url, listed.name, listed.url, "", None)


def read_advisory(
    raw: bytes,
    listed: ListedAdvisory,
    *,
    feed_url: str,
    fetched_url: str,
    content_type: str | None,
    publisher: str | None,
    speaks_for: tuple[str, ...],
    fetched_at: datetime,
) -> ParsedFeed:
    """Return the advisory at a listed address as a document with one item.

    Raises:
        NotAFeed: it is no advisory.
    """
    if len(raw) > MAX_BYTES:
        raise NotAFeed(f"This advisory has {len(raw) / 1e6:.0f} MB; the limit is {MAX_BYTES // 1_000_000} MB.")
    notes = Notes()
    document = object_of(
        load_json(decode_document(raw, content_type, notes).lstrip("\ufeff \t\r\n"), "a CSAF advisory")
    )
    if not is_advisory(document):
        raise NotAFeed("This is no CSAF advisory: it has no CSAF version.", fix="Tell the publisher.")
    feed = parse_advisory(document, listed.url, listed.updated.isoformat())
    return read_feed(
        feed,
        feed_url=feed_url,
        base=fetched_url,
        publisher=publisher,
        speaks_for=speaks_for,
        fetched_at=fetched_at,
        notes=notes,
    )
