"""Read a table from the bytes of a file: text in any usual encoding and with any usual separator, or XLSX."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from services.common.errors import BadInput
from services.notifier.client_import.xlsx import is_xlsx, read_xlsx

__all__ = ["MAX_BYTES", "MAX_ROWS", "Row", "Table", "read_table"]

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000
_MAX_COLUMNS = 300
_MAX_CELL = 5_000
_SEPARATORS = ",;\t|"
_GUARD = re.compile(r"^'(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Row:
    """A row with content. ``number`` is the one that a spreadsheet shows; the header has 1."""

    number: int
    cells: tuple[str, ...]


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
    """Return the text: UTF-8, UTF-16, or else Windows-1252, which spreadsheets write in western Europe."""
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
            continue
    raise BadInput("The file is no text that can be read.", fix="Save it as CSV in UTF-8, or as .xlsx.")


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


def _table(rows: list[tuple[int, list[str]]], *, comma_decimals: bool) -> Table:
    filled = [
        Row(number, tuple(_bare(cell) for cell in cells[:_MAX_COLUMNS]))
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
