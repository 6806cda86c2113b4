"""Read a table from the bytes of a file: text in any usual encoding and with any usual separator, or XLSX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.common.errors import BadInput
from services.notifier.client_import.xlsx import is_xlsx, read_xlsx

__all__ = ["MAX_BYTES", "MAX_ROWS", "Fault", "Row", "Table", "read_table"]

#: What is wrong with a cell, and what to do.
Fault = tuple[str, str]

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000
_MAX_COLUMNS = 300
_MAX_CELL = 5_000
_SEPARATORS = ",;\t|"
_GUARD = re.compile(r"^'(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
#: What spreadsheets show in place of a value.
_ERRORS = frozenset(("#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"))
#: What UTF-8 letters become when they are read as Windows-1252.
_MOJIBAKE = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u2122]")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Row:
    """A row with content. ``number`` is the one that a spreadsheet shows; the header has 1.

    ``faults`` are the cells that hold no value that could be taken, by their position.
    """

    number: int
    cells: tuple[str, ...]
    faults: Mapping[int, Fault] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the names of its columns. ``comma_decimals``: its numbers are probably written as 1.234,5."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    comma_decimals: bool = False


def read_table(content: bytes) -> Table:
    """Return the table in a file.

    Raises:
        BadInput: it is too large, damaged, protected, or no table.
    """
    if not content.strip():
        raise BadInput("The file is empty.", fix="Export it again, with a row of column names first.")
    if len(content) > MAX_BYTES:
        raise BadInput(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB.", fix="Split it into several files.")
    if content.startswith(_OLD_EXCEL):
        raise BadInput(
            "The file is an old Excel file (.xls) or protected by a password.",
            fix="Open it and save it as .xlsx without a password, or as CSV.",
        )
    if is_xlsx(content):
        return _table(read_xlsx(content, MAX_ROWS + 1), comma_decimals=False)
    text = _decoded(content)
    separator = _separator(text)
    return _table(_csv_rows(text, separator), comma_decimals=separator != ",")


def _decoded(content: bytes) -> str:
    """Return the text: UTF-8, UTF-16, or else Windows-1252, which spreadsheets write in western Europe.

    Single lines in another encoding make no other file of it: their letters are replaced, and so found as faults.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\x00" in content[:200]:
        encodings = ["utf-16-le" if content[1:2] == b"\x00" else "utf-16-be"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            if encoding == "utf-8-sig" and _is_mostly_utf8(content):
                return content.decode(encoding, errors="replace")
    raise BadInput("The file is no text that can be read.", fix="Save it as CSV in UTF-8, or as .xlsx.")


def _is_mostly_utf8(content: bytes) -> bool:
    """Return whether more of the lines with other letters than ASCII are UTF-8 than are not."""
    balance = 0
    for line in content.split(b"\n"):
        if not line.isascii():
            try:
                line.decode()
                balance += 1
            except UnicodeDecodeError:
                balance -= 1
    return balance > 0


def _separator(text: str) -> str:
    """Return the separator by which the first lines have the most columns, equally many in each."""
    if text.startswith("sep=") and len(text) > 4 and text[4] in _SEPARATORS:
        return text[4]
    best, most = ",", (0, 0)
    for separator in _SEPARATORS:
        sample = csv.reader(io.StringIO(text[:20_000], newline=""), delimiter=separator)
        widths = []
        try:
            for cells in sample:
                widths.append(len(cells))
                if len(widths) == 20:
                    break
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            found = (sum(width == widths[0] for width in widths), widths[0])
            if found > most:
                best, most = separator, found
    return best


def _csv_rows(text: str, separator: str) -> list[tuple[int, list[str]]]:
    rows: list[tuple[int, list[str]]] = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), start=1):
            if number == 1 and text.startswith("sep="):
                continue
            rows.append((number, cells))
            if len(rows) > MAX_ROWS + 1:
                break
    except csv.Error as error:
        raise BadInput(
            f"The file is no table: {error} (row {len(rows) + 1}).", fix="Export it again as CSV, or as .xlsx."
        ) from None
    return rows


def _bare(cell: str) -> str:
    """Return the text of a cell, without the mark by which exports keep it from being a formula."""
    return _GUARD.sub("", " ".join(cell.split())[:_MAX_CELL])


def _fault(cell: str) -> Fault | None:
    """Return why a cell's text can't be taken; None if it can."""
    text = cell.strip()
    if text.startswith("=") and len(text) > 1:
        return f"The cell holds a formula ({text[:40]}), not a value.", "Write the value in its place."
    if text in _ERRORS:
        return (
            f"The cell holds the spreadsheet's error {text}.",
            "Correct the formula, or write the value in its place.",
        )
    if "\ufffd" in text:
        return "The cell has letters that can't be read.", "Correct it, and save the file as CSV in UTF-8 or as .xlsx."
    if (garbled := _MOJIBAKE.search(text)) is not None and _as_utf8(garbled[0]):
        fix = f"Write {_as_utf8(text) or 'the text as it should be'}, or save the file as CSV in UTF-8."
        return f"{text[:40]!r} was saved in a wrong encoding.", fix
    if len(text) > _MAX_CELL:
        return f"The text has {len(text):,} characters, more than {_MAX_CELL:,}.", "Shorten it."
    return None


def _faults(cells: list[str]) -> dict[int, Fault]:
    return {at: fault for at, cell in enumerate(cells) if (fault := _fault(cell)) is not None}


def _as_utf8(garbled: str) -> str | None:
    """Return what a text was before its UTF-8 was read as Windows-1252."""
    try:
        return garbled.encode("cp1252").decode()[:40]
    except UnicodeError:
        return None


def _table(rows: list[tuple[int, list[str]]], *, comma_decimals: bool) -> Table:
    filled = [
        Row(number, tuple(_bare(cell) for cell in cells[:_MAX_COLUMNS]), _faults(cells[:_MAX_COLUMNS]))
        for number, cells in rows
        if any(cell.strip() for cell in cells)
    ]
    if len(filled) < 2 or sum(bool(cell) for cell in filled[0].cells) < 1:
        raise BadInput(
            "The file has no rows below its column names.",
            fix="The first row names the columns, each further one is a client.",
        )
    if len(filled) > MAX_ROWS:
        raise BadInput(f"The file has more than {MAX_ROWS:,} rows.", fix="Split it into several files.")
    columns: list[str] = []
    for at, cell in enumerate(filled[0].cells, start=1):
        name = cell or f"Column {at}"
        columns.append(name if name not in columns else f"{name} ({at})")
    return Table(tuple(columns), tuple(filled[1:]), comma_decimals)
