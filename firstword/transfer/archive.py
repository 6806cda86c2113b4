"""The file that carries a house: lines of JSON with a header, sections of rows, and a footer that counts and hashes.

Each line is a pair: ``["header", …]``, ``["section", name]``, ``["row", …]``, at last ``["end", …]``. The hashes tell
a file that was cut off or damaged; they are no signature.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, Literal

from pydantic import ValidationError

from schemas.base import Model, Utc
from services.common.errors import BadInput

__all__ = ["FORMAT", "Advance", "Footer", "Header", "Row", "Tally", "check", "read_rows", "tally", "write"]

FORMAT = 1
Row = dict[str, Any]
#: Told of each section and each row that was done in it.
Advance = Callable[[str, int], None]
_DIGEST_BYTES = 16
_GZIP_MAGIC = b"\x1f\x8b"


class Header(Model):
    """What the file is. ``heard_until``: when the newest alert in it was raised; up to then, clients were told."""

    format: int
    version: str
    made_at: Utc
    source: Literal["embedded", "stack"]
    heard_until: Utc | None = None
    with_secrets: bool = False


class Tally(Model):
    """How many rows a section has, and the hash of their lines."""

    rows: int
    hash: str


class Footer(Model):
    """What was written, by section, and the hash of all lines before."""

    sections: dict[str, Tally]
    hash: str


def write(file: IO[bytes], header: Header, sections: Iterable[tuple[str, Iterable[Row]]], advance: Advance) -> Footer:
    """Write everything, and return the footer."""
    whole, tallies = _hash(), {}

    def put(kind: str, value: object) -> bytes:
        line = _line([kind, value])
        whole.update(line)
        file.write(line)
        return line

    put("header", header.model_dump(mode="json"))
    for name, rows in sections:
        put("section", name)
        count, digest = 0, _hash()
        for row in rows:
            digest.update(put("row", row))
            count += 1
            advance(name, 1)
        tallies[name] = Tally(rows=count, hash=digest.hexdigest())
    footer = Footer(sections=tallies, hash=whole.hexdigest())
    file.write(_line(["end", footer.model_dump(mode="json")]))
    return footer


def tally(rows: Iterable[Row]) -> Tally:
    """The tally that a section of ``rows`` gets in a file."""
    count, digest = 0, _hash()
    for row in rows:
        digest.update(_line(["row", row]))
        count += 1
    return Tally(rows=count, hash=digest.hexdigest())


def check(file: IO[bytes], name: str) -> tuple[Header, Footer]:
    """Read the whole file called ``name`` and compare it with its footer; ``file`` stands at its beginning after.

    Raises:
        BadInput: it is none of ours, of a later format, cut off, or altered; the message says which, and where.
    """
    header: Header | None = None
    footer: Footer | None = None
    whole, found, section = _hash(), dict[str, Tally](), ""
    count, digest = 0, _hash()
    for number, line, kind, value in _lines(file, name):
        if footer is not None:
            raise _bad(name, number, "something follows its end", "altered")
        match kind:
            case "header" if header is None and number == 1:
                header = _header(value, name)
            case "section" if header is not None and isinstance(value, str) and value not in found:
                count, digest, section = 0, _hash(), value
                found[section] = Tally(rows=0, hash=digest.hexdigest())
            case "row" if section and isinstance(value, dict):
                digest.update(line)
                count += 1
                found[section] = Tally(rows=count, hash=digest.hexdigest())
            case "end" if header is not None:
                footer = _footer(value, name, number)
                _compare(footer, found, whole.hexdigest(), name)
            case _:
                raise _bad(name, number, f"no {kind!r} is expected there", "altered, or no export of Firstword")
        whole.update(line)
    if header is None:
        raise BadInput(f"{name}: the file is empty.", fix="Export again.")
    if footer is None:
        raise BadInput(
            f"{name}: the file is cut off: its end is missing, after {sum(each.rows for each in found.values())} rows.",
            fix="Copy it again, or export again. Nothing was imported.",
        )
    file.seek(0)
    return header, footer


def read_rows(file: IO[bytes], name: str) -> Iterator[tuple[str, Row]]:
    """Every row of a checked file, with the name of its section."""
    section = ""
    for _, _, kind, value in _lines(file, name):
        if kind == "section":
            section = value
        elif kind == "row":
            yield section, value


def _lines(file: IO[bytes], name: str) -> Iterator[tuple[int, bytes, str, Any]]:
    number = 0
    try:
        for number, line in enumerate(_plain(file), 1):
            try:
                kind, value = json.loads(line)
            except ValueError:
                raise _bad(name, number, "it is not to be read", "cut off or altered, or no export") from None
            yield number, line, str(kind), value
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _bad(name, number + 1, f"the compression breaks off ({error})", "cut off or altered") from None


def _plain(file: IO[bytes]) -> IO[bytes]:
    compressed = file.read(2) == _GZIP_MAGIC
    file.seek(0)
    return gzip.GzipFile(fileobj=file, mode="rb") if compressed else file  # type: ignore[return-value]


def _header(value: object, name: str) -> Header:
    format = value.get("format") if isinstance(value, dict) else None
    if isinstance(format, int) and format > FORMAT:
        raise BadInput(f"{name}: it has format {format}, this version reads up to {FORMAT}.", fix="Update Firstword.")
    try:
        return Header.model_validate(value)
    except ValidationError as error:
        raise _bad(name, 1, f"the header: {error.errors()[0]['msg']}", "altered, or no export") from None


def _footer(value: object, name: str, number: int) -> Footer:
    try:
        return Footer.model_validate(value)
    except ValidationError as error:
        raise _bad(name, number, f"the end: {error.errors()[0]['msg']}", "altered") from None


def _compare(footer: Footer, found: dict[str, Tally], whole: str, name: str) -> None:
    for section in [*footer.sections, *found]:
        said, is_so = footer.sections.get(section), found.get(section)
        if said == is_so:
            continue
        what = f"{is_so.rows if is_so else 0} rows where {said.rows if said else 0} were written"
        if said and is_so and said.rows == is_so.rows:
            what = "its rows are not those that were written"
        raise BadInput(
            f"{name}: the file was altered: section {section!r}: {what}.",
            fix="Copy it again, or export again. Nothing was imported.",
        )
    if footer.hash != whole:
        raise BadInput(f"{name}: the file was altered: its hash is another.", fix="Copy it again, or export again.")


def _bad(name: str, line: int, what: str, cause: str) -> BadInput:
    return BadInput(f"{name}:{line}: {what}: the file is {cause}.", fix="Copy it again, or export again.")


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _hash() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=_DIGEST_BYTES)
