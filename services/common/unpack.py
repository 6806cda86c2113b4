"""Unpacking what came compressed, a bounded piece at a time: a bomb is noticed before it is in memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

__all__ = ["Broken", "Unpacker"]

#: What one step may put out.
STEP_BYTES = 65_536
#: RFC 9110: x-gzip is another name for gzip.
_WINDOW = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class Broken(ValueError):
    """The bytes are not compressed as was said."""


class Unpacker:
    """Undoes one ``Content-Encoding``; knows gzip (in several members too), deflate (zlib or raw) and identity."""

    def __init__(self, encoding: str) -> None:
        """Raises :class:`Broken` for an encoding that is not known."""
        self._name = encoding.strip().lower() or "identity"
        if self._name != "identity" and self._name not in _WINDOW:
            raise Broken(f"the unknown compression {encoding!r}, which was not asked for")
        self._inner = None if self._name == "identity" else zlib.decompressobj(_WINDOW[self._name])
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The unpacked pieces of ``data``, none above ``STEP_BYTES``; stop iterating, and no more is unpacked."""
        if self._inner is None:
            yield data
            return
        while data:
            if self._inner.eof:
                if self._name == "deflate" or not data.startswith(b"\x1f\x8b"):
                    return  # padding after the end, which gzip itself ignores too
                self._inner = zlib.decompressobj(_WINDOW[self._name])
            piece = self._step(data)
            data = self._inner.unconsumed_tail or self._inner.unused_data
            if piece:
                yield piece

    def finish(self) -> None:
        """Raises :class:`Broken` when the end is missing."""
        if self._inner is not None and self._begun and not self._inner.eof:
            raise Broken("compressed data that break off")

    def _step(self, data: bytes) -> bytes:
        assert self._inner is not None  # noqa: S101 - identity never comes here
        first, self._begun = not self._begun, True
        try:
            return self._inner.decompress(data, STEP_BYTES)
        except zlib.error as error:
            if first and self._name == "deflate":  # some servers send it raw, without zlib's header
                self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
                return self._step(data)
            raise Broken(f"damaged compressed data ({error})") from error
