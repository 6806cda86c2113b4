"""Decompresses HTTP bodies in pieces of bounded size, so that a compression bomb is noticed early."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

__all__ = ["CorruptData", "Unpacker"]

#: Largest piece that one step returns.
STEP_BYTES = 65_536
#: RFC 9110: x-gzip is another name for gzip.
_WINDOW = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class CorruptData(ValueError):
    """The data is not compressed as declared."""


class Unpacker:
    """Decodes one ``Content-Encoding``: gzip (with any number of members), deflate (zlib or raw) or identity."""

    def __init__(self, encoding: str) -> None:
        """Raise :class:`CorruptData` if the encoding is unknown."""
        self._name = encoding.strip().lower() or "identity"
        if self._name != "identity" and self._name not in _WINDOW:
            raise CorruptData(f"data in the unknown compression {encoding!r}, which was not requested")
        self._inner = None if self._name == "identity" else zlib.decompressobj(_WINDOW[self._name])
        self._started = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield decompressed pieces of at most ``STEP_BYTES``. Stop iterating, and nothing more is decompressed."""
        if self._inner is None:
            yield data
            return
        while data:
            if self._inner.eof:
                if self._name == "deflate" or not data.startswith(b"\x1f\x8b"):
                    return  # padding after the end, which gzip ignores too
                self._inner = zlib.decompressobj(_WINDOW[self._name])
            piece = self._step(data)
            data = self._inner.unconsumed_tail or self._inner.unused_data
            if piece:
                yield piece

    def finish(self) -> None:
        """Raise :class:`CorruptData` if the end is missing."""
        if self._inner is not None and self._started and not self._inner.eof:
            raise CorruptData("incomplete compressed data")

    def _step(self, data: bytes) -> bytes:
        assert self._inner is not None  # noqa: S101 - identity does not get here
        first, self._started = not self._started, True
        try:
            return self._inner.decompress(data, STEP_BYTES)
        except zlib.error as error:
            if first and self._name == "deflate":  # some servers send raw data without the zlib header
                self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
                return self._step(data)
            raise CorruptData(f"damaged compressed data ({error})") from error
