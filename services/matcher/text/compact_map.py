"""A map from text to bytes that holds a million entries in little more than their own size.

Each entry costs its key, its value and two bytes. A dictionary of small objects would take ten times as much memory,
too much for a large client book.
"""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

__all__ = ["SEPARATOR", "CompactMap"]

#: A million entries make 15 per bucket: a lookup searches about a kilobyte, and a change rewrites one.
_BUCKETS = 1 << 16
# These bytes never occur in UTF-8, so keys and values may hold any text.
_ENTRY, _VALUE = b"\xff", b"\xfe"
#: Separates the parts of a value that has several.
SEPARATOR = b"\xfd"


class CompactMap:
    """A map from text to UTF-8 bytes. The order of its keys depends on its content alone."""

    def __init__(self) -> None:
        self._buckets = [b""] * _BUCKETS
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def get(self, key: str) -> bytes | None:
        """Return the value of ``key``, or None."""
        raw = key.encode()
        bucket = self._buckets[crc32(raw) % _BUCKETS]
        start = bucket.find(b"\xff%b\xfe" % raw)
        if start < 0:
            return None
        start += len(raw) + 2
        end = bucket.find(_ENTRY, start)
        return bucket[start:] if end < 0 else bucket[start:end]

    def put(self, key: str, value: bytes | None) -> None:
        """Set the value of ``key``, or delete the entry if ``value`` is None. Rewrites one bucket."""
        raw = key.encode()
        index = crc32(raw) % _BUCKETS
        bucket = self._buckets[index]
        head = b"\xff%b\xfe" % raw
        start = bucket.find(head)
        if start >= 0:
            end = bucket.find(_ENTRY, start + len(head))
            bucket = bucket[:start] + (b"" if end < 0 else bucket[end:])
            self._size -= 1
        if value is not None:
            bucket = b"".join((bucket, head, value))
            self._size += 1
        self._buckets[index] = bucket

    def keys(self) -> Iterator[str]:
        """Yield all keys. Do not change the map while iterating."""
        for bucket in filter(None, self._buckets):  # most of a small map are empty
            for entry in sorted(bucket.split(_ENTRY)[1:]):
                yield entry.partition(_VALUE)[0].decode()
