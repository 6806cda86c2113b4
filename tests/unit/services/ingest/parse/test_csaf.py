"""A CSAF advisory becomes an item that says what is affected, how severe it is, and which revision it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.items import Item
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import ParsedFeed, parse_feed
from services.matcher.reading.model.encoding import PairText
from services.matcher.reading.significance import default_significance_rules
from tests.unit.services.ingest.advisory_documents import advisory, encoded, vulnerability
from tests.unit.services.ingest.parse.test_kev import json_values
from tests.unit.services.matcher.readings import reading

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
URL = "https://halden.example/csaf/2026/hld-sa-2026-001.json"


def parse(document: object) -> ParsedFeed:
    return parse_feed(encoded(document), feed_url=URL, fetched_at=NOW)


def item(document: object) -> Item:
    (found,) = parse(document).items
    return found.item


def test_an_advisory_says_severity_products_remedy_and_revision() -> None:
    parsed = parse(advisory())
    (found,) = parsed.items
    assert (parsed.format, found.guid) == ("CSAF 2.0", "hld-sa-2026-001")
    assert found.item.title == "Remote code execution in Halden Gateway (CVSS 9.8 critical)"
    assert found.item.summary == "Halden Gateway has a flaw in its remote console."
    assert found.item.body == (
        "Halden PSIRT: advisory HLD-SA-2026-001, severity Critical, highest score CVSS 9.8 critical.\n\n"
        "Affected: Halden Gateway (<4.2.1).\n\n"
        "Fixed in: Halden Gateway (4.2.1).\n\n"
        "CVE-2026-10001, Missing check of a length (CVSS 9.8 critical): A crafted packet lets anybody on the network "
        "run code.\n\n"
        "Fix: Update to 4.2.1.\n\n"
        "Revision 1 of 2026-03-04: Change 1."
    )
    assert found.item.url == "https://halden.example/advisories/1"
    assert (found.item.published_at, found.item.dated) == (datetime(2026, 3, 4, 10, tzinfo=UTC), "stated")
    assert found.item.categories == ("CVE-2026-10001",)
    assert found.item.source.publisher == "Halden PSIRT"
    assert found.item.source.feed_url == URL, "whose word it is says the channel"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (vulnerability(), "The flaw is of critical severity: “CVSS 9.8”."),
        (
            vulnerability(score=5.0, threats=[{"category": "exploit_status", "details": "Disclosed:No;Exploited:Yes"}]),
            "Attackers already use the flaw: “actively exploited”.",
        ),
        (
            vulnerability(
                score=None,
                threats=[
                    {
                        "category": "exploit_status",
                        "details": "CISA: https://www.cisa.gov/known-exploited-vulnerabilities-catalog",
                    }
                ],
            ),
            "Attackers already use the flaw: “actively exploited”.",
        ),
        (
            vulnerability(score=5.0, first_known_exploitation_dates=[{"date": "2026-03-01T00:00:00Z"}]),
            "Attackers already use the flaw: “actively exploited”.",
        ),
        (
            vulnerability(scores=[], metrics=[{"content": {"cvss_v4": {"baseScore": 10.0}}, "products": ["P1"]}]),
            "The flaw is of critical severity: “CVSS 10.0”.",
        ),
    ],
)
def test_the_rules_of_significance_see_severity_and_exploitation(given: dict[str, Any], why: str) -> None:
    found = item(advisory("A", given))
    pair = PairText(found.title, found.summary or "", "Halden PSIRT", "Halden Gateway", "product")
    size = default_significance_rules().find(pair, reading(role="object", kind="vulnerability"))
    assert size is not None
    assert (size.size, size.why) == ("major", why)


@pytest.mark.parametrize(
    ("given", "title"),
    [
        (vulnerability(score=6.5), "(CVSS 6.5 medium)"),
        (vulnerability(score=8.9), "(CVSS 8.9 high)"),
        (vulnerability(score=0.0), "(CVSS 0.0 none)"),
        (vulnerability(score=None), "Halden Gateway"),
        (vulnerability(score=99.0), "Halden Gateway"),
        (vulnerability(scores=[{"cvss_v2": {"baseScore": 10.0}, "products": ["P1"]}]), "Halden Gateway"),
        (vulnerability(scores=[{"cvss_v3": {"baseScore": "9.1"}, "products": ["P1"]}]), "(CVSS 9.1 critical)"),
        (vulnerability(threats=[{"category": "exploit_status", "details": "Exploited:No"}]), "(CVSS 9.8 critical)"),
        (vulnerability(threats=[{"category": "impact", "details": "Exploited:Yes"}]), "(CVSS 9.8 critical)"),
        (vulnerability(product_status={"known_not_affected": ["P1"]}), "(not affected)"),
        (vulnerability(notes=[{"category": "description", "text": "** REJECT ** A duplicate."}]), "Withdrawn: "),
        (vulnerability(title="Rejected: not a flaw"), "Withdrawn: "),
    ],
)
def test_the_title_says_only_what_is_rated_and_counts(given: dict[str, Any], title: str) -> None:
    found = item(advisory("A", given)).title
    assert found.startswith(title) or found.endswith(title)


def test_a_score_of_a_product_that_is_not_affected_does_not_count() -> None:
    given = vulnerability(
        product_status={"known_affected": ["P1"], "known_not_affected": ["P2"]},
        scores=[
            {"cvss_v3": {"baseScore": 9.9}, "products": ["P2"]},
            {"cvss_v3": {"baseScore": 4.1}, "products": ["P1"]},
        ],
    )
    assert item(advisory("A", given)).title.endswith("(CVSS 4.1 medium)")


def test_one_rejected_number_among_others_is_said_to_be_and_does_not_count() -> None:
    rejected = vulnerability("CVE-2026-10002", title="** REJECTED **")
    found = item(advisory("A", vulnerability(score=7.2), rejected))
    assert found.title.endswith("(CVSS 7.2 high)")
    assert "CVE-2026-10002, ** REJECTED **: rejected or withdrawn, it does not count." in (found.body or "")


@pytest.mark.parametrize("head", [{"category": "csaf_withdrawn"}, {"title": "Withdrawn: flaw in Halden Gateway"}])
def test_a_withdrawn_advisory_keeps_its_id_and_says_so(head: dict[str, str]) -> None:
    before, after = item(advisory()), item(advisory(**{"version": "2"} | head))
    assert before.id == after.id
    assert after.title.startswith("Withdrawn: ")
    assert "CVSS" not in after.title
    assert (after.body or "").startswith("Halden PSIRT: advisory HLD-SA-2026-001 was withdrawn.")


def test_a_new_revision_is_a_revision_of_the_item_and_a_date_alone_is_none() -> None:
    (first,) = parse(advisory()).items
    (second,) = parse(advisory(version="2", released="2026-03-04T11:00:00Z")).items
    assert (first.item.id, first.guid) == (second.item.id, second.guid)
    assert first.fingerprint != second.fingerprint
    assert (second.item.body or "").endswith("Revision 2 of 2026-03-04: Change 2.")
    assert second.item.updated_at == datetime(2026, 3, 4, 11, tzinfo=UTC)
    shuffled = advisory(version="2", released="2026-03-04T11:00:00Z")
    shuffled["document"]["tracking"]["revision_history"].reverse()
    assert parse(dict(reversed(shuffled.items()))).items == (second,)


def test_interim_advisories_say_so() -> None:
    document = advisory()
    document["document"]["tracking"]["status"] = "interim"
    assert "Revision 1 (interim) of 2026-03-04" in (item(document).body or "")


def test_products_of_groups_relations_and_full_names_are_named() -> None:
    given = vulnerability(product_status={"known_affected": ["P1:lib", "F1", "missing", "P1"]})
    document = advisory("A", given)
    document["product_tree"]["full_product_names"] = [{"product_id": "F1", "name": "Lunden Relay 7"}]
    document["product_tree"]["relationships"] = [
        {
            "category": "default_component_of",
            "product_reference": "lib",
            "relates_to_product_reference": "F1",
            "full_product_name": {"product_id": "P1:lib", "name": "lib as a component of Lunden Relay 7"},
        }
    ]
    assert "Affected: Lunden Relay 7, Halden Gateway (<4.2.1)." in (item(document).body or "")


def test_many_products_and_vulnerabilities_are_counted_not_listed() -> None:
    ids = [f"X{number}" for number in range(3_000)]
    given = [vulnerability(f"CVE-2026-{20_000 + n}", product_status={"known_affected": ids}) for n in range(60)]
    document = advisory("A", *given)
    document["product_tree"]["full_product_names"] = [{"product_id": id, "name": f"Lunden Relay {id}"} for id in ids]
    body = item(document).body or ""
    assert " and 2,960 more." in body
    assert "And 35 more vulnerabilities." in body
    assert len(body) < 20_000


def test_branches_that_nest_without_end_and_lists_that_are_none_are_bounded() -> None:
    document = advisory()
    branch: dict[str, Any] = {"category": "product_name", "name": "End", "product": {"product_id": "P1", "name": "End"}}
    for _ in range(300):
        branch = {"category": "product_family", "name": "x", "branches": [branch]}
    document["product_tree"]["branches"] = [branch]
    assert "Affected: End." in (item(document).body or "")
    with pytest.raises(NotAFeed, match="nests deeper"):
        parse_feed(b'{"document": {"csaf_version": "2.0", "x": ' + b"[" * 200_000, feed_url=URL)


def test_markup_in_fields_is_no_markup_in_items() -> None:
    document = advisory(
        "A", vulnerability(notes=[{"category": "description", "text": "<script>x()</script>Bad <b>y</b>"}])
    )
    document["document"]["title"] = "Flaw in <img src=x onerror=alert(1)>Halden &amp; Sons"
    document["document"]["publisher"]["name"] = "<a href='javascript:x'>Halden</a>"
    found = item(document)
    assert found.title == "Flaw in Halden & Sons (CVSS 9.8 critical)"
    assert "Bad y" in (found.body or "")
    assert "x()" not in found.text()
    assert found.source.publisher == "Halden"
    document["document"]["references"] = [{"category": "self", "url": "javascript:alert(1)"}]
    assert item(document).url == URL


def test_without_a_tracking_id_it_is_no_advisory() -> None:
    document = advisory()
    del document["document"]["tracking"]["id"]
    with pytest.raises(NotAFeed, match="no tracking id"):
        parse(document)


@given(st.data())
def test_any_value_anywhere_gives_an_item_or_a_reason(data: st.DataObject) -> None:
    document: Any = advisory()
    place: Any = document
    for _ in range(data.draw(st.integers(0, 7))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place))) if isinstance(place, list) else []
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            place[key] = data.draw(json_values)
            break
        place = place[key]
    try:
        parsed = parse(document)
    except NotAFeed:
        return
    assert len(parsed.items) + parsed.left_out >= 1
    assert parsed.unreadable == 0
