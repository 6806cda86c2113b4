"""Events are classified by kind, direction, size and urgency."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.items import Item
from services.matcher.reading.impact import classify_impact, figures, is_retrospective


@pytest.mark.parametrize(
    ("title", "kind", "direction"),
    [
        ("Halden cuts full-year dividend by 40%", "dividend_cut", "negative"),
        ("Halden lowers its dividend to 0.40 crowns a share", "dividend_cut", "negative"),
        ("Halden raises dividend after record year", "dividend_raise", "positive"),
        ("Halden issues profit warning", "guidance_cut", "negative"),
        ("Halden raises full-year outlook", "guidance_raise", "positive"),
        ("Halden Q3 profit beats estimates", "earnings_beat", "positive"),
        ("Halden swings to loss", "earnings_miss", "negative"),
        ("Halden said to be in takeover talks with Brightwater", "takeover", "positive"),
        ("Brightwater acquires Halden grid unit", "acquisition", "unclear"),
        ("Halden weighs sale of grid unit", "divestment", "unclear"),
        ("Halden recalls 40,000 heat pumps", "recall", "negative"),
        ("Hackers steal Halden customer data", "data_breach", "negative"),
        ("Critical vulnerability in Brightwater Vault", "vulnerability", "negative"),
        ("Quillon Cloud outage hits two regions", "outage", "negative"),
        ("Brightwater ends support for Vault 7", "end_of_life", "negative"),
        ("Halden sued by shareholders in class action", "lawsuit", "negative"),
        ("Regulator opens probe of Halden", "investigation", "negative"),
        ("Halden fined €1.3bn", "fine", "negative"),
        ("Halden files for bankruptcy", "insolvency", "negative"),
        ("Sable Ridge names Petra Lund chief executive", "leadership_change", "unclear"),
        ("Fennimore closes Easton plant", "layoffs", "unclear"),
        ("Osprey drivers begin a three-day strike", "strike", "negative"),
        ("Halden shares plunge 12%", "share_move", "negative"),
        ("Halden shares rise 4.2%", "share_move", "positive"),
        ("Agency downgrades Halden to junk", "rating_change", "negative"),
        ("Nordmark Central Bank raises its key rate to 3.25%", "rate_change", "unclear"),
        ("Marlow Mills launches Morning Oats", "product_launch", "positive"),
        ("Halden wins contract for harbour grid", "contract_win", "positive"),
        ("Quillon raises prices for storage", "price_increase", "unclear"),
        ("Sponsored: five reasons to love Halden", "advertisement", "neutral"),
        ("Opinion: Halden should sell", "opinion", "neutral"),
        ("Halden strikes gas off the coast", "other", "unclear"),
        ("Halden holds summer party", "other", "unclear"),
        ("Halden shares fall 7% on takeover doubts", "share_move", "negative"),
        ("Regulator fines Halden €20m over data leak", "fine", "negative"),
        ("Brightwater walks away from Halden bid", "takeover", "negative"),
        ("Halden upgraded to buy at Brightwater Securities", "rating_change", "positive"),
        ("Halden warns of weaker demand", "guidance_cut", "negative"),
    ],
)
def test_the_kind_and_direction_of_an_event_are_recognized(title: str, kind: str, direction: str) -> None:
    found = classify_impact(Item(id="i", title=title))
    assert (found.kind, found.direction) == (kind, direction), found
    assert all(cue in title for cue in found.cues)


def test_the_headline_comes_before_the_text() -> None:
    found = classify_impact(
        Item(id="i", title="Halden recalls heat pumps", summary="Its shares fell. A lawsuit is likely.")
    )
    assert found.kind == "recall"


def test_an_advertisement_is_recognized_by_its_text() -> None:
    found = classify_impact(
        Item(id="i", title="Halden recalls old times", summary="This article is sponsored by Halden.")
    )
    assert found.kind == "advertisement"


def test_size_and_urgency_depend_on_the_words() -> None:
    small = classify_impact(Item(id="i", title="Halden fined $20,000"))
    large = classify_impact(Item(id="i", title="Halden fined $2 billion"))
    assert (small.size, large.size) == ("moderate", "major")
    restored = classify_impact(Item(id="i", title="Quillon restores service after outage"))
    assert (restored.urgency, restored.direction) == ("normal", "neutral")


def test_an_anniversary_is_retrospective_and_an_event_is_not() -> None:
    assert is_retrospective(classify_impact(Item(id="i", title="Ten years ago Halden recalled its cars")))
    assert not is_retrospective(classify_impact(Item(id="i", title="Halden recalls its cars")))
    assert not is_retrospective(classify_impact(Item(id="i", title="Halden party")))


@pytest.mark.parametrize(
    ("title", "summary"),
    [
        ("Shoppers are wary", "Halden's sales rose just 3% in the quarter from a year ago, the retailer said."),
        ("Halden plans for 2028", "Halden wants to spend up to 13 billion crowns a year on new plants."),
        ("Tallow gets an assistant", "Fernleaf puts an assistant into Tallow, eight years after its first attempt."),
        ("A year after the inquiry, Halden closes its lab", ""),
    ],
)
def test_a_comparison_with_an_earlier_year_looks_back_at_nothing(title: str, summary: str) -> None:
    assert not is_retrospective(classify_impact(Item(id="i", title=title, summary=summary)))


def test_a_text_that_begins_in_the_past_looks_back() -> None:
    lead = "Seven years ago Halden slashed its dividend. We look back at what investors learned."
    assert is_retrospective(classify_impact(Item(id="i", title="What became of it", summary=lead)))


def test_figures_are_verbatim() -> None:
    text = "In 2026 Halden paid €1.3bn, up 4.2%, for 420 jobs and 0.40 crowns a share; US$5 million more in 2027"
    assert figures(text) == ("€1.3bn", "4.2%", "420 jobs", "0.40 crowns", "US$5 million")


@given(st.text(max_size=300))
def test_figures_occur_in_the_text(text: str) -> None:
    assert all(figure in text for figure in figures(text))


@given(st.text(max_size=200), st.one_of(st.none(), st.text(max_size=200)))
def test_any_text_is_classified_the_same_each_time(title: str, summary: str | None) -> None:
    item = Item(id="i", title=title, summary=summary)
    assert classify_impact(item) == classify_impact(item)
    assert classify_impact(item).worth_hours > 0
