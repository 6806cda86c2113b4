"""Finds the companies of the client book among those that file with the SEC. Pure.

A number (CIK) that stands in the book decides. A ticker alone proves nothing: the same letters stand for another
company at another exchange. So the names must agree as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from firstword.book.identity import bare_name
from schemas.clients import Book, Watch
from services.ingest.parse.sec_companies import SecCompany

__all__ = ["FoundCompanies", "companies_of", "find_companies"]

_KINDS = frozenset(("holding", "supplier", "contract", "competitor"))


@dataclass(frozen=True, slots=True)
class FoundCompanies:
    """The companies that were found, and a sentence for each that is doubtful."""

    companies: tuple[SecCompany, ...]
    doubtful: tuple[str, ...]


def companies_of(book: Book) -> Sequence[Watch]:
    """Return the companies that clients own, use or follow, each entity once."""
    watches = [watch for client in book.clients for watch in (*client.assets, *client.interests)]
    return list({watch.entity_id: watch for watch in watches if watch.kind in _KINDS and not watch.query}.values())


def find_companies(listed: Sequence[SecCompany], watches: Iterable[Watch]) -> FoundCompanies:
    """Return the companies of ``listed`` that ``watches`` mean: by number, by ticker and name, or by the same name.

    A company with a number in the book need not be listed: the list has only those with a ticker.
    """
    by_number = {company.cik: company for company in listed}
    by_ticker = {_ticker(ticker): company for company in listed for ticker in company.tickers}
    by_name: defaultdict[str, list[SecCompany]] = defaultdict(list)
    for company in listed:
        by_name[bare_name(company.name)].append(company)
    found: dict[int, SecCompany] = {}
    doubtful: list[str] = []
    for watch in watches:
        if watch.cik is not None:
            number = int(watch.cik)
            found[number] = by_number.get(number, SecCompany(number, watch.name))
            continue
        names = [watch.name, *watch.aliases]
        ticked = [by_ticker[ticker] for name in watch.tickers if (ticker := _ticker(name)) in by_ticker]
        agreed = [company for company in ticked if _agree(company.name, names)]
        named = [company for name in names for company in by_name.get(bare_name(name), [])]
        same = list({company.cik: company for company in agreed or named}.values())
        if len(same) == 1:
            found[same[0].cik] = same[0]
        elif same:
            choices = ", ".join(f"{company.name} (cik: {company.cik})" for company in same[:5])
            doubtful.append(
                f"{watch.name}: several companies at the SEC have this name: {choices}. "
                "Write the right number into the client book."
            )
        elif ticked:
            other = ticked[0]
            doubtful.append(
                f"{watch.name}: its ticker {', '.join(watch.tickers)} is that of {other.name} at the SEC. "
                f"If that is the same company, write cik: {other.cik} into the client book."
            )
    return FoundCompanies(tuple(found.values()), tuple(doubtful))


def _ticker(ticker: str) -> str:
    """Return a US ticker as the SEC writes it: "NYSE:BRK.B" and "BRK/B" are BRK-B."""
    return ticker.upper().rpartition(":")[2].replace(".", "-").replace("/", "-")


def _agree(name: str, others: Iterable[str]) -> bool:
    """Return whether one of ``others`` begins as ``name`` does."""
    return any(_beginning(other) == _beginning(name) for other in others)


def _beginning(name: str) -> str:
    return bare_name(name).removeprefix("the ").partition(" ")[0]
