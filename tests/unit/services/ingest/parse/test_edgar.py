"""Filings in feeds of the SEC's EDGAR get titles that say who filed what."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

import pytest

from schemas.items import Filer
from services.ingest.parse.feed import ParsedFeed, parse_feed
from services.ingest.parse.item_lines import dump_item, read_items

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
URL = "https://www.sec.gov/cgi-bin/browse-edgar?action=getcompany&CIK=0000123456&output=atom"
NUMBER = "0000123456-26-000012"


def filing(title: str = "8-K  - Current report", number: str = NUMBER, items: str = "", described: str = "") -> str:
    summary = f" <b>Filed:</b> 2026-03-04 <b>AccNo:</b> {number} <b>Size:</b> 1 MB<br>{items}"
    page = f"https://www.sec.gov/Archives/edgar/data/123456/{number}-index.htm"
    return (
        f'<entry><category label="form type" scheme="https://www.sec.gov/" term="{escape(title.partition(" - ")[0])}"/>'
        f'<content type="text/xml"><accession-number>{number}</accession-number><filing-date>2026-03-04</filing-date>'
        f"<filing-href>{page}</filing-href><items-desc>{described}</items-desc><size>1 MB</size></content>"
        f"<id>urn:tag:sec.gov,2008:accession-number={number}</id>"
        f'<link href="{page}" rel="alternate" type="text/html"/><summary type="html">{escape(summary)}</summary>'
        f"<title>{escape(title)}</title><updated>2026-03-04T06:30:12-05:00</updated></entry>"
    )


def document(*entries: str, title: str = "HALDEN INDUSTRIES INC /DE/  (0000123456)") -> bytes:
    text = (
        '<?xml version="1.0" encoding="ISO-8859-1" ?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<author><name>Webmaster</name></author><company-info><cik>0000123456</cik></company-info>{''.join(entries)}"
        f"<title>{escape(title)}</title><updated>2026-03-04T06:30:12-05:00</updated></feed>"
    )
    return text.encode("latin-1")


def parse(*entries: str, title: str = "HALDEN INDUSTRIES INC /DE/  (0000123456)") -> ParsedFeed:
    return parse_feed(document(*entries, title=title), feed_url=URL, fetched_at=NOW)


def title(entry: str, **given: str) -> str:
    (found,) = parse(entry, **given).items
    return found.item.title


RESULTS = "Item 2.02: Results of Operations and Financial Condition<br>Item 9.01: Financial Statements and Exhibits"


def test_a_filing_says_who_filed_what_and_when() -> None:
    parsed = parse(filing(items=RESULTS))
    (found,) = parsed.items
    assert (parsed.title, parsed.format) == ("Halden Industries Inc: SEC filings", "EDGAR, Atom 1.0")
    assert found.item.title == "Halden Industries Inc publishes its results (SEC form 8-K, item 2.02)"
    assert found.item.updated_at == datetime(2026, 3, 4, 11, 30, 12, tzinfo=UTC)
    assert found.item.categories == ("8-K", "2.02")
    assert (found.item.source.publisher, found.item.source.host) == ("SEC EDGAR", "sec.gov")
    assert "Results of Operations and Financial Condition" in (found.item.summary or "")
    assert found.item.url == f"https://www.sec.gov/Archives/edgar/data/123456/{NUMBER}-index.htm"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            filing(items="Item 1.03: Bankruptcy or Receivership"),
            "Halden Industries Inc is in bankruptcy or receivership (SEC form 8-K, item 1.03)",
        ),
        (
            filing(described="items 1.01, 5.02and9.01"),
            "Halden Industries Inc enters into a material agreement and reports a change of directors or senior "
            "officers (SEC form 8-K, items 1.01, 5.02)",
        ),
        (filing(), "Halden Industries Inc publishes a current report (SEC form 8-K)"),
        (filing("10-Q - Quarterly report"), "Halden Industries Inc files its quarterly report (SEC form 10-Q)"),
        (filing("SC TO-T - Tender offer"), "Halden Industries Inc gets a tender offer (SEC form SC TO-T)"),
        (
            filing("8-K/A  - Current report", items=RESULTS),
            "Halden Industries Inc amends an earlier filing and publishes its results (SEC form 8-K/A, item 2.02)",
        ),
        (filing("N-CSR - Certified report"), "Halden Industries Inc files form N-CSR (SEC form N-CSR)"),
        (filing(items="Item 12.02: x<br>Item 99.99: y"), "Halden Industries Inc publishes a current report"),
    ],
)
def test_form_and_items_become_a_sentence(entry: str, expected: str) -> None:
    assert title(entry).startswith(expected)


def test_a_filing_names_its_company_by_number_if_the_sec_says_so() -> None:
    (found,) = parse(filing(items=RESULTS)).items
    assert found.item.filers == (Filer(name="Halden Industries Inc", cik="123456"),)
    assert list(read_items([dump_item(found.item)], "lines")) == [found.item]
    latest = filing("8-K - Lunden plc (0000654321) (Filer)", items=RESULTS)
    (found,) = parse(latest, title="Latest Filings").items
    assert found.item.filers == (Filer(name="Lunden plc", cik="654321"),)
    for other in ("https://feeds.example/edgar", "https://sec.gov.example/feed", "https://notsec.gov/feed"):
        (found,) = parse_feed(document(filing(items=RESULTS)), feed_url=other, fetched_at=NOW).items
        assert (found.item.title[:21], found.item.filers) == ("Halden Industries Inc", ())


def test_a_feed_of_all_companies_names_each() -> None:
    entries = (filing("8-K - Lunden plc (0000654321) (Filer)", items=RESULTS), filing("8-K", "0000123456-26-000013"))
    parsed = parse(*entries, title="Latest Filings - Wed, 04 Mar 2026 12:00:00 EST")
    assert [found.item.title for found in parsed.items] == [
        "Lunden plc publishes its results (SEC form 8-K, item 2.02)",
        "8-K",
    ]


def test_filings_of_routine_become_no_items() -> None:
    parsed = parse(*(filing("424B2 - Prospectus", f"0000123456-26-0001{number}") for number in range(10, 40)), filing())
    assert len(parsed.items) == 1
    assert parsed.warnings == ("Filings of routine were left out (30 times, first: '424B2')",)
    assert parse(filing("FWP - Filing under securities act rules 163/433")).items == ()


def test_names_keep_what_belongs_in_capitals() -> None:
    entry = filing("10-K - Annual report")
    assert title(entry, title="AT&T INC. (0000123456)").startswith("AT&T Inc. files")
    assert title(entry, title="Apple Inc. (0000123456)").startswith("Apple Inc. files")


def test_hostile_texts_are_texts() -> None:
    text = title(filing(items=RESULTS), title="<b>HALDEN</b> <script>x()</script>INC  (0000123456)")
    assert text.startswith("Halden Inc publishes")
    long = "Item 2.02: x " * 20_000
    assert len(title(filing(items=long))) < 200
    assert len(title(filing(described="items " + "1.01, " * 20_000))) < 200


def test_another_feed_that_looks_like_it_stays_as_it_is() -> None:
    raw = (
        b'<rss version="2.0"><channel><title>A (0000123456)</title><item><title>8-K - x</title></item></channel></rss>'
    )
    assert parse_feed(raw, feed_url=URL, fetched_at=NOW).items[0].item.title == "8-K - x"
