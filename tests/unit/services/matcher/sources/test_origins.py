"""The origin of a statement, wherever it is published."""

from __future__ import annotations

from schemas.items import Item, Source
from schemas.mentions import Claim, Origin, SourceGrade
from services.matcher.reading.claims import classify_claim
from services.matcher.sources.origins import find_origin
from services.matcher.sources.publishers import SourceTable

LEDGER = SourceGrade(domain="ledger.example", publisher="The Ledger", owner="Ledger Media", grade="A")
HERALD = SourceGrade(domain="herald.example", publisher="The Herald", owner="Herald Press", grade="B")
COURIER = SourceGrade(domain="courier.example", publisher="The Courier", owner="Herald Press", grade="B")
WIRE = SourceGrade(domain="wire.example", publisher="Northgate Wire", owner="Northgate", kind="wire", grade="A")
BLOG = SourceGrade(domain="blog.example", publisher="A Blog", kind="blog", grade="D")
HALDEN = SourceGrade(domain="halden.example", publisher="Halden Energy", kind="company", grade="B")
TABLE = SourceTable().with_grades([LEDGER, HERALD, COURIER, WIRE, BLOG, HALDEN])


def origin_of(host: str, title: str, summary: str | None = None, *, entity: str | None = None) -> Origin:
    item = Item(id="i", title=title, summary=summary, source=Source(host=host))
    return find_origin(item, classify_claim(item), TABLE.publisher_of(item), TABLE, entity=entity)


def test_a_report_taken_from_another_newsroom_originates_there() -> None:
    origins = [
        origin_of("ledger.example", "Halden weighs sale, sources say"),
        origin_of(
            "herald.example", "Halden weighs sale, The Ledger reports", "The Ledger reported that Halden weighs a sale."
        ),
        origin_of("courier.example", "Halden weighs sale", "Halden weighs a sale, according to The Ledger."),
        origin_of("blog.example", "Halden weighs sale", "Halden weighs a sale, The Ledger reported."),
    ]
    assert {origin.id for origin in origins} == {"owner:ledger-media"}
    assert [origin.grade for origin in origins] == ["A", "A", "A", "D"]  # an unreliable relay lowers the grade


def test_a_wire_credit_makes_the_wire_the_origin() -> None:
    origin = origin_of(
        "herald.example", "Halden closes plant", "OSLO (Northgate Wire) - Halden closes its Easton plant."
    )
    assert (origin.id, origin.via) == ("owner:northgate", "wire_credit")


def test_newsrooms_of_one_owner_are_one_origin() -> None:
    assert (
        origin_of("herald.example", "Halden closes plant").id == origin_of("courier.example", "Halden closes plant").id
    )


def test_a_companys_statement_is_primary_wherever_it_is_published() -> None:
    own = origin_of("halden.example", "Halden Energy closes plant", entity="Halden Energy")
    printed = origin_of(
        "ledger.example", "Halden closes plant", "It closes, the company said in a statement.", entity="Halden Energy"
    )
    assert own.id == printed.id == "company:halden-energy"
    assert own.primary
    assert printed.primary


def test_a_statement_relayed_by_an_unreliable_source_is_not_primary() -> None:
    origin = origin_of(
        "blog.example", "Halden closes plant", "It closes, the company said in a statement.", entity="Halden"
    )
    assert not origin.primary


def test_two_reports_of_one_finding_have_one_origin() -> None:
    text = "Netward researcher Ann Lee found it."
    origins = [origin_of(host, "Halden app leaks", text) for host in ("ledger.example", "herald.example")]
    assert {(origin.id, origin.primary) for origin in origins} == {("researcher:ann-lee", False)}
    assert [origin.grade for origin in origins] == ["A", "B"]  # the newsroom vouches for it


def test_a_court_speaks_first_hand_but_a_lawsuit_does_not() -> None:
    court = origin_of("ledger.example", "Halden must pay, Oslo court rules", entity="Halden")
    assert (court.id, court.primary) == ("court:oslo-court", True)
    lawsuit = origin_of("ledger.example", "Halden cheated investors, lawsuit says", entity="Halden")
    assert (lawsuit.id, lawsuit.primary) == ("owner:ledger-media", False)


def test_a_paper_that_is_said_to_retract_is_the_origin() -> None:
    origin = origin_of("herald.example", "The Ledger retracts story on Halden")
    assert origin.id == "owner:ledger-media"


def test_the_origin_of_a_retraction_is_the_newsroom_that_retracts() -> None:
    origin = origin_of("ledger.example", "Correction: Halden keeps plant", "The Ledger retracts its report.")
    assert origin.id == "owner:ledger-media"


def test_an_unattributed_claim_originates_with_the_publisher() -> None:
    item = Item(id="i", title="Halden closes plant", source=Source(host="ledger.example"))
    claim = Claim(item_id="i", status="asserted", score=0.1)
    assert find_origin(item, claim, LEDGER, TABLE).via == "itself"
