"""Reads the SEC's list of the companies that file with it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.ingest.parse.charset import decode_document
from services.ingest.parse.clean import title_text
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.lenient_json import entries_of, load_json, object_of, text_of
from services.ingest.parse.notes import Notes

__all__ = ["SecCompany", "read_companies"]

_MOST_COMPANIES = 200_000
_HIGHEST_CIK = 9_999_999_999


@dataclass(frozen=True, slots=True)
class SecCompany:
    """A company that files with the SEC, by its number there (CIK). ``name`` is empty if it is not known."""

    cik: int
    name: str
    tickers: tuple[str, ...] = ()


def read_companies(raw: bytes) -> Sequence[SecCompany]:
    """Read the SEC's list of companies; what can't be read of it is left out.

    Raises:
        NotAFeed: it is another document.
    """
    listed = object_of(load_json(decode_document(raw, None, Notes()), "the SEC's list of companies"))
    found: dict[int, SecCompany] = {}
    for entry in entries_of(list(listed.values()), _MOST_COMPANIES):
        cik, ticker = entry.get("cik_str"), text_of(entry.get("ticker"), 20)
        name = title_text(text_of(entry.get("title"), 200))
        if isinstance(cik, bool) or not isinstance(cik, int) or not 0 < cik <= _HIGHEST_CIK or not name:
            continue
        tickers = found[cik].tickers if cik in found else ()
        found[cik] = SecCompany(cik, name, (*tickers, *([ticker.upper()] if ticker else [])))
    if not found:
        raise NotAFeed("The SEC's list of companies has none that can be read.", fix="Try again later.")
    return list(found.values())
