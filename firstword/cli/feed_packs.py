"""``firstword feeds pack``: named sets of official feeds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from firstword.cli.console import out, table, warn
from firstword.cli.operator import log_change
from firstword.cli.options import DataDir
from firstword.compose import common
from firstword.edgar_companies import companies_of, find_companies
from firstword.store import Store
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.ingest.packs.shipped import find_pack, shipped_packs
from services.ingest.parse.sec_companies import SecCompany
from services.ingest.service import ImportResult, IngestService

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="List, show and add sets of official feeds that ship with Firstword.")
#: The set whose feeds depend on the client book.
EDGAR = "edgar"
_EDGAR_TITLE = "SEC filings of the companies in the client book"
Name = Annotated[str, typer.Argument(metavar="NAME", help="A name that 'firstword feeds pack list' shows.")]


@app.command("list")
def list_() -> None:
    """List the sets: regulators, security advisories, statistics offices, and the SEC filings of your companies."""
    rows = [(pack.name, pack.title, str(len(pack.feeds))) for pack in shipped_packs()]
    table(("name", "contains", "feeds"), sorted([*rows, (EDGAR, _EDGAR_TITLE, "one each")]), empty="No packs.")


@app.command("show")
def show(name: Name, data: DataDir = None) -> None:
    """Show the feeds of a set. For 'edgar', these are the ones that 'add' would add now."""
    if name != EDGAR:
        feeds = find_pack(name).feeds
        table(("feed", "address"), [(feed.title or "", feed.url) for feed in feeds], empty="It has no feeds.")
        return
    with common.open_store(read_settings(data=data)) as store:
        found = asyncio.run(_companies(store, common.build_ingest(store), ()))
    table(("company", "CIK"), [(company.name, str(company.cik)) for company in found], empty="It has no feeds.")


@app.command("add")
def add(
    name: Name,
    cik: Annotated[
        list[int] | None,
        typer.Option(metavar="NUMBER", min=1, help="For 'edgar': a company by its number at the SEC. Repeatable."),
    ] = None,
    data: DataDir = None,
) -> None:
    """Add all feeds of a set; those that are watched already stay as they are.

    'edgar' adds the filings of each company in the client book that files with the SEC, found by ticker and name. Run
    it again after the book has changed. It asks the SEC for its list of companies, and needs FIRSTWORD_CONTACT: the
    SEC refuses programs that name no contact.

    **Examples:**

    - `firstword feeds pack add security`
    - `firstword feeds pack add edgar --cik 320193`
    """
    if cik and name != EDGAR:
        raise BadInput("Only the set 'edgar' has companies.", fix="Leave --cik out.")
    with common.open_store(read_settings(data=data)) as store:
        ingest = common.build_ingest(store)
        done = _add_filings(store, ingest, cik or ()) if name == EDGAR else ingest.add_pack(name)
        log_change(store, "feeds.pack", name, f"{len(done.added)} added")
    out.print(f"Feeds: {len(done.added)} added, {len(done.already)} already present.")


def _add_filings(store: Store, ingest: IngestService, ciks: Sequence[int]) -> ImportResult:
    return ingest.add_sec_filings(asyncio.run(_companies(store, ingest, ciks)))


async def _companies(store: Store, ingest: IngestService, ciks: Sequence[int]) -> Sequence[SecCompany]:
    """Return the companies with these numbers, or without any those of the client book, and warn of doubtful ones."""
    if store.settings.contact is None:
        raise BadInput(
            "The SEC refuses programs that name no contact.",
            fix="Set FIRSTWORD_CONTACT to a mail address or a page at which the SEC can reach you.",
        )
    try:
        listed = await ingest.sec_companies()
    finally:
        await ingest.aclose()
    if ciks:
        known = {company.cik: company for company in listed}
        return [known.get(number, SecCompany(number, "")) for number in dict.fromkeys(ciks)]
    book = store.book()
    if book is None:
        raise BadInput("There is no client book.", fix="Import one with 'firstword clients import', or give --cik.")
    found = find_companies(listed, companies_of(book))
    for doubt in found.doubtful:
        warn(doubt)
    return found.companies
