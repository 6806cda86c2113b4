"""The file format of an export: lines of JSON with a header, sections of rows, and a footer of counts and hashes.

Each line is a pair: ``["header", …]``, ``["section", name]``, ``["row", …]``, and last ``["end", …]``. The hashes
detect a file that was cut off or damaged; they are not a signature.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, Literal, NamedTuple

from pydantic import ConfigDict, Field, ValidationError

from schemas.base import Model, Utc
from services.common.errors import BadInput

__all__ = [
    "FORMAT",
    "Advance",
    "Footer",
    "Header",
    "Row",
    "SectionSummary",
    "check_archive",
    "read_rows",
    "summarize",
    "write_archive",
]

FORMAT = 1
Row = dict[str, Any]
#: Called with a section's name and a number of rows, as these are read or written.
Advance = Callable[[str, int], None]
_DIGEST_BYTES = 16
_GZIP_MAGIC = b"\x1f\x8b"
_COPY_AGAIN = "Copy the file again, or export again. Nothing was imported."


class Header(Model):
    """Describes the file. ``answered_until``: when the newest alert in it was raised; all up to it were answered."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    format: int
    version: str
    made_at: Utc
    source: Literal["embedded", "stack"]
    answered_until: Utc | None = Field(default=None, alias="heard_until")
    with_secrets: bool = False


class SectionSummary(Model):
    """The number of rows in a section, and the hash of their lines."""

    rows: int
    hash: str


class Footer(Model):
    """The summary of each section, and the hash of all lines before the footer."""

    sections: dict[str, SectionSummary]
    hash: str


class _Summing:
    """Counts and hashes the lines of a section."""

    def __init__(self) -> None:
        self._rows = 0
        self._hash = _new_hash()

    def add(self, line: bytes) -> None:
        self._rows += 1
        self._hash.update(line)

    def summary(self) -> SectionSummary:
        return SectionSummary(rows=self._rows, hash=self._hash.hexdigest())


class _Line(NamedTuple):
    number: int
    raw: bytes
    kind: str
    value: Any


def write_archive(
    file: IO[bytes], header: Header, sections: Iterable[tuple[str, Iterable[Row]]], advance: Advance
) -> Footer:
    """Write the header, all sections and the footer; return the footer."""
    whole, summaries = _new_hash(), {}

    def put(kind: str, value: object) -> bytes:
        line = _encode([kind, value])
        whole.update(line)
        file.write(line)
        return line

    put("header", header.model_dump(mode="json", by_alias=True))
    for name, rows in sections:
        put("section", name)
        summing = _Summing()
        for row in rows:
            summing.add(put("row", row))
            advance(name, 1)
        summaries[name] = summing.summary()
    footer = Footer(sections=summaries, hash=whole.hexdigest())
    file.write(_encode(["end", footer.model_dump(mode="json")]))
    return footer


def summarize(rows: Iterable[Row]) -> SectionSummary:
    """Return the summary that a section of ``rows`` has in a file."""
    summing = _Summing()
    for row in rows:
        summing.add(_encode(["row", row]))
    return summing.summary()


def check_archive(file: IO[bytes], name: str) -> tuple[Header, Footer]:
    """Read the file to its end, compare it with its footer, and leave it at its beginning.

    Raises:
        BadInput: the file is not an export, has a later format, is cut off, or was altered; the message says where.
    """
    lines = _read_lines(file, name)
    first = next(lines, None)
    if first is None:
        raise BadInput(f"{name}: the file is empty.", fix="Export again.")
    header, whole, sections, section = _parse_header(first, name), _new_hash(), dict[str, _Summing](), ""
    whole.update(first.raw)
    for line in lines:
        match line.kind:
            case "section" if isinstance(line.value, str) and line.value not in sections:
                section = line.value
                sections[section] = _Summing()
            case "row" if section and isinstance(line.value, dict):
                sections[section].add(line.raw)
            case "end":
                footer = _parse_footer(line, name)
                _compare(footer, {key: summing.summary() for key, summing in sections.items()}, whole.hexdigest(), name)
                if (extra := next(lines, None)) is not None:
                    raise _bad(name, extra.number, "a line follows the end", "altered")
                file.seek(0)
                return header, footer
            case _:
                raise _bad(name, line.number, f"unexpected {line.kind!r} line", "altered, or not an export")
        whole.update(line.raw)
    count = sum(summing.summary().rows for summing in sections.values())
    raise BadInput(f"{name}: the file is cut off: its end is missing, after {count} rows.", fix=_COPY_AGAIN)


def read_rows(file: IO[bytes], name: str) -> Iterator[tuple[str, Row]]:
    """Yield each row of a checked file with the name of its section."""
    section = ""
    for line in _read_lines(file, name):
        if line.kind == "section":
            section = line.value
        elif line.kind == "row":
            yield section, line.value


def _read_lines(file: IO[bytes], name: str) -> Iterator[_Line]:
    number = 0
    try:
        for number, raw in enumerate(_decompressed(file), 1):
            try:
                kind, value = json.loads(raw)
            except ValueError:
                raise _bad(name, number, "unreadable line", "cut off, altered, or not an export") from None
            yield _Line(number, raw, str(kind), value)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _bad(name, number + 1, f"decompression failed ({error})", "cut off or altered") from None


def _decompressed(file: IO[bytes]) -> IO[bytes]:
    compressed = file.read(2) == _GZIP_MAGIC
    file.seek(0)
    return gzip.GzipFile(fileobj=file, mode="rb") if compressed else file  # type: ignore[return-value]


def _parse_header(line: _Line, name: str) -> Header:
    format = line.value.get("format") if isinstance(line.value, dict) else None
    if isinstance(format, int) and format > FORMAT:
        raise BadInput(
            f"{name}: the file has format {format}, and this version reads formats up to {FORMAT}.",
            fix="Update Firstword.",
        )
    if line.kind != "header":
        raise _bad(name, line.number, "the header is missing", "altered, or not an export")
    try:
        return Header.model_validate(line.value)
    except ValidationError as error:
        raise _bad(name, line.number, f"header: {error.errors()[0]['msg']}", "altered, or not an export") from None


def _parse_footer(line: _Line, name: str) -> Footer:
    try:
        return Footer.model_validate(line.value)
    except ValidationError as error:
        raise _bad(name, line.number, f"footer: {error.errors()[0]['msg']}", "altered") from None


def _compare(footer: Footer, found: dict[str, SectionSummary], whole: str, name: str) -> None:
    for section in [*footer.sections, *found]:
        written, read = footer.sections.get(section), found.get(section)
        if written == read:
            continue
        what = f"it has {read.rows if read else 0} rows, and {written.rows if written else 0} were written"
        if written and read and written.rows == read.rows:
            what = "its rows are not the rows that were written"
        raise BadInput(f"{name}: the file was altered: section {section!r}: {what}.", fix=_COPY_AGAIN)
    if footer.hash != whole:
        raise BadInput(f"{name}: the file was altered: its hash doesn't match.", fix=_COPY_AGAIN)


def _bad(name: str, line: int, what: str, state: str) -> BadInput:
    return BadInput(f"{name}:{line}: {what}: the file is {state}.", fix=_COPY_AGAIN)


def _encode(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _new_hash() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=_DIGEST_BYTES)
