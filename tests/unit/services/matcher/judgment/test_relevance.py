"""Relevance depends on the client's stance, the size of the holding and how far the event is worth telling."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clients import Watch, WatchKind
from schemas.mentions import Direction, EventKind
from services.matcher.judgment.relevance import ClientRelevance, default_relevance_rules
from services.matcher.reading.impact import Size
from services.matcher.stories.audience import ANY_TRADE, RELATIONS
from services.matcher.stories.threads import EventSummary
from services.matcher.thresholds import default_thresholds


def watch(kind: WatchKind = "holding", entity: str = "halden", weight: float | None = None) -> Watch:
    return Watch(entity_id=entity, name=entity.title(), kind=kind, weight=weight)


def event(
    kind: EventKind, direction: Direction = "negative", worth: float = 0.8, size: Size = "moderate"
) -> EventSummary:
    return EventSummary(kind=kind, direction=direction, size=size, urgency="normal", worth_hours=24, worth=worth)


def relevance(watch: Watch, event: EventSummary) -> ClientRelevance:
    return default_relevance_rules().score(watch, event, default_thresholds(), trade="wealth")


def score(kind: EventKind, stance: WatchKind, worth: float = 0.8, weight: float | None = None) -> float:
    return relevance(watch(stance, weight=weight), event(kind, worth=worth)).score


def test_relevance_depends_on_the_stance() -> None:
    assert score("vulnerability", "product") > score("vulnerability", "holding") > score("vulnerability", "competitor")
    assert score("dividend_cut", "holding") > score("dividend_cut", "product")
    assert score("strike", "supplier") > score("strike", "topic")


def test_a_large_holding_is_more_relevant_and_an_event_hardly_worth_telling_less() -> None:
    assert (
        score("earnings", "holding", weight=0.12)
        > score("earnings", "holding")
        > score("earnings", "holding", weight=0.01)
    )
    assert score("earnings", "holding", worth=0.1) < score("earnings", "holding", worth=0.9)


@pytest.mark.parametrize(
    ("weight", "size", "kind", "told"),
    [
        (0.12, "moderate", "leadership_change", True),
        (0.12, "major", "leadership_change", True),
        (0.005, "moderate", "leadership_change", False),
        (0.005, "moderate", "guidance_cut", False),
        (0.005, "major", "leadership_change", True),
        (0.03, "moderate", "leadership_change", True),
    ],
)
def test_of_a_tiny_holding_only_major_events_are_told(weight: float, size: Size, kind: EventKind, told: bool) -> None:
    found = relevance(watch(weight=weight), event(kind, worth=0.9, size=size))
    assert (found.score >= default_thresholds().tell_relevance) == told


def test_a_supplier_with_a_tiny_share_of_spend_still_matters() -> None:
    assert score("outage", "supplier", weight=0.005) >= default_thresholds().tell_relevance
    assert "less than 1% of spend" in relevance(watch("supplier", weight=0.004), event("outage")).why


@given(st.floats(0, 1), st.floats(0, 1))
def test_relevance_grows_with_worth_and_meets_its_threshold_where_worth_does(one: float, other: float) -> None:
    thresholds = default_thresholds()
    low, high = sorted((one, other))
    assert score("earnings", "product", worth=low) <= score("earnings", "product", worth=high)
    at_threshold = score("lawsuit", "product", worth=thresholds.worth_telling)
    assert at_threshold == pytest.approx(thresholds.tell_relevance)


@given(st.floats(0, 1), st.integers(0, 40))
def test_each_further_newsroom_makes_an_event_more_relevant_up_to_certainty(worth: float, newsrooms: int) -> None:
    rules, thresholds, known = default_relevance_rules(), default_thresholds(), event("lawsuit", worth=worth)
    fewer = rules.score(watch("product"), known, thresholds, trade="it", newsrooms=newsrooms).score
    more = rules.score(watch("product"), known, thresholds, trade="it", newsrooms=newsrooms + 1).score
    assert 0 <= fewer <= more <= 1
    if newsrooms <= 1:
        assert fewer == rules.score(watch("product"), known, thresholds, trade="it").score


def for_trade(trade: str, kind: EventKind, stance: WatchKind, percent: int, worth: float = 0.9) -> float:
    """Return the score of an event that the model finds so far worth writing about to a client of law."""
    audience = {"legal": (percent,) * len(RELATIONS), ANY_TRADE: (0,) * len(RELATIONS), "wealth": (0,) * len(RELATIONS)}
    known = replace(event(kind, worth=worth), audience=audience)
    return default_relevance_rules().score(watch(stance), known, default_thresholds(), trade=trade).score


@pytest.mark.parametrize(("percent", "size"), [(60, "moderate"), (5, "minor")])
def test_what_is_minor_to_owners_is_moderate_to_those_whom_it_is_worth_writing_to(percent: int, size: Size) -> None:
    small = replace(event("product", size="minor"), audience={ANY_TRADE: (percent,) * len(RELATIONS)})
    found = default_relevance_rules().score(watch("product"), small, default_thresholds(), trade="it")
    assert found.size == size
    assert default_relevance_rules().score(watch(), small, default_thresholds(), trade="it").size == "minor"


@given(st.integers(0, 100), st.integers(0, 100))
def test_for_a_client_of_a_trade_relevance_grows_with_how_far_it_is_worth_writing(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert for_trade("legal", "earnings", "competitor", low) <= for_trade("legal", "earnings", "competitor", high)
    thresholds = default_thresholds()
    at_threshold = for_trade("legal", "earnings", "competitor", round(100 * thresholds.worth_writing))
    assert at_threshold == pytest.approx(thresholds.tell_relevance)


def test_the_trade_decides_but_for_owners_and_for_what_stops_work_in_any() -> None:
    needed = default_thresholds().tell_relevance
    assert for_trade("legal", "earnings", "product", 60) >= needed > for_trade("bakery", "earnings", "product", 60)
    assert for_trade("legal", "outage", "supplier", 5) < needed <= for_trade("legal", "insolvency", "supplier", 5)
    assert for_trade("legal", "earnings", "holding", 5) >= needed
    assert for_trade("wealth", "outage", "supplier", 5) >= needed


def test_a_takeover_of_what_the_client_holds_is_told_though_the_model_doubts_that_it_matters() -> None:
    needed = default_thresholds().tell_relevance
    assert score("takeover", "holding", worth=0.35) >= needed > score("acquisition", "holding", worth=0.35)
    assert score("takeover", "competitor", worth=0.35) < needed
    assert score("takeover", "holding", worth=0.2) < needed


def test_what_one_newsroom_could_not_make_worth_telling_several_can() -> None:
    rules, thresholds = default_relevance_rules(), default_thresholds()
    doubtful = event("lawsuit", worth=thresholds.worth_telling - 0.15)
    told = [
        rules.score(watch("product"), doubtful, thresholds, trade="it", newsrooms=n).score >= thresholds.tell_relevance
        for n in (1, 2, 4)
    ]
    assert told == [False, False, True]


@pytest.mark.parametrize(
    ("stance", "kind", "direction", "expected"),
    [
        ("holding", "recall", "negative", "negative"),
        ("competitor", "recall", "negative", "positive"),
        ("competitor", "product_launch", "positive", "negative"),
        ("product", "price_increase", "unclear", "negative"),
        ("competitor", "outage", "neutral", "neutral"),
    ],
)
def test_the_direction_is_the_clients(stance: WatchKind, kind: EventKind, direction: Direction, expected: str) -> None:
    assert relevance(watch(stance), event(kind, direction)).direction == expected
