"""Text by text key, a million entries in little more than their own bytes: what a large book is kept in.

An entry costs its key, its value and two bytes. A dictionary of as many small objects would take ten times as much.
"""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

__all__ = ["PART", "CompactMap"]

#: Fifteen entries to a bucket at a million: a lookup is one search of a kilobyte, a change rewrites one.
_BUCKETS = 1 << 16
# Bytes that no UTF-8 text holds, so that keys and values may hold any text.
_ENTRY, _VALUE = b"\xff", b"\xfe"
#: Parts the pieces of a value where it has several.
PART = b"\xfd"


class CompactMap:
    """A map from text to UTF-8 bytes. Same order of keys for the same content, whatever it came from."""

    def __init__(self) -> None:
        self._buckets = [b""] * _BUCKETS
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def get(self, key: str) -> bytes | None:
        """The value of ``key``, or None."""
        raw = key.encode()
        bucket = self._buckets[crc32(raw) % _BUCKETS]
        at = bucket.find(b"\xff%b\xfe" % raw)
        if at < 0:
            return None
        at += len(raw) + 2
        end = bucket.find(_ENTRY, at)
        return bucket[at:] if end < 0 else bucket[at:end]

    def put(self, key: str, value: bytes | None) -> None:
        """Set the value of ``key``; None takes it out. The cost is that of a bucket, however many entries there are."""
        raw = key.encode()
        place = crc32(raw) % _BUCKETS
        bucket = self._buckets[place]
        mark = b"\xff%b\xfe" % raw
        at = bucket.find(mark)
        if at >= 0:
            end = bucket.find(_ENTRY, at + len(mark))
            bucket = bucket[:at] + (b"" if end < 0 else bucket[end:])
            self._size -= 1
        if value is not None:
            bucket = b"".join((bucket, mark, value))
            self._size += 1
        self._buckets[place] = bucket

    def keys(self) -> Iterator[str]:
        """All keys; the map must not change meanwhile."""
        for bucket in self._buckets:
            for entry in sorted(bucket.split(_ENTRY)[1:]):
                yield entry.partition(_VALUE)[0].decode()
