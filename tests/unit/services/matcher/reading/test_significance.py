"""Figures and official grades show how large an event is, if they are the event's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.readings import EventFamily, Firmness, Genre, Role, Weight
from services.matcher.reading.model.encoding import NameType, PairText
from services.matcher.reading.significance import SHIFT, Significance, adjust, default_significance_rules
from tests.unit.services.matcher.readings import reading


def find(
    title: str,
    kind: EventFamily,
    *,
    lead: str = "",
    surface: str = "Halden",
    type: NameType = "company",
    role: Role = "actor",
    genre: Genre = "news",
    status: Firmness = "fact",
) -> Significance | None:
    pair = PairText(title, lead, "Harbour Wire", surface, type)
    return default_significance_rules().find(pair, reading(role=role, kind=kind, genre=genre, status=status))


def size(title: str, kind: EventFamily, **given: str) -> str | None:
    found = find(title, kind, **given)  # type: ignore[arg-type]
    return found.size if found is not None else None


@pytest.mark.parametrize(
    ("title", "kind", "why"),
    [
        ("Halden shares fall 12% after profit warning", "guidance", "It is a large share move: “shares fall 12%”."),
        ("Halden warns on profit, shares plunge 9%", "guidance", "It is a large share move: “shares plunge 9%”."),
        ("Halden cuts outlook; HLD drops 13%+ after hours", "guidance", "It is a large share move: “drops 13%”."),
        ("Halden’s stock jumps 15% on results", "earnings", "It is a large share move: “stock jumps 15%”."),
        ("Halden to cut 14% of its workforce", "cutback", "It is a large job cut: “14% of its workforce”."),
        ("Halden breach exposes 2.4 million customers", "breach", "It is a large breach: “2.4 million customers”."),
        (
            "Flaw in Halden is actively exploited",
            "vulnerability",
            "Attackers already use the flaw: “actively exploited”.",
        ),
        (
            "Halden flaw has CVSS score of 9.8",
            "vulnerability",
            "The flaw is of critical severity: “CVSS score of 9.8”.",
        ),
        ("Halden soup: FDA calls it a Class I recall", "recall", "Use can do serious harm: “Class I recall”."),
    ],
)
def test_official_grades_and_what_is_measured_against_the_company_are_major(
    title: str, kind: EventFamily, why: str
) -> None:
    assert find(title, kind) == Significance("major", why)


@pytest.mark.parametrize(
    ("title", "kind", "why"),
    [
        ("Halden to buy Corvane for $4.1 billion", "deal", "It is a large deal: “$4.1 billion”."),
        ("Halden rejects Corvane's €2bn takeover bid", "deal", "It is a large deal: “€2bn”."),
        ("Halden raises $3B in new funding", "capital", "It is a large capital raise: “$3B”."),
        ("Halden announces £1.5bn share buyback", "buyback", "It is a large buyback: “£1.5bn”."),
        ("Halden wins $2 billion defense contract", "contract", "It is a large contract: “$2 billion”."),
        ("Halden to invest $10bn in chip plant", "expansion", "It is a large investment: “$10bn”."),
        ("Judge orders Halden to pay $567 million", "legal", "It is a large penalty or settlement: “$567 million”."),
        ("Halden to take $19.5B charge on pumps", "other", "It is a large charge: “$19.5B”."),
        ("Halden lays off 4,000 workers", "cutback", "It is a large job cut: “4,000 workers”."),
        ("Halden recalls 1.2 million vehicles", "recall", "It is a large recall: “1.2 million vehicles”."),
        ("Thieves drained $80m from Halden", "breach", "It is a large theft: “$80m”."),
        ("Halden issues emergency patch", "vulnerability", "It is handled as an emergency: “emergency patch”."),
    ],
)
def test_a_large_amount_is_worth_telling_at_least(title: str, kind: EventFamily, why: str) -> None:
    assert find(title, kind) == Significance("moderate", why)


@pytest.mark.parametrize(
    ("title", "kind", "why"),
    [
        ("Halden buys pump maker for $2 million", "deal", "It is a small deal: “$2 million”."),
        ("Halden fined $45,000 over permits", "regulation", "It is a small penalty or settlement: “$45,000”."),
        ("Halden to cut 12 jobs in Oslo", "cutback", "It is a small job cut: “12 jobs”."),
        ("Halden shares rise 1% in thin trade", "share_move", "It is a small share move: “shares rise 1%”."),
        ("Halden trial turns to experts", "legal", "It is a day in court, not a decision: “trial turns”."),
        ("Halden chief testifies", "legal", "It is a day in court, not a decision: “testifies”."),
    ],
)
def test_a_trifling_figure_makes_an_event_minor(title: str, kind: EventFamily, why: str) -> None:
    assert find(title, kind) == Significance("minor", why)


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        # A value, a total, a price, a year, another's figure: none is the event's own.
        ("Halden, valued at $9 billion, to buy a pump maker", "deal"),
        ("Halden in merger talks; market cap of $40bn at stake", "deal"),
        ("Halden to buy Corvane, with $8 billion in assets", "deal"),
        ("Halden to sell unit with $2 billion revenue", "deal"),
        ("Halden agrees to be bought for $54.20 a share", "deal"),
        ("Halden wins contract; Corvane posts $3 billion profit", "contract"),
        ("Halden raises price target to $1,200", "rating"),
        ("Halden hit by outage as 2 million customers watch final", "outage"),
        ("Corvane raises $3B from Halden", "capital"),
        ("Halden sells pumps in 2026", "deal"),
        ("Corvane shares fall 12%, Halden steady", "share_move"),
        ("Halden sales rise 12% in May", "earnings"),
        ("Halden to name chief after $4bn merger", "leadership"),
        ("Halden won't lay off 75 percent of staff", "product"),
        # What a court decides is no mere day in court, nor is what happens outside one.
        ("Jury finds Halden guilty of fraud", "legal"),
        ("Halden settles on the eve of its trial", "legal"),
        ("Halden chief testifies to the strength of its pumps", "product"),
    ],
)
def test_figures_of_other_facts_say_nothing(title: str, kind: EventFamily) -> None:
    found = find(title, kind)
    assert found is None or not found.why


def test_the_largest_of_several_figures_counts_and_an_ordinary_one_has_no_words() -> None:
    assert size("Halden to sell Corvane for $3 billion and a shop for $1 million", "deal") == "moderate"
    assert find("Halden buys Corvane for $300 million", "deal") == Significance("moderate", "")


def test_beside_a_larger_figure_a_small_one_does_not_make_the_event_small() -> None:
    assert size("Halden buys shop for $1 million and Corvane for another $3 billion", "deal") is None


def test_the_sentence_of_the_lead_that_has_the_name_counts_too() -> None:
    lead = "Markets were calm. Halden said it would buy Corvane for $4 billion in cash."
    assert size("Halden strikes a deal", "deal", lead=lead) == "moderate"
    assert size("Halden strikes a deal", "deal", lead="Others bought Corvane for $4 billion.") is None


@pytest.mark.parametrize(
    "given",
    [
        {"role": "mention"},
        {"role": "affected"},
        {"role": "speaker"},
        {"genre": "opinion"},
        {"genre": "list"},
        {"status": "denied"},
        {"status": "forecast"},
        {"type": "topic"},
        {"type": "place"},
        {"type": "product"},
    ],
)
def test_only_news_that_happens_to_the_company_itself_is_measured(given: dict[str, str]) -> None:
    assert size("Halden to buy Corvane for $4.1 billion", "deal", **given) is None


def test_a_product_is_measured_where_it_is_flawed_or_recalled() -> None:
    assert size("Flaw in Halden is actively exploited", "vulnerability", type="product") == "major"


@pytest.mark.parametrize(
    ("weight", "found", "expected"),
    [
        ("minor", "moderate", "worth"),
        ("worth", "moderate", "worth"),
        ("major", "moderate", "major"),
        ("worth", "major", "major"),
        ("major", "minor", "minor"),
        ("none", "minor", "none"),
    ],
)
def test_the_weight_fits_the_size_found(weight: Weight, found: str, expected: Weight) -> None:
    adjusted = adjust(reading(weight=weight), Significance(found, "It is so."))  # type: ignore[arg-type]
    assert adjusted.weight == expected
    assert adjusted.reasons[-1] == "It is so."


@given(st.floats(0, 1), st.sampled_from(("minor", "moderate", "major")))
def test_the_probability_changes_a_little_and_stays_one(score: float, found: str) -> None:
    before = reading(tell_score=score)
    after = adjust(before, Significance(found, "It is so.")).tell_score  # type: ignore[arg-type]
    assert 0 <= after <= 1
    assert abs(after - score) <= SHIFT + 1e-4
    assert (after <= score + 1e-4) if found == "minor" else (after >= score - 1e-4)


def test_without_a_figure_nothing_changes() -> None:
    before = reading()
    assert adjust(before, None) is before
    assert adjust(before, Significance("moderate")) is before
