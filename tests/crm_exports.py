"""Exports of clients as other programs write them, with ten kinds of faulty rows, and workbooks to put them in."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

__all__ = ["CONTACT_EXPORTS", "FAULTS", "HOLDINGS", "as_csv", "as_xlsx", "contact_export"]

#: The columns of each program, by what they hold. The last five are custom fields that a firm adds.
CONTACT_EXPORTS: dict[str, dict[str, str]] = {
    "salesforce": {
        "id": "Contact ID", "first": "First Name", "last": "Last Name", "company": "Account Name", "email": "Email",
        "phone": "Phone", "owner": "Contact Owner", "other": "Mailing Country",
    },
    "hubspot": {
        "id": "Record ID", "first": "First Name", "last": "Last Name", "company": "Associated Company",
        "email": "Email", "phone": "Phone Number", "owner": "Contact owner", "other": "Lifecycle Stage",
    },
    "zoho": {
        "id": "Record Id", "first": "First Name", "last": "Last Name", "company": "Account Name", "email": "Email",
        "phone": "Phone", "owner": "Contact Owner", "other": "Email Opt Out",
    },
    "pipedrive": {
        "id": "Person - ID", "name": "Person - Name", "company": "Person - Organization",
        "email": "Person - Email - Work", "phone": "Person - Phone - Work", "owner": "Person - Owner",
        "other": "Person - Label",
    },
    "plain": {
        "id": "id", "name": "name", "company": "organisation", "email": "email", "phone": "phone", "owner": "manager",
    },
}  # fmt: skip
_CUSTOM = {
    "zone": "Time zone", "language": "Language", "risk": "Risk tolerance", "limit": "Messages per week",
    "quiet": "Quiet hours", "note": "Notes", "day": "Note date",
}  # fmt: skip
GOOD: tuple[dict[str, str], ...] = (
    {"id": "p-1", "first": "Ada", "last": "Lovell", "company": "Lovell & Søn; Partner", "email": "ada@lovell.example",
     "phone": "+44 20 7946 0000", "owner": "mara", "zone": "Europe/London", "language": "en-GB", "risk": "Limited"},
    {"id": "p-2", "first": "José", "last": "Ñandú", "company": "Ñandú", "email": "jose@nandu.example",
     "owner": "June Okafor"},
    {"id": "", "first": "Claire", "last": "Arnaud", "email": "CLAIRE@arnaud.example", "owner": "mara", "limit": "2"},
)  # fmt: skip
#: A faulty row of each kind: what it holds, the field that the problem is in, and a part of its message.
FAULTS: tuple[tuple[dict[str, str], str, str], ...] = (
    ({"id": "f-1", "email": "nobody@x.example"}, "last", "names no client"),
    ({"id": "f-2", "last": "Mail", "email": "not an address"}, "email", "not a valid email address"),
    ({"id": "p-1", "last": "Again"}, "id", "has the same id"),
    ({"id": "f-4", "last": "Twin", "email": "ada@lovell.example"}, "email", "has the same email address"),
    ({"id": "f-5", "last": "Owned", "owner": "Nobody Here"}, "owner", "no account manager 'Nobody Here'"),
    ({"id": "f/6", "last": "Slash"}, "id", "can't be an id"),
    ({"id": "f-7", "last": "Zone", "zone": "Mars/Phobos"}, "zone", "no time zone"),
    ({"id": "f-8", "last": "Risky", "risk": "reckless"}, "risk", "not a valid risk"),
    ({"id": "f-9", "last": "Often", "limit": "many"}, "limit", "not a whole number"),
    ({"id": "silent", "last": "Archived"}, "id", "is archived"),
)  # fmt: skip
_MORE_FAULTS: tuple[tuple[dict[str, str], str, str], ...] = (
    ({"id": "f-11", "last": "Hours", "quiet": "late"}, "quiet", "not a range of hours"),
    ({"id": "f-12", "last": "Tongue", "language": "english!"}, "language", "not a valid language tag"),
    ({"id": "f-13", "last": "Day", "note": "Met", "day": "31/02/2026"}, "day", "not a valid date"),
    ({"id": "f-14", "last": "Below", "limit": "-1"}, "limit", "not a whole number"),
    ({"id": "f-15", "last": "Comma", "limit": "2,5"}, "limit", "not a whole number"),
    ({"id": "f-16", "last": "n" * 300}, "last", "has 300 characters"),
    ({"id": "f-17", "last": "JosÃ©"}, "last", "wrong encoding"),
    ({"id": "f-18", "last": "=A1+B1"}, "last", "holds a formula"),
    ({"id": "f-19", "last": "Error", "company": "#REF!"}, "company", "error #REF!"),
    ({"id": "f-20", "last": "moved@x.example"}, "last", "may have moved"),
)
#: A custodian's holdings: two clients in the book, an unknown one, and faults.
HOLDINGS = (
    ("Account Number", "Security Name", "ISIN", "Ticker", "Quantity", "Market Value", "Currency", "Weight"),
    ("claire-arnaud", "Halden Energy", "", "HLDN", "100", "75.000,00", "EUR"),
    ("claire-arnaud", "Apple Inc.", "US0378331005", "AAPL", "10", "25.000,00", "EUR"),
    ("wolfe", "Corvane Pharma", "", "", "5", "1.000,00", "EUR"),
    ("brightwater", "Meridia Bank", "US0378331006", "", "1", "5,00", "EUR"),
    ("nobody", "Halden Energy", "", "HLDN", "1", "5,00", "EUR"),
    ("yusuf", "Halden Energy", "", "HLDN", "1", "a lot", "EUR"),
    ("yusuf", "Corvane Pharma", "", "", "1", "", "EUR", "-5%"),
    ("yusuf", "Estmere Group", "", "", "1", "", "EUR", "1.234,5"),
    ("yusuf", "", "", "", "1", "12,00", "EUR"),
    ("formula", "=A2", "", "", "1", "12,00", "EUR"),
    ("error", "Halden Energy", "#N/A", "", "1", "12,00", "EUR"),
    ("long", "n" * 300, "", "", "1", "12,00", "EUR"),
    ("encoding", "SociÃ©tÃ© Halden", "", "", "1", "12,00", "EUR"),
    ("shifted", "Halden Energy", "", "HLDN", "1", "12,00", "EUR", "5%", "5"),
)


def contact_export(program: str) -> tuple[list[str], list[list[str]], list[tuple[int, str, str]]]:
    """Return the columns and rows of an export, and the place and message of each problem in it."""
    places = {**CONTACT_EXPORTS[program], **_CUSTOM}
    columns = list(places.values())
    problems: list[tuple[int, str, str]] = []
    rows = [_row(good, places) for good in GOOD]
    for fault, field, message in (*FAULTS, *_MORE_FAULTS):
        rows.append(_row({"owner": "mara", **fault}, places))
        column = places["name" if field == "last" and "name" in places else field]
        problems.append((len(rows) + 1, column, message))
    return columns, rows, problems


def _row(values: Mapping[str, str], places: Mapping[str, str]) -> list[str]:
    full = {**values, "name": " ".join(part for part in (values.get("first"), values.get("last")) if part)}
    return [full.get(field, "") for field in places]


def as_csv(columns: Sequence[str], rows: Sequence[Sequence[str]], separator: str = ",") -> str:
    """Return a table as CSV."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=separator)
    writer.writerows([columns, *rows])
    return written.getvalue()


def as_xlsx(columns: Sequence[str], rows: Sequence[Sequence[object]], *, before_sheet: str = "") -> bytes:
    """Return a table as a workbook: texts shared, numbers as numbers, floats ending in .5 as dates."""
    strings: dict[str, int] = {}
    lines = []
    for number, cells in enumerate([columns, *rows], start=1):
        parts = []
        for at, cell in enumerate(cells):
            if cell in ("", None):
                continue
            place = f'r="{chr(65 + at)}{number}"'
            if isinstance(cell, str):
                index = strings.setdefault(cell, len(strings))
                parts.append(f'<c {place} t="s"><v>{index}</v></c>')
            elif isinstance(cell, bool):
                parts.append(f'<c {place} t="b"><v>{int(cell)}</v></c>')
            else:
                style = ' s="1"' if isinstance(cell, float) and cell % 1 == 0.5 else ""
                parts.append(f"<c {place}{style}><v>{cell}</v></c>")
        lines.append(f'<row r="{number}">{"".join(parts)}</row>')
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as book:
        items = "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
        book.writestr("xl/sharedStrings.xml", f"<sst {main}>{items}</sst>")
        formats = '<numFmts><numFmt numFmtId="170" formatCode="dd/mm/yyyy"/></numFmts>'
        styles = f'{formats}<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs>'
        book.writestr("xl/styles.xml", f"<styleSheet {main}>{styles}</styleSheet>")
        sheet = f"{before_sheet}<worksheet {main}><sheetData>{''.join(lines)}</sheetData></worksheet>"
        book.writestr("xl/worksheets/sheet1.xml", sheet)
    return written.getvalue()
