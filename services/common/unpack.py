"""Decompresses HTTP bodies in pieces of bounded size, so that a compression bomb is noticed early."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["ACCEPT_ENCODING", "CorruptData", "Unpacker"]

#: The encodings that are requested, in a form for the header. There is one at a time.
ACCEPT_ENCODING = "gzip, deflate, br, zstd"
#: About the largest piece that one step returns; brotli may return twice as much.
STEP_BYTES = 65_536
#: The largest window of the content coding zstd is 8 MB (RFC 9659, 3).
_ZSTD_WINDOW_BITS = 23
_GZIP_MAGIC = b"\x1f\x8b"
#: Members of a body that are decoded. Each costs something even if it is empty, and an empty one has nine bytes;
#: servers that compress in blocks make a member of 64 kB or more.
MOST_MEMBERS = 1_000


class CorruptData(ValueError):
    """The data is not compressed as declared."""


class _Decoder(Protocol):
    """Decodes one encoding."""

    @property
    def ended(self) -> bool:
        """True if the data may end here."""
        ...

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` decompresses to, in pieces; nothing is decompressed before it is asked for.

        Raises:
            CorruptData: it is no data of this encoding.
        """
        ...


class Unpacker:
    """Decodes one ``Content-Encoding``: gzip and zstd (any number of members), deflate (zlib or raw), br, identity."""

    def __init__(self, encoding: str) -> None:
        """Raise :class:`CorruptData` if the encoding is unknown."""
        name = encoding.strip().lower() or "identity"
        if name != "identity" and name not in _DECODERS:
            raise CorruptData(f"data in the unknown compression {encoding!r}, which was not requested")
        self._decoder = None if name == "identity" else _DECODERS[name]()
        self._started = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield decompressed pieces of about ``STEP_BYTES``. Stop iterating, and nothing more is decompressed."""
        if self._decoder is None:
            yield data
        elif data:
            self._started = True
            yield from self._decoder.pieces(data)

    def finish(self) -> None:
        """Raise :class:`CorruptData` if the end is missing."""
        if self._decoder is not None and self._started and not self._decoder.ended:
            raise CorruptData("incomplete compressed data")


class _Zlib:
    """gzip with any number of members, or deflate with or without the header of zlib."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._inner = zlib.decompressobj(bits)
        self._first = True
        self._members = 1

    @property
    def ended(self) -> bool:
        return self._inner.eof

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inner.eof:
                if self._bits == zlib.MAX_WBITS or not data.startswith(_GZIP_MAGIC):
                    return  # padding after the end, which gzip ignores too
                self._members = _one_more(self._members)
                self._inner = zlib.decompressobj(self._bits)
            piece = self._step(data)
            data = self._inner.unconsumed_tail or self._inner.unused_data
            if piece:
                yield piece

    def _step(self, data: bytes) -> bytes:
        first, self._first = self._first, False
        try:
            return self._inner.decompress(data, STEP_BYTES)
        except zlib.error as error:
            if first and self._bits == zlib.MAX_WBITS:  # some servers send raw data without the zlib header
                self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
                return self._step(data)
            raise CorruptData(f"damaged compressed data ({error})") from error


class _Brotli:
    def __init__(self) -> None:
        self._inner = brotli.Decompressor()

    @property
    def ended(self) -> bool:
        return bool(self._inner.is_finished())

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while not self.ended:
            try:
                piece: bytes = self._inner.process(data, output_buffer_limit=STEP_BYTES)
            except brotli.error as error:
                raise CorruptData(f"damaged compressed data ({error})") from error
            if not piece:
                return
            yield piece
            data = b""


class _Zstd:
    def __init__(self) -> None:
        self._inner = self._frame()
        self._members = 1

    @property
    def ended(self) -> bool:
        return self._inner.eof

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data or not (self._inner.needs_input or self._inner.eof):
            if self._inner.eof:
                self._members = _one_more(self._members)
                self._inner = self._frame()
            try:
                piece = self._inner.decompress(data, STEP_BYTES)
            except zstd.ZstdError as error:
                raise CorruptData(f"damaged compressed data ({error})") from error
            data = self._inner.unused_data if self._inner.eof else b""
            if piece:
                yield piece

    def _frame(self) -> zstd.ZstdDecompressor:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_BITS})


def _one_more(members: int) -> int:
    if members >= MOST_MEMBERS:
        raise CorruptData(f"compressed data in more than {MOST_MEMBERS:,} parts")
    return members + 1


_DECODERS: dict[str, Callable[[], _Decoder]] = {
    "gzip": lambda: _Zlib(16 + zlib.MAX_WBITS),
    "x-gzip": lambda: _Zlib(16 + zlib.MAX_WBITS),  # RFC 9110: another name
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
    "br": _Brotli,
    "zstd": _Zstd,
}
