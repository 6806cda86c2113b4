"""The origin of a statement, wherever it is published."""

from __future__ import annotations

import pytest

from schemas.items import Item, Source
from schemas.mentions import Origin, SourceGrade, SourceLetter
from services.matcher.reading.claims import classify_claim
from services.matcher.sources.channels import attribute
from services.matcher.sources.origins import find_origin
from services.matcher.sources.publishers import SourceTable

LEDGER = SourceGrade(domain="ledger.example", publisher="The Ledger", owner="Ledger Media", grade="A")
HERALD = SourceGrade(domain="herald.example", publisher="The Herald", owner="Herald Press", grade="B")
COURIER = SourceGrade(domain="courier.example", publisher="The Courier", owner="Herald Press", grade="B")
WIRE = SourceGrade(domain="wire.example", publisher="Northgate Wire", owner="Northgate", kind="wire", grade="A")
BLOG = SourceGrade(domain="blog.example", publisher="A Blog", kind="blog", grade="D")
HALDEN = SourceGrade(domain="halden.example", publisher="Halden Energy", kind="company", grade="B")
TABLE = SourceTable().with_grades([LEDGER, HERALD, COURIER, WIRE, BLOG, HALDEN])


def origin_of(
    host: str,
    title: str,
    summary: str | None = None,
    *,
    entity: str | None = None,
    link: str | None = None,
    table: SourceTable = TABLE,
) -> Origin:
    source = Source(feed_url=f"https://{host}/feed", host=link or host)
    item = Item(id="i", title=title, summary=summary, source=source)
    return find_origin(classify_claim(item), attribute(item, table), table, entity=entity)


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


def test_what_came_over_several_newsrooms_is_of_the_first_and_as_good_as_the_poorest() -> None:
    gazette = SourceGrade(domain="gazette.example", publisher="Easton Gazette", owner="Easton Papers", grade="A")
    echo = SourceGrade(domain="echo.example", publisher="Coast Echo", owner="Coast Papers", grade="C")
    table = TABLE.with_grades([gazette, echo])
    own = origin_of("gazette.example", "Halden weighs sale, sources say", table=table)
    relayed = [
        origin_of("herald.example", f"Halden weighs sale, {relay} reports, citing Easton Gazette", table=table)
        for relay in ("Coast Echo", "Bay Tribune", "Northgate Wire")
    ]
    assert {origin.id for origin in relayed} == {own.id}
    assert [(origin.grade, origin.domain) for origin in relayed] == [
        ("C", None),
        ("F", None),
        ("A", "gazette.example"),
    ]


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
    origin = origin_of("ledger.example", "Halden closes plant")
    assert (origin.id, origin.via, origin.grade, origin.domain) == (
        "owner:ledger-media",
        "itself",
        "A",
        "ledger.example",
    )


@pytest.mark.parametrize("grade", ["C", "D", "E", "F"])
@pytest.mark.parametrize(
    "summary",
    [
        "It closes, the company said in a statement.",
        "It closes, the Markets Authority said.",
        "It must close, Oslo court rules.",
    ],
)
def test_a_source_of_grade_c_or_lower_never_relays_first_hand(grade: SourceLetter, summary: str) -> None:
    gazette = SourceGrade(domain="gazette.example", publisher="Gazette", grade=grade)
    origin = origin_of(
        "gazette.example", "Halden closes plant", summary, entity="Halden", table=TABLE.with_grades([gazette])
    )
    assert not origin.primary
    assert origin.grade == grade


def test_a_grade_that_was_earned_does_not_let_a_source_relay() -> None:
    earned = SourceGrade(domain="blog.example", publisher="A Blog", kind="blog", grade="B", set_grade="C")
    table = TABLE.with_grades([earned])
    said = origin_of(
        "blog.example", "Halden closes plant", "It closes, the company said.", entity="Halden", table=table
    )
    assert not said.primary
    cited = origin_of("blog.example", "Halden weighs sale", "Halden weighs a sale, The Ledger reported.", table=table)
    assert (cited.id, cited.grade, cited.domain) == ("owner:ledger-media", "B", None)


@pytest.mark.parametrize("link", ["ledger.example", "halden.example"])
def test_a_link_leads_to_the_origin_but_lends_no_grade(link: str) -> None:
    origin = origin_of("blog.example", "Halden closes plant", link=link)
    assert origin.id == origin_of(link, "Halden closes plant").id
    assert (origin.grade, origin.primary, origin.domain) == ("D", False, None)


def test_a_press_wire_of_grade_c_does_not_speak_for_the_company() -> None:
    wires = [
        SourceGrade(domain=f"wire-{grade.lower()}.example", publisher=f"{grade} Release", kind="newswire", grade=grade)
        for grade in ("B", "C")
    ]
    table = TABLE.with_grades(wires)
    origins = [
        origin_of(wire.domain, "Halden Energy closes plant", entity="Halden Energy", table=table) for wire in wires
    ]
    assert {origin.id for origin in origins} == {"company:halden-energy"}
    assert [origin.primary for origin in origins] == [True, False]


def test_a_release_about_others_is_the_word_of_its_issuer_alone() -> None:
    table = TABLE.with_grades([SourceGrade(domain="release.example", publisher="A Wire", kind="newswire", grade="B")])
    item = Item(
        id="i",
        title="Halden Energy hides losses",
        summary="Grizzly Point today announced that Halden Energy hides losses.",
        source=Source(feed_url="https://release.example/feed", host="release.example"),
    )
    claim, attributed = classify_claim(item), attribute(item, table)
    foreign = find_origin(claim, attributed, table, party=False)
    assert (foreign.id, foreign.primary, foreign.grade) == ("company:grizzly-point", False, "F")
    of_party = find_origin(claim, attributed, table, party=True)
    assert (of_party.id, of_party.primary, of_party.grade) == ("company:grizzly-point", True, "B")


def test_a_company_that_speaks_of_others_is_no_primary_source() -> None:
    item = Item(id="i", title="Meridia Bank is insolvent", source=Source(feed_url="https://halden.example/feed"))
    origin = find_origin(classify_claim(item), attribute(item, TABLE), TABLE, party=False)
    assert (origin.id, origin.primary, origin.grade) == ("company:halden-energy", False, "C")
