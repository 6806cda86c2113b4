"""The speaker on whose word a sentence or an item rests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.items import Item, Source
from schemas.mentions import Claim
from services.matcher.reading.attribution import AttributionFinder, Position, newsroom_names
from services.matcher.reading.claims import classify_claim
from services.matcher.text.normalize import fold_case
from tests.growth import assert_linear

FINDER = AttributionFinder.from_lexicon()


def speaker_of(text: str, position: Position = "title") -> tuple[str | None, str | None]:
    found = FINDER.find(text, fold_case(text), position)
    return (None, None) if found is None else (found.basis, found.name)


def claim(title: str, summary: str | None = None, *, publisher: str | None = None, host: str | None = None) -> Claim:
    return classify_claim(Item(id="itm", title=title, summary=summary, source=Source(publisher=publisher, host=host)))


@pytest.mark.parametrize(
    ("title", "basis", "name"),
    [
        # said by the subject
        ("Halden says it will close its plant", "company", "Halden"),
        ("Halden Energy, the grid operator, says plant is safe", "company", "Halden Energy"),
        ("Halden closes plant, and says more will follow", "company", "Halden"),
        ("Nordmark's central bank says rates will rise", "regulator", "Nordmark's central bank"),
        ("Markets Authority warns of Halden bonds", "regulator", "Markets Authority"),
        ("Halden CEO Ann Lee warns of job losses", "person", "Ann Lee"),
        # said at the end
        ("Halden must sell its grid, says Markets Authority", "regulator", "Markets Authority"),
        ("Halden plant to close, Ann Lee says", "person", "Ann Lee"),
        ("Halden shrank bars in secret, says Oslo court", "court", "Oslo court"),
        ("Rates to fall next year, Goldman Sachs says", "researcher", "Goldman Sachs"),
        ("Halden plant leaked for weeks, court documents show", "court", None),
        ("Halden cheated investors, lawsuit says", "court", None),
        ("Halden staff to strike, lawyer says", "person", None),
        ("Halden to sell grid unit, sources say", "unnamed", None),
        ("Halden to sell grid unit, Market Whisper reports", "outlet", "Market Whisper"),
        ("Halden grew, according to Glasswork Analytics", "company", "Glasswork Analytics"),
        ("Halden insider sold shares, according to a recent SEC filing", "filing", None),
        # after a colon or dash
        ("Halden breach hits millions: Netward", "company", "Netward"),
        ("AI could replace jobs: Goldman Sachs", "researcher", "Goldman Sachs"),
        ("Most family firms use AI – EdenTree", "company", "EdenTree"),
        ("Halden hit by recession – Meridia CEO", "person", "Meridia CEO"),
        ("Halden is the new Meridia: Lee on grid sale", "company", "Lee"),
        ("Halden sells grid unit -FT", "outlet", "FT"),
        ("Halden sells grid unit, Bergen Evening Post reports", "outlet", "Bergen Evening Post"),
        ("Halden to cut jobs: report", "outlet", None),
        ("Halden weighs sale (Ann Berg/Oslo Herald)", None, None),
        # before a colon
        ("Bloomberg: Halden considering listing", "wire", "Bloomberg"),
        ("DOJ: Halden did not renege on deal", "regulator", "DOJ"),
        ("Police: no sign of sabotage at Halden", "regulator", None),
        ("Halden: we are not for sale", "company", "Halden"),
        # acts of authorities and courts
        ("FTC sues Halden", "regulator", "FTC"),
        ("Judge throws out suit against Halden", "court", None),
        ("US Supreme Court extends hold on Halden pill", "court", "US Supreme Court"),
        # findings
        ("Halden app leaks passwords, researchers find", "researcher", None),
        ("ChatGPT improves writing, Easton University study finds", "researcher", "Easton University"),
        ("Ledger retracts story on Halden", "outlet", "Ledger"),
    ],
)
def test_the_speaker_of_a_headline_is_found(title: str, basis: str | None, name: str | None) -> None:
    assert speaker_of(title) == (basis, name)


@pytest.mark.parametrize(
    ("text", "basis", "name"),
    [
        ("Halden was fined, the Department of Health (DOH) reported Tuesday.", "regulator", "Department of Health"),
        ("Halden, a maker of valves, gas pipes and meters, on Monday announced a sale.", "company", "Halden"),
        ("The minister of trade, Ann Lee, said Halden is safe.", "person", "Ann Lee"),
        (
            "Halden is weighing a sale, according to Bloomberg, which cited people familiar with it.",
            "wire",
            "Bloomberg",
        ),
        ("Halden is weighing a sale, a source familiar with the matter told Reuters on Tuesday.", "wire", "Reuters"),
        ("Officials hinted at a sale of Halden, according to people familiar with the issue.", "unnamed", None),
        ("Halden gains, according to MFS Investment Management.", "company", "MFS Investment Management"),
        ("A reader quotes a report from GeekWard: Halden has built a platform.", "outlet", "GeekWard"),
        ("It is a threat, said Ann Lind, an analyst at Moen.", "researcher", "Ann Lind"),
        ("Researchers at Easton University have found a flaw in Halden Vault.", "researcher", "Easton University"),
        ("Global cases rose, according to the WHO.", "regulator", "WHO"),
        ("In a filing to the exchange on Monday, Halden said that it lost money.", "filing", "Halden"),
        ("The figures come from inflation data released Wednesday by the Labor Department.", None, None),
    ],
)
def test_the_speaker_of_a_first_sentence_is_found(text: str, basis: str | None, name: str | None) -> None:
    assert speaker_of(text, "lead") == (basis, name)


@pytest.mark.parametrize(
    "title",
    [
        "Halden cuts its dividend",
        "Halden shares recover after firm denies breach",
        "Halden courts a new kind of customer: small business owners",
        "Halden update 3.1 brings changes: full patch notes",
        "Designing Halden: location, location, location",
        "Analyst Report: Halden Energy Inc",
        "Halden Names Ann Lee Head of Advisory – Americas",
        "Halden Deals: Best Early Discounts Available Now",
        "The United States of Halden",
        "Government ordered to publish Halden figures",
    ],
)
def test_a_headline_without_a_speaker_has_none(title: str) -> None:
    assert speaker_of(title) == (None, None)


@pytest.mark.parametrize(
    ("title", "summary", "source"),
    [
        ("Halden weighs sale, Reuters reports", None, {"host": "www.reuters.com", "publisher": "Reuters"}),
        ("Halden weighs sale - Oslo Herald", None, {"host": "osloherald.example", "publisher": "Oslo Herald"}),
        ("Halden weighs sale - Oslo Daily Post", None, {"host": "oslodailypost.com"}),
        ("Halden weighs sale", "Halden weighs a sale, CNN reported.", {"host": "cnn.com", "publisher": "CNN"}),
        (
            "Halden cuts price",
            "The Verge confirms that it is cheaper.",
            {"host": "theverge.com", "publisher": "The Verge"},
        ),
    ],
)
def test_a_newsroom_that_cites_itself_reports(title: str, summary: str | None, source: dict[str, str]) -> None:
    found = claim(title, summary, **source)
    assert (found.basis, found.attributed_to) == ("own", None)


def test_unnamed_sources_of_the_own_newsroom_stay_unnamed() -> None:
    found = claim("Halden weighs sale, sources tell CNN", host="cnn.com", publisher="CNN")
    assert (found.basis, found.attributed_to) == ("unnamed", None)


def test_a_publisher_is_known_by_its_host_and_by_other_names() -> None:
    names = newsroom_names(Item(id="i", title="t", source=Source(host="www.wsj.com", publisher="WSJ")))
    assert {"wsj", "wall street journal"} <= names


@pytest.mark.parametrize(
    ("title", "summary", "basis", "name"),
    [
        ("Halden to be sold: report", "Halden is for sale, according to the Oslo Herald.", "outlet", "Oslo Herald"),
        ("Halden app leaks, experts warn", "It leaks, Netward researcher Ann Lee said.", "researcher", "Ann Lee"),
        ("Halden is safe, minister says", "Trade Minister Ann Lee said it on Monday.", "person", "Ann Lee"),
        ("Halden sold, sources say", "People familiar with it told Reuters on Monday.", "wire", "Reuters"),
        ("NMA warns of Halden", "The Nordmark Markets Authority warned of it.", "regulator", "NMA"),
        ("NMA to review Halden rules, it says", "The Markets Board (NMA) reviews them.", "company", None),
        ("Grids are safe: Lindqvist", "Halden chief Ann Lindqvist spoke in Oslo.", "person", "Ann Lindqvist"),
        ("Grids are safe, Orvane says", "Orvane adds that he has seen them.", "person", "Orvane"),
        ("Halden weighs sale (Ann Berg/Oslo Herald)", None, "outlet", "Oslo Herald"),
        ("Sources: Halden weighs sale (Bloomberg)", None, "wire", "Bloomberg"),
    ],
)
def test_what_follows_completes_the_speaker(title: str, summary: str | None, basis: str, name: str | None) -> None:
    found = claim(title, summary)
    assert (found.basis, found.attributed_to) == (basis, name)


@pytest.mark.parametrize(
    ("title", "basis", "name"),
    [
        ("Nordmark Warns Halden's Ann Lee: The Tide Turns by Our Rules", "company", "Nordmark"),
        ("Harbor Authority Tells Halden: Ships Dock Where We Say", "regulator", "Harbor Authority"),
        ("Inside Halden: The Pump Always Rings Twice", "own", None),
        ("Open Letter to Halden: Pumps Deserve Better", "own", None),
        ("Crypto Exchange Halden Confirms Sale of Its Northern Unit", "company", "Halden"),
        ("Tech Giant Halden Announces Job Cuts", "company", "Halden"),
        ("General Motors Announces Job Cuts", "company", "General Motors"),
    ],
)
def test_a_slogan_is_no_speaker_and_a_class_of_company_no_part_of_its_name(title: str, basis: str, name: str) -> None:
    found = claim(title)
    assert (found.basis, found.attributed_to) == (basis, name)


@pytest.mark.parametrize(
    ("lead", "basis"),
    [
        ("Former mayor Bram Holt said that he is very happy about Halden.", "own"),
        ("Rival chief Bram Holt said he had seen it coming and wished them luck.", "own"),
        ("Halden chief Ann Lee said the dividend was cut because pump sales were weak.", "person"),
    ],
)
def test_whoever_is_quoted_on_something_else_is_no_source(lead: str, basis: str) -> None:
    assert claim("Halden cuts dividend after weak sales", lead).basis == basis


def test_people_and_analysts_further_down_comment() -> None:
    text = (
        "Halden closes its Easton plant. It opened in 1970. It was old, Ann Lee of Moen said. Analysts at UBS agreed."
    )
    assert claim("Halden closes plant", text).basis == "own"


@given(st.text(max_size=300), st.sampled_from(("title", "lead", "rest")))
def test_a_name_stands_in_the_text(text: str, position: Position) -> None:
    found = FINDER.find(text, fold_case(text), position)
    if found is not None and found.name is not None and "(" not in text:
        assert found.name in text


@pytest.mark.parametrize(
    ("piece", "end"),
    [
        ("said ", ""), ("according to ", ""), ("Halden, ", "said"), ("the CEO of ", ""), ("A and ", "said"), ('"', ""),
        ("(", ")" * 100_000), ("x", ""), ("A.", ""), ("report from ", ""), (": ", ""),
    ],
)  # fmt: skip
def test_hostile_text_takes_no_longer_than_it_is_long(piece: str, end: str) -> None:
    def find(size: int) -> None:
        text = piece * (size // len(piece)) + end[:size]
        folded = fold_case(text)
        for position in ("title", "lead"):
            FINDER.find(text, folded, position)

    assert_linear(find, 100_000)


@pytest.mark.parametrize(
    ("title", "summary", "first", "relay"),
    [
        ("Unconfirmed report by Easton Post: Halden to be sold, Oslo News reports", None, "Easton Post", "Oslo News"),
        ("Report in Easton Post says Halden is to be sold", None, "Easton Post", None),
        ("Halden to be sold, Oslo News reports, citing Easton Post", None, "Easton Post", "Oslo News"),
        ("Halden to be sold, says Oslo News, which cites Easton Post", None, "Easton Post", "Oslo News"),
        ("Halden to be sold, Oslo News reports", "First reported by Easton Post.", "Easton Post", "Oslo News"),
        ("Halden to be sold, Oslo News reports", "First reported by the Oslo News.", "Oslo News", None),
        ("Halden to be sold, Oslo News reports", "Easton Post reports it as well.", "Oslo News", None),
        ("Halden denies report by Easton Post", "Halden denies a report by Easton Post.", "Halden", None),
        ("Halden shares fall after report by Easton Post, Oslo News reports", None, "Oslo News", None),
    ],
)
def test_a_report_is_of_whom_others_name_as_the_first(
    title: str, summary: str | None, first: str, relay: str | None
) -> None:
    found = claim(title, summary)
    assert (found.attributed_to, found.relayed_by) == (first, relay)
