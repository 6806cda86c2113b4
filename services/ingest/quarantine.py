"""Keeps what could not be read of each feed, whole where it is small enough, until somebody deals with it.

There is one document for each feed: the last one that was no feed at all, or else the last one with entries that could
not be read. It is kept for :data:`KEPT_FOR`.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import Connection, RowMapping, delete, func, select

from services.common.db import upsert
from services.ingest.fetch.fetchers import Response, Validators
from services.ingest.tables import quarantine

__all__ = ["KEPT_FOR", "MAX_KEPT_BYTES", "Quarantine", "QuarantinedDocument", "Reading", "StoredDocument"]

#: Documents that nobody deals with are dropped after this time.
KEPT_FOR = timedelta(days=30)
#: Bytes kept of the beginning of every document, for people to look at.
BEGINNING_BYTES = 65_536
#: A larger document is kept by its beginning only, and can't be read again.
MAX_KEPT_BYTES = 5_000_000
_ENTRIES_FIX = "Its other entries are in use. Read it again after an update of Firstword, or tell the publisher."


@dataclass(frozen=True, slots=True)
class QuarantinedDocument:
    """A document that could not be read, or ``entries`` entries of it (None: all of it).

    The feed had such a document at ``times`` polls, first at ``first_at`` and last at ``at``. ``body`` is the whole
    document; None if it was too large, or set aside by a version that kept only the beginning.
    """

    feed_id: str
    at: datetime
    first_at: datetime
    times: int
    url: str
    reason: str
    fix: str | None
    entries: int | None
    content_type: str | None
    size_bytes: int
    beginning: bytes
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading something again: new and revised items, or the ``problem`` that is left."""

    new: int = 0
    revised: int = 0
    problem: str | None = None
    fix: str | None = None


class Quarantine:
    """Access to the table of documents. Stateless; every method works inside the transaction of ``connection``."""

    def put(
        self,
        connection: Connection,
        feed_id: str,
        response: Response,
        reason: str,
        fix: str | None,
        now: datetime,
        *,
        entries: int | None = None,
    ) -> None:
        """Set ``response`` aside in place of the feed's last document.

        A document of which only ``entries`` could not be read never takes the place of one that is no feed at all.
        """
        connection.execute(delete(quarantine).where(quarantine.c.at < now - KEPT_FOR))
        before = self.get(connection, feed_id)
        if before is not None and before.entries is None and entries is not None:
            return
        row = {
            "feed_id": feed_id,
            "at": now,
            "first_at": before.first_at if before else now,
            "times": before.times + 1 if before else 1,
            "url": response.url,
            "reason": reason,
            "fix": fix if entries is None else _ENTRIES_FIX,
            "entries": entries,
            "content_type": response.content_type,
            "size_bytes": len(response.body),
            "beginning": response.body[:BEGINNING_BYTES],
            "body": zlib.compress(response.body) if len(response.body) <= MAX_KEPT_BYTES else None,
        }
        upsert(connection, quarantine, [row], ("feed_id",))

    def get(self, connection: Connection, feed_id: str) -> QuarantinedDocument | None:
        """Return the feed's document; None if there is none."""
        row = connection.execute(select(quarantine).where(quarantine.c.feed_id == feed_id)).mappings().first()
        return _document(row) if row is not None else None

    def list(self, connection: Connection, since: datetime) -> Sequence[QuarantinedDocument]:
        """Return the documents set aside after ``since``, newest first, without their contents."""
        columns = [column for column in quarantine.c if column.name not in ("beginning", "body")]
        query = select(*columns).where(quarantine.c.at > since).order_by(quarantine.c.at.desc(), quarantine.c.feed_id)
        return [_document(row) for row in connection.execute(query).mappings()]

    def count(self, connection: Connection, since: datetime) -> int:
        """Return the number of documents set aside after ``since``."""
        query = select(func.count()).select_from(quarantine).where(quarantine.c.at > since)
        return int(connection.scalar(query) or 0)

    def drop(self, connection: Connection, feed_ids: Collection[str]) -> int:
        """Delete the documents of these feeds; return their number."""
        return connection.execute(delete(quarantine).where(quarantine.c.feed_id.in_(feed_ids))).rowcount


class StoredDocument:
    """A fetcher that answers with one stored document, so that it is read like one that was just fetched."""

    def __init__(self, document: QuarantinedDocument, body: bytes) -> None:
        self._document = document
        self._body = body

    async def fetch(
        self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
    ) -> Response:
        """Return the document. The feed's validators stay as they are: they belong to what the server has now."""
        document = self._document
        if urlsplit(url).path == "/robots.txt":  # when the page was fetched, its site allowed it
            return Response(404, url)
        return Response(200, document.url, self._body, document.content_type, validators)

    async def aclose(self) -> None:
        """Do nothing: there are no connections."""


def _document(row: RowMapping) -> QuarantinedDocument:
    body = row.get("body")
    return QuarantinedDocument(
        feed_id=row["feed_id"],
        at=row["at"],
        first_at=row["first_at"] or row["at"],
        times=row["times"] or 1,
        url=row["url"],
        reason=row["reason"],
        fix=row["fix"],
        entries=row["entries"],
        content_type=row["content_type"],
        size_bytes=row["size_bytes"],
        beginning=row.get("beginning") or b"",
        body=zlib.decompress(body) if body is not None else None,
    )
