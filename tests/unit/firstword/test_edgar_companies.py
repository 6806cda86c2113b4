"""The companies of the client book are found among those that file with the SEC, by ticker and name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import pytest
from hypothesis import given
from sqlalchemy import Engine

from firstword.edgar_companies import companies_of, find_companies
from schemas.clients import Book, Client, Firm, Query, Watch
from services.common.errors import BadInput, Unreachable
from services.ingest.fetch.fetchers import Response, Validators
from services.ingest.packs.sec_filings import COMPANIES_URL, filings_feed
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.sec_companies import SecCompany, read_companies
from tests.unit.services.ingest.harness import Ingest
from tests.unit.services.ingest.parse.test_edgar import RESULTS, document, filing
from tests.unit.services.ingest.parse.test_kev import json_values

HALDEN = SecCompany(123456, "Halden Industries Inc.", ("HLDN", "HLDN-B"))
LUNDEN = SecCompany(654321, "LUNDEN PLC", ("LDN",))
LISTED = (HALDEN, LUNDEN, SecCompany(7, "Northgate Capital Corp", ("NGC",)), SecCompany(8, "Northgate Capital LLC"))


def watch(name: str, *tickers: str, **given: object) -> Watch:
    return Watch.model_validate({"entity_id": name, "name": name, "kind": "holding", "tickers": tickers} | given)


@pytest.mark.parametrize(
    ("given", "cik"),
    [
        (watch("Halden Industries", "HLDN"), 123456),
        (watch("Halden", "NASDAQ:HLDN"), 123456),
        (watch("Halden", "HLDN.B"), 123456),
        (watch("Lunden plc"), 654321),
        (watch("The people of the harbour", "LDN", cik="123456"), 123456),
        (watch("Not listed", cik="77"), 77),
        (watch("The Lunden people", aliases=("Lunden",)), 654321),
    ],
)
def test_a_company_is_found_by_ticker_and_name_or_by_its_name(given: Watch, cik: int) -> None:
    found = find_companies(LISTED, [given])
    assert ([company.cik for company in found.companies], found.doubtful) == ([cik], ())


@pytest.mark.parametrize(
    ("given", "doubt"),
    [
        (watch("Industries of Halden", "HLDN"), "is that of Halden Industries Inc. at the SEC"),
        (watch("Harbour Foods", "LDN"), "Harbour Foods: its ticker LDN is that of LUNDEN PLC at the SEC."),
        (watch("Northgate Capital"), "several companies at the SEC have this name"),
    ],
)
def test_a_doubtful_company_is_named_and_not_added(given: Watch, doubt: str) -> None:
    found = find_companies(LISTED, [given])
    assert found.companies == ()
    assert doubt in found.doubtful[0]
    assert "cik: " in found.doubtful[0]


def test_who_does_not_file_is_left_out_in_silence() -> None:
    assert find_companies(LISTED, [watch("Bergen Paper", "BGP")]) == find_companies(LISTED, [])


def test_only_companies_of_the_book_count_each_once() -> None:
    client = Client(
        id="claire",
        name="Claire Arnaud",
        manager_id="ada",
        trade="wealth",
        assets=(watch("Halden"), watch("Gateway", kind="product")),
        interests=(
            watch("Halden"),
            watch("Lunden", kind="competitor"),
            watch("Port news", query=Query(any_of=("port",))),
        ),
    )
    book = Book(firm=Firm(name="Northgate"), clients=(client,))
    assert [watch.name for watch in companies_of(book)] == ["Halden", "Lunden"]


def listed(*entries: object) -> bytes:
    return json.dumps({str(number): entry for number, entry in enumerate(entries)}).encode()


def test_the_secs_list_is_read_leniently() -> None:
    good = [
        {"cik_str": 123456, "ticker": "HLDN", "title": "Halden Industries Inc."},
        {"cik_str": 123456, "ticker": "hldn-b", "title": "Halden Industries Inc."},
    ]
    odd: list[object] = [
        None,
        [],
        {"cik_str": "7", "title": "x"},
        {"cik_str": True, "title": "x"},
        {"cik_str": -1, "title": "x"},
    ]
    odd.append({"cik_str": 10**12, "title": "x"})
    assert read_companies(listed(*odd, *good, {"cik_str": 9, "title": {}})) == [HALDEN]
    for raw in (b"[]", b"{}", listed(*odd), b"<html>", b'{"a": ' + b"[" * 100_000):
        with pytest.raises(NotAFeed):
            read_companies(raw)


@given(json_values)
def test_any_entry_costs_no_other(value: object) -> None:
    read = read_companies(listed(value, {"cik_str": 123456, "ticker": None, "title": "Halden"}))
    assert SecCompany(123456, "Halden") in read


class Sec:
    """The SEC's servers."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.asked: list[str] = []

    async def fetch(
        self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
    ) -> Response:
        self.asked.append(url)
        if url == COMPANIES_URL:
            return Response(self.status, url, listed({"cik_str": 123456, "ticker": "HLDN", "title": "Halden Inc."}))
        return Response(200, url, document(filing(items=RESULTS)))

    async def aclose(self) -> None:
        """Do nothing."""


async def test_the_filings_of_a_company_are_a_feed_like_any_other(database: Engine) -> None:
    sec = Sec()
    ingest = Ingest(database, sec)
    companies = await ingest.service.sec_companies()
    done = ingest.service.add_sec_filings([*companies, SecCompany(9, "")])
    assert [feed.title for feed in done.added] == ["Halden Inc.: SEC filings", None]
    assert ingest.service.add_sec_filings(companies).added == ()
    result = await ingest.poll(done.added[0].id)
    assert (result.new, result.health.status) == (1, "ok")
    item = ingest.items()[0].item
    assert item.title == "Halden Industries Inc publishes its results (SEC form 8-K, item 2.02)"
    assert item.source.feed_url == filings_feed(companies[0]).url
    assert "CIK=0000123456&" in sec.asked[-1]
    assert (await ingest.poll(done.added[0].id)).outcome.kind == "not_modified"


async def test_a_refusal_of_the_sec_says_what_to_do(database: Engine) -> None:
    ingest = Ingest(database, Sec(403))
    with pytest.raises(Unreachable, match="403") as caught:
        await ingest.service.sec_companies()
    assert "FIRSTWORD_CONTACT" in (caught.value.fix or "")
    assert not isinstance(caught.value, BadInput)
