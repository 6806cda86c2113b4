"""Remembers how the entries of each feed were written when it was last read, in the memory of this process."""

from __future__ import annotations

from collections import OrderedDict

from services.ingest.parse.known import KnownEntries

__all__ = ["EntryMemory"]

#: Feeds of 50 entries take 2.5 kB each: 6,000 of them.
MOST_BYTES = 16_000_000
#: Besides digests and ids.
_BYTES_OF_A_FEED = 400


class EntryMemory:
    """The entries of the feeds that were polled last, as many as fit into ``most_bytes``.

    Each is kept with the digest of its document. It counts only while that is the document that the database has last
    seen of the feed, so that nothing is left out that was not written, or that another process has replaced.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, tuple[str, KnownEntries]] = OrderedDict()

    def of(self, feed_id: str, body_digest: str | None) -> KnownEntries:
        """Return the entries of the feed's document with this digest; none if it was another, or is forgotten."""
        digest, entries = self._kept.get(feed_id, ("", KnownEntries()))
        return entries if digest and digest == body_digest else KnownEntries()

    def keep(self, feed_id: str, body_digest: str, entries: KnownEntries) -> None:
        """Remember the entries of the feed's newest document in place of those before."""
        self._drop(self._kept.pop(feed_id, None))
        self._kept[feed_id] = body_digest, entries
        self._bytes += _size(entries)
        while self._bytes > self._most_bytes:
            self._drop(self._kept.popitem(last=False)[1])

    def _drop(self, kept: tuple[str, KnownEntries] | None) -> None:
        if kept is not None:
            self._bytes -= _size(kept[1])


def _size(entries: KnownEntries) -> int:
    return _BYTES_OF_A_FEED + entries.size_bytes
