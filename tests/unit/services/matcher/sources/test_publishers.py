from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.items import Item, Source
from schemas.mentions import Claim, Origin, SourceGrade
from services.matcher.reading.claims import classify_claim
from services.matcher.sources.origins import find_origin
from services.matcher.sources.publishers import SourceTable, shipped_sources, slug

LEDGER = SourceGrade(domain="ledger.example", publisher="The Ledger", owner="Ledger Media", grade="A")
HERALD = SourceGrade(domain="herald.example", publisher="The Herald", owner="Herald Press", grade="B")
COURIER = SourceGrade(domain="courier.example", publisher="The Courier", owner="Herald Press", grade="B")
WIRE = SourceGrade(domain="wire.example", publisher="Northgate Wire", owner="Northgate", kind="wire", grade="A")
BLOG = SourceGrade(domain="blog.example", publisher="A Blog", kind="blog", grade="D")
HALDEN = SourceGrade(domain="halden.example", publisher="Halden Energy", kind="company", grade="B")
TABLE = SourceTable().with_grades([LEDGER, HERALD, COURIER, WIRE, BLOG, HALDEN])


def origin(host: str, title: str, summary: str | None = None, *, entity: str | None = None) -> Origin:
    item = Item(id="i", title=title, summary=summary, source=Source(host=host))
    return find_origin(item, classify_claim(item), TABLE.publisher_of(item), TABLE, entity=entity)


@pytest.mark.parametrize("host", ["ledger.example", "www.ledger.example", "A.B.LEDGER.EXAMPLE", "ledger.example."])
def test_a_host_is_found_by_its_domain(host: str) -> None:
    assert TABLE.lookup(host) == LEDGER


@pytest.mark.parametrize("host", ["notledger.example", "example", "", None])
def test_what_is_not_known_gets_f(host: str | None) -> None:
    assert TABLE.lookup(host).grade == "F"


def test_an_unknown_publisher_keeps_the_name_that_its_feed_gives() -> None:
    item = Item(id="i", title="t", source=Source(host="x.example", publisher="The X", owner="X Press"))
    found = TABLE.publisher_of(item)
    assert (found.publisher, found.owner, found.grade) == ("The X", "X Press", "F")


def test_a_table_never_changes() -> None:
    worse = LEDGER.model_copy(update={"grade": "C"})
    assert TABLE.with_grades([worse]).lookup("ledger.example").grade == "C"
    assert TABLE.lookup("ledger.example").grade == "A"


def test_what_another_paper_reported_is_that_papers_whoever_prints_it() -> None:
    origins = [
        origin("ledger.example", "Halden weighs sale, sources say"),
        origin(
            "herald.example", "Halden weighs sale, The Ledger reports", "The Ledger reported that Halden weighs a sale."
        ),
        origin("courier.example", "Halden weighs sale", "Halden weighs a sale, according to The Ledger."),
        origin("blog.example", "Halden weighs sale", "Halden weighs a sale, The Ledger reported."),
    ]
    assert {each.id for each in origins} == {"owner:ledger-media"}
    assert [each.grade for each in origins] == ["A", "A", "A", "D"]  # a poor go-between spoils it


def test_a_wire_credit_leads_to_the_wire() -> None:
    found = origin("herald.example", "Halden closes plant", "OSLO (Northgate Wire) - Halden closes its Easton plant.")
    assert (found.id, found.via) == ("owner:northgate", "wire_credit")


def test_papers_of_one_owner_are_one_origin() -> None:
    assert origin("herald.example", "Halden closes plant").id == origin("courier.example", "Halden closes plant").id


def test_a_companys_statement_is_primary_whoever_prints_it() -> None:
    own = origin("halden.example", "Halden Energy closes plant", entity="Halden Energy")
    printed = origin(
        "ledger.example", "Halden closes plant", "It closes, the company said in a statement.", entity="Halden Energy"
    )
    assert own.id == printed.id == "company:halden-energy"
    assert own.primary
    assert printed.primary


def test_a_statement_relayed_by_a_poor_source_is_not_primary() -> None:
    found = origin(
        "blog.example", "Halden closes plant", "It closes, the company said in a statement.", entity="Halden"
    )
    assert not found.primary


def test_a_paper_that_takes_it_back_speaks_for_itself() -> None:
    found = origin("ledger.example", "Correction: Halden keeps plant", "The Ledger retracts its report.")
    assert found.id == "owner:ledger-media"


@given(st.text(max_size=30))
def test_a_slug_is_never_empty_and_stable(name: str) -> None:
    assert slug(name)
    assert slug(name) == slug(slug(name)) or "-" in slug(name)


def test_the_shipped_table_is_sound() -> None:
    table = shipped_sources()
    grades = table.grades()
    assert len(grades) >= 400
    assert all(each.ground and each.publisher for each in grades)
    assert {each.grade for each in grades if each.kind == "satire"} == {"E"}
    assert {each.grade for each in grades if each.kind == "regulator"} <= {"A", "B"}
    assert max(Counter(each.domain for each in grades).values()) == 1
    assert table.lookup("www.reuters.com").grade == "A"
    named = table.named("the Financial Times")
    assert named is not None
    assert named.domain == "ft.com"


def test_claims_of_nobody_in_particular_stay_with_the_publisher() -> None:
    item = Item(id="i", title="Halden closes plant", source=Source(host="ledger.example"))
    claim = Claim(item_id="i", status="asserted", score=0.1)
    assert find_origin(item, claim, LEDGER, TABLE).via == "itself"
