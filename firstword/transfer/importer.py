"""Import a file into a database, completely or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import IO, NamedTuple

from firstword.store import Store
from firstword.transfer.archive import Advance, Footer, Header, Row, SectionSummary, read_rows, summarize
from firstword.transfer.client_records import ClientRecords
from firstword.transfer.rows import CHUNK
from firstword.transfer.sections import sections
from services.common.db import exclusive
from services.common.errors import BadInput, FirstwordError
from services.notifier.event_views.store import rebuild as rebuild_event_views
from services.notifier.search.index import rebuild as rebuild_search

__all__ = ["ImportMismatch", "ImportedSection", "import_installation"]


class ImportMismatch(FirstwordError):
    """The database's contents differ from the file's after the import, which was rolled back."""


class ImportedSection(NamedTuple):
    """A section's number of rows: in the file, added by the import, and in the database now."""

    name: str
    in_file: int
    added: int
    total: int


def import_installation(
    store: Store,
    file: IO[bytes],
    name: str,
    checked: tuple[Header, Footer],
    *,
    merge: bool = False,
    advance: Advance = lambda _section, _rows: None,
) -> list[ImportedSection]:
    """Import a file that :func:`firstword.transfer.archive.check_archive` has checked, in one transaction.

    Afterwards, a database that was empty must have the file's counts and hashes. With ``merge``, existing rows stay
    unchanged and missing ones are added; importing the same file again adds nothing.

    Raises:
        BadInput: the database is not empty and ``merge`` is not set, or the file needs a later version of Firstword.
        ImportMismatch: the imported data differs from the file; everything was rolled back.
    """
    header, footer = checked
    with store.engine.begin() as connection:
        exclusive(connection, "book")
        answered_until = header.answered_until
        parts = sections(store, header.made_at, answered_until=answered_until, with_secrets=header.with_secrets)
        by_name = {part.name: part for part in parts}
        if unknown := footer.sections.keys() - by_name.keys():
            raise BadInput(
                f"{name}: this version doesn't know the sections {', '.join(sorted(unknown))}.",
                fix=f"Update Firstword to {header.version}.",
            )
        full = [part.name for part in parts if not part.is_empty(connection)]
        if full and not merge:
            raise BadInput(
                f"The target is not empty; it has {', '.join(full[:4])}{' …' if len(full) > 4 else ''}.",
                fix="Import into an empty folder or database, or use --merge, which keeps its data and adds the rest.",
            )
        added = dict.fromkeys(by_name, 0)
        records, told = ClientRecords(answered_until), list[Row]()
        for section, rows in _chunks(read_rows(file, name)):
            added[section] += by_name[section].add(connection, rows)
            if section == records.name:
                told += [records.rewrite(row) for row in rows]
            advance(section, len(rows))
        found = {part.name: summarize(part.rows(connection)) for part in parts}
        if not full:
            in_this_version = {records.name: summarize(told)} if records.name in footer.sections else {}
            _require_same({**footer.sections, **in_this_version}, found)
        rebuild_event_views(connection)
        rebuild_search(connection)
        records.mark_answered(connection, store.events)
    in_file = {section: footer.sections[section].rows if section in footer.sections else 0 for section in by_name}
    return [ImportedSection(section, in_file[section], added[section], found[section].rows) for section in by_name]


def _chunks(rows: Iterator[tuple[str, Row]]) -> Iterator[tuple[str, Sequence[Row]]]:
    """Group consecutive rows of the same section, at most ``CHUNK`` together."""
    current, chunk = "", list[Row]()
    for section, row in rows:
        if chunk and (section != current or len(chunk) == CHUNK):
            yield current, chunk
            chunk = []
        current = section
        chunk.append(row)
    if chunk:
        yield current, chunk


def _require_same(wanted: Mapping[str, SectionSummary], found: Mapping[str, SectionSummary]) -> None:
    for section, expected in wanted.items():
        actual = found[section]
        if actual != expected:
            raise ImportMismatch(
                f"{section}: the database has {actual.rows} rows ({actual.hash}) after the import, and the file has "
                f"{expected.rows} ({expected.hash}). Nothing was imported.",
                fix="This is a bug in Firstword; please report it. The file and the database are unchanged.",
            )
