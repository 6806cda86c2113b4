"""Tables in every usual encoding, with every usual separator, and in workbooks."""

from __future__ import annotations

import io
import zipfile

import pytest

from services.common.errors import BadInput
from services.notifier.client_import import table as tables
from services.notifier.client_import import xlsx
from services.notifier.client_import.table import Row, read_table
from tests.crm_exports import as_csv, as_xlsx

COLUMNS = ("name", "organisation")
ROWS = (("Ñandú", "Søn; Partner"), ("Zoë", 'The "Best"'))
EXPECTED = (Row(2, ROWS[0]), Row(3, ROWS[1]))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_text_in_any_usual_encoding_and_separator(encoding: str, separator: str) -> None:
    table = read_table(as_csv(COLUMNS, ROWS, separator).encode(encoding))
    assert (table.columns, table.rows) == (COLUMNS, EXPECTED)
    assert table.comma_decimals is (separator != ",")


def test_single_lines_in_another_encoding_spoil_no_others() -> None:
    content = as_csv(("name",), (("Zoë",), ("Ñandú",), ("Jos@",))).encode().replace(b"@", b"\xe9")
    table = read_table(content)
    assert [row.cells for row in table.rows[:2]] == [("Zoë",), ("Ñandú",)]
    assert [row.number for row in table.rows if row.faults] == [4]


def test_a_workbooks_errors_are_faults_and_a_protected_formula_is_none() -> None:
    content = as_xlsx(("name", "share"), [("'=1+1", 7)])
    sheet = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    parts[sheet] = parts[sheet].replace(b'<c r="B2"><v>7', b'<c r="B2" t="e"><v>#DIV/0!')
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as book:
        for name, part in parts.items():
            book.writestr(name, part)
    (row,) = read_table(written.getvalue()).rows
    assert row.cells == ("=1+1", "#DIV/0!")
    assert list(row.faults) == [1]


def test_a_workbook_gives_texts_numbers_dates_and_flags() -> None:
    content = as_xlsx(
        ("name", "n", "share", "day", "flag", "name"), [("Ada", 7, 0.125, 45000.5, True, "x"), ("", "", "", "", "", "")]
    )
    table = read_table(content)
    assert table.columns == ("name", "n", "share", "day", "flag", "name (6)")
    assert table.rows == (Row(2, ("Ada", "7", "0.125", "2023-03-15", "yes", "x")),)


def test_blank_rows_are_skipped_and_numbers_stay_those_of_the_spreadsheet() -> None:
    table = read_table(b"sep=;\nname;x;\n\nAda;1;\n;;\nBea;2;\n")
    assert table.columns == ("name", "x", "Column 3")
    assert [row.number for row in table.rows] == [4, 6]


def entities() -> bytes:
    return as_xlsx(("a",), [("b",)], before_sheet='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>')


def broken() -> bytes:
    return as_xlsx(("a",), [("b",)])[:-60]


def no_sheet() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as book:
        book.writestr("other.xml", "<a/>")
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"  ", "is empty"),
        (b"name,email\n", "no rows below"),
        (b"\xd0\xcf\x11\xe0old", "old Excel file"),
        (b"\xff\xfe\x00", "no text"),
        (entities(), "no .xlsx file"),
        (broken(), "no .xlsx file"),
        (no_sheet(), "no .xlsx file"),
        (b'name,x\n"' + b"a" * 200_000 + b'",b\n', "no table"),
    ],
)
def test_what_is_no_table_is_refused_with_a_fix(content: bytes, message: str) -> None:
    with pytest.raises(BadInput, match=message) as refused:
        read_table(content)
    assert refused.value.fix


def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", b"<a>" + b" " * 90_000_000 + b"</a>")
    with pytest.raises(BadInput, match="unpacks to more than 80 MB"):
        read_table(written.getvalue())


def workbook(sheet: bytes, **parts: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", b"<worksheet><sheetData>" + sheet + b"</sheetData></worksheet>")
        for name, content in parts.items():
            book.writestr(f"xl/{name}.xml", content)
    return written.getvalue()


def test_a_row_of_millions_of_cells_is_not_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "_MAX_HELD", 1_000)
    rows = b"<row><c><v>1</v></c></row>" * 900
    assert len(read_table(workbook(rows)).rows) == 899
    with pytest.raises(BadInput, match="too many cells") as refused:
        read_table(workbook(b"<row>" + b"<c/>" * 2_000 + b"</row>"))
    assert refused.value.fix


def test_a_day_before_the_calendar_begins_is_no_crash() -> None:
    styles = b'<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>'
    with pytest.raises(BadInput, match=r"no \.xlsx file"):
        read_table(workbook(b'<row><c s="0"><v>-1e12</v></c></row>', styles=styles))


def test_too_many_rows_or_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_ROWS", 3)
    with pytest.raises(BadInput, match="more than 3 rows"):
        read_table(b"name\n" + b"Ada\n" * 9)
    with pytest.raises(BadInput, match="more than 3 rows"):
        read_table(as_xlsx(("name",), [("Ada",)] * 9))
    monkeypatch.setattr(tables, "MAX_BYTES", 3)
    with pytest.raises(BadInput, match="larger than"):
        read_table(b"name\nAda")
