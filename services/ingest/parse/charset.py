"""Decodes bytes of unknown and often wrongly declared encoding to text for an XML or JSON parser."""

from __future__ import annotations

import codecs
import re

from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.notes import Notes

__all__ = ["decode_document"]

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, because it begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = (
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a media file"),
    (b"ID3", "an audio file"),
    (b"\x7fELF", "a program"),
)
#: Python codecs that are not character encodings of documents, or that are slow on hostile input.
_REFUSED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf_7", "mbcs", "oem", "palmos", "undefined"}
#: Seven-bit encodings: their bytes are valid UTF-8 as well, so the declaration decides.
_SEVEN_BIT = {"iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_3", "iso2022_jp_ext", "iso2022_kr", "hz"}
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']([A-Za-z0-9._:-]{1,40})["']""")
_PARAMETER = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
#: Characters that XML 1.0 forbids (production 2 of the recommendation), and lone surrogates.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
#: Those of them that ASCII has.
_CONTROL = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20)])
#: Detection uses only the beginning: it is slow, and a document has one encoding.
_SAMPLE_BYTES = 65_536
_FEED_WANTED = "Give the address of an RSS, Atom or JSON feed."


def decode_document(raw: bytes, content_type: str | None, notes: Notes) -> str:
    """Decode ``raw`` by its byte-order mark, else as UTF-8 if valid, else as declared, else by detection.

    Valid UTF-8 takes precedence over the declaration: text in another encoding is almost never valid UTF-8 by accident,
    and declarations are often wrong.

    Raises:
        NotAFeed: ``raw`` is empty or binary.
    """
    if not raw.strip(b" \t\r\n\x00"):
        problem = "is empty (0 bytes)" if not raw else "contains only whitespace"
        raise NotAFeed(f"The document {problem}.", fix="Open the address in a browser; the feed may have moved.")
    for magic, name in _MAGIC:
        if raw.startswith(magic):
            raise NotAFeed(f"This is {name}, not a feed.", fix=_FEED_WANTED)
    text = _decode(raw, content_type, notes)
    is_plain = text.isascii() and raw.isascii() and len(raw.translate(None, _CONTROL)) == len(raw)
    clean = text if is_plain else _FORBIDDEN.sub("", text)
    dropped = len(text) - len(clean)
    if dropped * 20 > len(text):
        raise NotAFeed("This is binary data, not a feed.", fix=_FEED_WANTED)
    if dropped:
        notes.add(f"Removed {dropped} control characters that are not allowed in feeds")
    return clean.lstrip("\ufeff \t\r\n")


def _decode(raw: bytes, content_type: str | None, notes: Notes) -> str:
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return raw[len(bom) :].decode(encoding, "replace")
    if raw[:4].count(0) >= 2 or (len(raw) < 4 and 0 in raw):
        encoding = "utf-16-be" if raw[0] == 0 else "utf-16-le"
        return raw.decode(encoding, "replace")
    declared = _declared(raw, content_type)
    if declared and declared[0] in _SEVEN_BIT:
        return raw.decode(declared[0], "replace")
    decoded = _as_utf8(raw)
    if decoded is not None:
        if declared and declared[0] != "utf-8" and not raw.isascii():
            notes.add(f"The document declares {declared[0]}, but is utf-8")
        return decoded
    return _as_declared(raw, declared, notes)


def _declared(raw: bytes, content_type: str | None) -> list[str]:
    """Return the usable encodings that document and server declare. Latin-1 means Windows-1252, as on the web."""
    labels = [match[1].decode("ascii") for match in [_DECLARED.search(raw[:1024])] if match]
    labels += [match[1] for match in [_PARAMETER.search(content_type or "")] if match]
    return [name for name in map(_codec_name, labels) if name]


def _codec_name(label: str) -> str | None:
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError):
        return None
    if info.name.replace("-", "_") in _REFUSED or not getattr(info, "_is_text_encoding", True):
        return None
    # https://encoding.spec.whatwg.org/#names-and-labels
    return "cp1252" if info.name in ("iso8859-1", "ascii") else info.name


def _as_utf8(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(raw) - 3:  # cut off within a character
            return raw[: error.start].decode("utf-8")
        return None


def _as_declared(raw: bytes, declared: list[str], notes: Notes) -> str:
    lossy = raw.decode("utf-8", "replace")
    bad = lossy.count("\ufffd")
    good = sum(1 for character in lossy[:_SAMPLE_BYTES] if character > "\x7f") - lossy[:_SAMPLE_BYTES].count("\ufffd")
    if bad <= good // 10:
        notes.add(f"{bad} bytes are not valid utf-8 and were replaced with \ufffd")
        return lossy
    for encoding in declared:
        if encoding.startswith(("utf-16", "utf-32", "utf_16", "utf_32")):
            continue
        try:
            return raw.decode(encoding)
        except (UnicodeError, ValueError):
            if encoding != "utf-8":
                notes.add(f"The document declares {encoding}, but is not")
    encoding = "cp1252" if declared else _detected(raw)
    notes.add(f"The declared encoding is missing or wrong; read as {encoding}")
    return raw.decode(encoding, "replace")


def _detected(raw: bytes) -> str:
    from charset_normalizer import from_bytes  # 3 MB in each process that reads, for documents that are rare

    best = from_bytes(raw[:_SAMPLE_BYTES]).best()
    return best.encoding if best is not None else "cp1252"
