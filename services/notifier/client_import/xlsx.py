"""Read the first sheet of an XLSX file, which comes from anybody: bounded, without entities, macros or links.

Only the values of cells are read. Formulas give the value that was last calculated; dates are written as 2026-01-31.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO, Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from services.common.errors import BadInput

__all__ = ["is_xlsx", "read_xlsx"]

#: Bounds on what is unpacked: a workbook of 20,000 rows has a few MB.
_MAX_UNPACKED = 80 * 1024 * 1024
_MAX_PARTS = 1_000
_MAX_STRINGS = 1_000_000
_MAX_COLUMNS = 300
#: Elements that are in memory at once: a row of all columns that a spreadsheet can have needs far fewer.
_MAX_HELD = 500_000
_DAMAGED = "The file is no .xlsx file that can be read"
_FIX = "Open it in your spreadsheet program and save it again as .xlsx or CSV."
_REFERENCE = re.compile(r"([A-Z]{1,3})\d+$")
#: The built-in number formats of dates (ECMA-376, 18.8.30).
_DATE_FORMATS = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a date in a cell has no time zone


def is_xlsx(content: bytes) -> bool:
    """Return whether it is a ZIP file."""
    return content.startswith(b"PK\x03\x04")


def read_xlsx(content: bytes, limit: int) -> list[tuple[int, list[str]]]:
    """Return at most ``limit`` rows and one more of the first sheet, each with its number.

    Raises:
        BadInput: the file is damaged, or unpacks to far more than a table has.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            _check_size(book)
            strings, dates = list(_strings(book)), _date_styles(book)
            return list(_rows(book, strings, dates, limit))
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        ParseError,
        KeyError,
        IndexError,
        ValueError,
        OverflowError,
        EOFError,
        OSError,
        RuntimeError,
    ) as error:
        if isinstance(error, DefusedXmlException):
            raise BadInput(f"{_DAMAGED}: it declares entities.", fix=_FIX) from None
        raise BadInput(f"{_DAMAGED}.", fix=_FIX) from None
    except NotImplementedError:
        raise BadInput(f"{_DAMAGED}: its compression is unknown.", fix=_FIX) from None


def _check_size(book: zipfile.ZipFile) -> None:
    parts = book.infolist()
    if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > _MAX_UNPACKED:
        raise BadInput(
            f"The file unpacks to more than {_MAX_UNPACKED // 1024 // 1024} MB.",
            fix="Copy the rows into a new workbook, or save it as CSV.",
        )


class _Bounded:
    """A part of the workbook that ends the reading where it is longer than the directory says."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner, self._left = inner, _MAX_UNPACKED

    def read(self, size: int = -1) -> bytes:
        data = self._inner.read(min(size, 1 << 16) if size >= 0 else 1 << 16)
        self._left -= len(data)
        if self._left < 0:
            raise zipfile.BadZipFile("longer than its directory says")
        return data


def _elements(book: zipfile.ZipFile, part: str, tag: str) -> Iterator[Any]:
    """Yield the elements with this name, without their namespace, and free each."""
    with book.open(part) as stream:
        root: Any = None
        held = 0
        for event, element in iterparse(_Bounded(stream), ("start", "end"), forbid_dtd=True):
            if event == "start":
                root = element if root is None else root
                held += 1
                if held > _MAX_HELD:
                    raise BadInput(f"{_DAMAGED}: it has a row with too many cells.", fix=_FIX)
            elif _name(element) == tag:
                yield element
                held = 0
                element.clear()
                if root is not None and root is not element:
                    root.clear()


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _strings(book: zipfile.ZipFile) -> Iterator[str]:
    if "xl/sharedStrings.xml" in book.namelist():
        for number, element in enumerate(_elements(book, "xl/sharedStrings.xml", "si")):
            if number >= _MAX_STRINGS:
                raise ValueError("too many strings")
            yield _text(element)


def _text(element: Any) -> str:
    return "".join(part.text or "" for part in element.iter() if _name(part) == "t")


def _date_styles(book: zipfile.ZipFile) -> frozenset[int]:
    """Return the numbers of the cell styles that show a date."""
    if "xl/styles.xml" not in book.namelist():
        return frozenset()
    own: set[int] = set()
    styles: list[int] = []
    for style_sheet in _elements(book, "xl/styles.xml", "styleSheet"):
        for element in style_sheet.iter():
            if _name(element) == "numFmt" and re.search(
                "[dmy]", _QUOTED.sub("", element.get("formatCode", "")).lower()
            ):
                own.add(int(element.get("numFmtId", "-1")))
            elif _name(element) == "cellXfs":
                styles = [int(style.get("numFmtId", "0")) for style in element]
    return frozenset(at for at, number in enumerate(styles) if number in _DATE_FORMATS or number in own)


def _rows(
    book: zipfile.ZipFile, strings: list[str], dates: frozenset[int], limit: int
) -> Iterator[tuple[int, list[str]]]:
    sheets = sorted(
        (name for name in book.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)),
        key=lambda name: int(re.sub(r"\D", "", name)),
    )
    last = 0
    for count, row in enumerate(_elements(book, sheets[0], "row")):
        if count > limit:
            return
        last = int(row.get("r", last + 1))
        cells: list[str] = []
        for cell in row:
            if _name(cell) != "c":
                continue
            at = _column(cell.get("r", ""), len(cells))
            if at < _MAX_COLUMNS:
                cells += [""] * (at + 1 - len(cells))
                cells[at] = _value(cell, strings, dates)
        yield last, cells


def _column(reference: str, following: int) -> int:
    match = _REFERENCE.match(reference)
    if match is None:
        return following
    number = 0
    for letter in match[1]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _value(cell: Any, strings: list[str], dates: frozenset[int]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _text(cell)
    text = next((str(part.text or "") for part in cell if _name(part) == "v"), "")
    if not text:
        return ""
    if kind == "s":
        return strings[int(text)]
    if kind == "b":
        return "yes" if text == "1" else "no"
    if kind == "n":
        if int(cell.get("s", "0")) in dates:
            return (_EPOCH + timedelta(days=min(float(text), 2_000_000))).date().isoformat()
        number = float(text)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.12g}"
    return text
