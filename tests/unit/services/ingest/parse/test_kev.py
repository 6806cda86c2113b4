"""CISA's catalog becomes a feed: each vulnerability an item that says that it is exploited."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import ParsedFeed, parse_feed
from services.matcher.reading.model.encoding import PairText
from services.matcher.reading.significance import default_significance_rules
from tests.unit.services.ingest.advisory_documents import encoded, kev, kev_entry
from tests.unit.services.matcher.readings import reading

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
URL = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def parse(document: object) -> ParsedFeed:
    return parse_feed(encoded(document), feed_url=URL, fetched_at=NOW)


def test_an_entry_says_what_is_exploited_what_to_do_and_until_when() -> None:
    parsed = parse(kev(kev_entry()))
    (found,) = parsed.items
    assert (parsed.format, found.guid) == ("CISA KEV catalog", "CVE-2026-10001")
    item = found.item
    assert item.title == "Halden Gateway Authentication Bypass vulnerability is actively exploited (CVE-2026-10001)"
    assert item.summary == "Halden Gateway lets anybody sign in without a password."
    assert item.body == (
        "CISA lists CVE-2026-10001 as a known exploited vulnerability: it is already exploited. It affects Halden "
        "Gateway. US federal agencies must act by 2026-03-25.\n\n"
        "Required action: Apply mitigations per vendor instructions.\n\n"
        "It is known to be used in ransomware campaigns."
    )
    assert (item.published_at, item.dated) == (datetime(2026, 3, 4, tzinfo=UTC), "assumed_zone")
    assert item.categories == ("CVE-2026-10001", "CWE-287")
    assert item.url == "https://www.cisa.gov/known-exploited-vulnerabilities-catalog?field_cve=CVE-2026-10001"


def test_the_rules_of_significance_see_that_it_is_exploited() -> None:
    (found,) = parse(kev(kev_entry())).items
    pair = PairText(found.item.title, found.item.summary or "", "CISA", "Halden Gateway", "product")
    size = default_significance_rules().find(pair, reading(role="object", kind="vulnerability"))
    assert size is not None
    assert (size.size, size.why) == ("major", "Attackers already use the flaw: “actively exploited”.")


def test_product_and_flaw_are_named_once_each() -> None:
    entry = kev_entry(vendorProject="Halden", product="Halden Gateway and Console", vulnerabilityName="Path Traversal")
    assert parse(kev(entry)).items[0].item.title.startswith("Halden Gateway and Console: Path Traversal vulnerability ")
    entry = kev_entry(vulnerabilityName=None, product=None)
    assert parse(kev(entry)).items[0].item.title == "Halden vulnerability is actively exploited (CVE-2026-10001)"


def test_a_withdrawn_number_is_not_said_to_be_exploited() -> None:
    (found,) = parse(kev(kev_entry(vulnerabilityName="** REJECT ** Halden Gateway Flaw"))).items
    assert "was withdrawn" in found.item.title
    assert "exploited" not in found.item.title + (found.item.body or "")


def test_any_order_gives_the_same_items_newest_first() -> None:
    entries = [kev_entry(f"CVE-2026-{number}", f"2026-02-{number % 28 + 1:02}") for number in range(10_000, 10_060)]
    expected = parse(kev(*entries)).items
    assert expected[0].item.published_at == datetime(2026, 2, 28, tzinfo=UTC)
    assert parse(kev(*reversed(entries))).items == expected
    assert parse(kev(*entries[1::2], *entries[::2])).items == expected
    document = dict(reversed(kev(*entries).items()))
    assert parse(document).items == expected


def test_a_revised_entry_keeps_its_id_and_its_fingerprint_changes() -> None:
    (before,), (after,) = parse(kev(kev_entry())).items, parse(kev(kev_entry(dueDate="2026-03-11"))).items
    assert before.item.id == after.item.id
    assert before.fingerprint != after.fingerprint


def test_wrong_types_and_missing_fields_cost_no_other_entry() -> None:
    odd: list[object] = [
        None,
        7,
        [],
        {},
        {"cveID": 5},
        {"cveID": "CVE-26-1"},
        {"cveID": "CVE-2026-20001", "product": {"a": [1]}},
    ]
    markup = kev_entry("CVE-2026-20002", product="<script>alert(1)</script>Gate<b>way</b>", shortDescription="<p>a</p>")
    parsed = parse(kev(*odd, markup))
    assert [found.guid for found in parsed.items] == ["CVE-2026-20002", "CVE-2026-20001"]
    assert parsed.items[1].item.title == "A flaw vulnerability is actively exploited (CVE-2026-20001)"
    assert "<" not in parsed.items[0].item.text()
    assert "alert" not in parsed.items[0].item.text()
    assert "Entries without a CVE number were left out: 6" in parsed.warnings


@pytest.mark.parametrize(
    "raw", [encoded(kev(kev_entry()))[:-40], b'{"catalogVersion": 1, "vulnerabilities": ' + b"[" * 9999]
)
def test_a_catalog_that_is_cut_off_or_nests_without_end_is_no_feed(raw: bytes) -> None:
    with pytest.raises(NotAFeed):
        parse_feed(raw, feed_url=URL, fetched_at=NOW)


@pytest.mark.slow
def test_more_entries_than_any_feed_may_have_are_bounded_by_the_newest() -> None:
    many = [kev_entry(f"CVE-2020-{number}", "2020-01-01") for number in range(10_000, 15_001)]
    parsed = parse(kev(*many, kev_entry("CVE-2026-99999")))
    assert (len(parsed.items), parsed.items[0].guid) == (5_000, "CVE-2026-99999")


@given(st.dictionaries(st.sampled_from(sorted(kev_entry())), json_values))
def test_any_values_give_an_item_or_none(values: dict[str, object]) -> None:
    parsed = parse(kev(kev_entry() | values, kev_entry("CVE-2026-77777")))
    assert "CVE-2026-77777" in [found.guid for found in parsed.items]
