"""Out of a file, into a database: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import IO, NamedTuple

from firstword.store import Store
from firstword.transfer.archive import Advance, Footer, Header, Row, Tally, read_rows, tally
from firstword.transfer.client_records import Told
from firstword.transfer.installation import sections
from firstword.transfer.rows import CHUNK
from services.common.db import exclusive
from services.common.errors import BadInput, FirstwordError

__all__ = ["Arrived", "NotTheSame", "import_"]


class NotTheSame(FirstwordError):
    """What was written is not what the file says; nothing was kept."""


class Arrived(NamedTuple):
    """Of one section: how many rows the file has, how many were new here, and how many are here now."""

    section: str
    given: int
    added: int
    here: int


def import_(
    store: Store,
    file: IO[bytes],
    name: str,
    checked: tuple[Header, Footer],
    *,
    merge: bool = False,
    advance: Advance = lambda _section, _rows: None,
) -> list[Arrived]:
    """Write a file that was ``checked`` (:func:`firstword.transfer.archive.check`), in one transaction.

    An empty database must have the file's counts and hashes afterwards. With ``merge``, what is there stays as it is,
    and what it lacks is added; the same file again adds nothing.

    Raises:
        BadInput: the database is not empty, and ``merge`` was not said; or the file needs a later version.
        NotTheSame: what was written reads otherwise; it was taken back.
    """
    header, footer = checked
    with store.engine.begin() as connection:
        exclusive(connection, "book")
        parts = {
            part.name: part
            for part in sections(
                store, header.made_at, heard_until=header.heard_until, with_secrets=header.with_secrets
            )
        }
        if unknown := footer.sections.keys() - parts.keys():
            raise BadInput(
                f"{name}: this version knows nothing of {', '.join(sorted(unknown))}.",
                fix=f"Update Firstword to {header.version}.",
            )
        full = [part.name for part in parts.values() if not part.is_empty(connection)]
        if full and not merge:
            raise BadInput(
                f"There is something here already: {', '.join(full[:4])}{' …' if len(full) > 4 else ''}.",
                fix="Import into an empty folder or database, or say --merge: what is here stays, the rest is added.",
            )
        added = dict.fromkeys(parts, 0)
        for section, rows in _chunks(read_rows(file, name)):
            added[section] += parts[section].add(connection, rows)
            advance(section, len(rows))
        here = {part.name: tally(part.rows(connection)) for part in parts.values()}
        if not full:
            _same(footer, here)
        Told(header.heard_until).hush(connection, store.events)
    given = {section: footer.sections[section].rows if section in footer.sections else 0 for section in parts}
    return [Arrived(section, given[section], added[section], here[section].rows) for section in parts]


def _chunks(rows: Iterator[tuple[str, Row]]) -> Iterator[tuple[str, Sequence[Row]]]:
    """Rows of one section together, at most ``CHUNK`` of them."""
    current, chunk = "", list[Row]()
    for section, row in rows:
        if chunk and (section != current or len(chunk) == CHUNK):
            yield current, chunk
            chunk = []
        current = section
        chunk.append(row)
    if chunk:
        yield current, chunk


def _same(footer: Footer, here: Mapping[str, Tally]) -> None:
    for section, said in footer.sections.items():
        found = here[section]
        if found != said:
            raise NotTheSame(
                f"{section}: {found.rows} rows ({found.hash}) are here where the file has {said.rows} ({said.hash}). "
                "Nothing was kept.",
                fix="This is a mistake of ours; the file and the database are as they were.",
            )
