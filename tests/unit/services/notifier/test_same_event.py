"""Stories are one event by their reports, headlines, parties and amounts; a round-up joins nothing, nor does order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.mentions import Direction, EventKind
from services.notifier.same_event import EventTrace, are_one_event, group_stories, trace_of_alert
from tests.desk_data import NOW
from tests.event_world import DEAL
from tests.unit.services.notifier.samples import a_client, a_watch, an_alert, an_item

BUYER, BOUGHT, OTHER = "Estmere Group", "Corvane Pharma", "Halden Energy"
ROUND_UP = "Third-quarter reports: all you need to know"
FINED = "Regulator fines Halden Energy and Corvane Pharma over prices fixed for years"


def story(
    name: str,
    entity: str,
    *items: str,
    title: str = DEAL,
    headline: str | None = None,
    kind: EventKind = "takeover",
    hours: float = 0,
    direction: Direction = "unclear",
    related: tuple[str, ...] = (),
    parties: tuple[str, ...] = (),
) -> EventTrace:
    return EventTrace(
        story_id=name,
        entity_id=entity.lower(),
        entity_name=entity,
        headline=headline or title,
        kind=kind,
        at=NOW + timedelta(hours=hours),
        items=dict.fromkeys(items, title),
        direction=direction,
        related=frozenset(related),
        parties=frozenset(parties),
    )


# --- two watched names ----------------------------------------------------------------------------------------------


def test_the_two_sides_of_a_deal_are_one_event() -> None:
    assert are_one_event(story("s1", BUYER, "a", "b"), story("s2", BOUGHT, "b"))


def test_stories_with_the_same_first_item_are_one_event_unless_they_are_prices() -> None:
    assert are_one_event(story("s1", BUYER, "a"), story("s1", BOUGHT, "a"))
    rises = story("s1", BUYER, "a", kind="share_move")
    falls = story("s1", BOUGHT, "a", kind="share_move")
    assert not are_one_event(rises, falls)
    assert group_stories([rises, falls]) == {"s1": "s1"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(story("s1", BUYER, "a"), story("s2", BOUGHT, "a", kind="data_breach"), id="other kind of event"),
        pytest.param(story("s1", BUYER, "a"), story("s2", BOUGHT, "a", hours=8 * 24), id="a week apart"),
        pytest.param(
            story("s1", BUYER, "a", "b", "c", headline="Estmere plans to grow"),
            story("s2", BOUGHT, "c", "d", "e", headline="Corvane seeks a partner"),
            id="less than half of the items",
        ),
        pytest.param(
            story("s1", BUYER, "a", "wrap", title=ROUND_UP, headline="Estmere earns more than expected"),
            story("s2", BOUGHT, "wrap", title=ROUND_UP, headline="Corvane misses forecasts"),
            id="one round-up, which names neither",
        ),
        pytest.param(
            story("s1", BUYER, "a", title="Estmere Group raises its offer"),
            story("s2", BOUGHT, "b", title="Corvane Pharma opens a plant"),
            id="nothing in common",
        ),
    ],
)
def test_other_stories_of_two_names_are_two_events(one: EventTrace, other: EventTrace) -> None:
    assert not are_one_event(one, other)


def test_headlines_that_name_both_parties_tell_one_deal() -> None:
    first = story("s1", BUYER, "a", headline="Estmere wants Corvane Pharma")
    second = story("s2", BOUGHT, "b", headline="Corvane Pharma says yes to Estmere", kind="deal", hours=5)
    assert are_one_event(first, second)
    assert not are_one_event(first, story("s2", BOUGHT, "b", headline="Corvane Pharma says yes to Halden"))
    assert not are_one_event(first, story("s2", BOUGHT, "b", headline="Corvane Pharma and Estmere", hours=80))
    priced = "Estmere to pay 3bn for Corvane Pharma", "Corvane Pharma and Estmere agree on 4 billion"
    assert not are_one_event(story("s1", BUYER, headline=priced[0]), story("s2", BOUGHT, headline=priced[1]))


def on_two_watches(**more: Any) -> tuple[EventTrace, EventTrace]:
    """Return alerts on different watches, without a common item; ``more`` changes the second."""
    client = a_client("wealth", a_watch(), a_watch(name=BOUGHT))
    fields = {"kind": "fine", "headline": FINED}
    other = {**fields, "watch": client.assets[1], "story_id": "itm_2", "evidence": (an_item(BOUGHT, 2),), **more}
    first = an_alert(client, **fields, evidence=(an_item(number=1),))
    return trace_of_alert(first), trace_of_alert(an_alert(client, **other))


def test_nearly_equal_headlines_are_one_event() -> None:
    again = "Regulator fines Corvane Pharma and Halden Energy over prices fixed | The Ledger"
    assert are_one_event(*on_two_watches(headline=again))


@pytest.mark.parametrize(
    "more",
    [
        {"headline": "Regulator fines Corvane Pharma over prices fixed for years"},
        {"headline": "Regulator fines Halden Energy and Corvane Pharma 40 million over prices fixed for years"},
        {"raised_at": NOW + timedelta(days=4)},
        {"kind": "leadership_change"},
        {"evidence": (an_item(number=1),), "kind": "recall"},
        {"evidence": (an_item(number=1),), "kind": "share_move"},
    ],
)
def test_another_name_figure_week_or_kind_is_another_event(more: dict[str, object]) -> None:
    assert not are_one_event(*on_two_watches(**more))


# --- two stories of one name ----------------------------------------------------------------------------------------


def test_stories_that_the_matcher_relates_are_one_event() -> None:
    first = story("s1", BOUGHT, "a", headline="Corvane's staff wait for the new owner")
    assert are_one_event(first, story("s2", BOUGHT, "b", headline="Estmere now owns Corvane", related=("s1",)))
    assert not are_one_event(first, story("s2", BOUGHT, "b", headline="Estmere now owns Corvane", related=("s3",)))


@pytest.mark.parametrize(
    ("hours", "direction", "same"), [(20, "negative", True), (30, "negative", False), (3, "positive", False)]
)
def test_a_price_that_moves_the_same_way_within_a_day_moves_once(hours: float, direction: Any, same: bool) -> None:
    falls = story("s1", OTHER, "a", kind="share_move", direction="negative", headline="Halden drops")
    other = story("s2", OTHER, "b", kind="share_move", direction=direction, hours=hours, headline="Halden moves")
    assert are_one_event(falls, other) is same


@pytest.mark.parametrize(
    ("kind", "hours", "same"),
    [("earnings_miss", 40, True), ("earnings_miss", 50, False), ("lawsuit", 4, False), ("guidance_cut", 4, True)],
)
def test_a_price_answers_results(kind: EventKind, hours: float, same: bool) -> None:
    results = story("s1", OTHER, "a", kind=kind, headline="Halden publishes")
    falls = story("s2", OTHER, "b", kind="share_move", direction="negative", hours=hours, headline="Halden drops")
    assert are_one_event(results, falls) is same


@pytest.mark.parametrize(
    ("headline", "direction", "same"),
    [
        ("The price of Corvane: 3.2bn crowns", "positive", True),
        ("Corvane is worth 4.1bn crowns", "positive", False),
        ("Estmere drops its offer of 3.2bn crowns", "negative", False),
        ("Estmere may not pay 3.2bn crowns", "unclear", False),
        ("Corvane was founded in 1998", "positive", False),
    ],
)
def test_an_amount_tells_one_deal_from_another(headline: str, direction: Any, same: bool) -> None:
    deal = story("s1", BOUGHT, "a", direction="positive")
    other = story("s2", BOUGHT, "b", headline=headline, kind="deal", direction=direction, hours=5)
    assert are_one_event(deal, other) is same


@pytest.mark.parametrize(
    ("headline", "kind", "direction", "same"),
    [
        ("Corvane staff await their fate under Estmere", "deal", "unclear", True),
        ("Corvane staff await their fate under Halden", "deal", "unclear", False),
        ("Estmere walks away from Corvane", "averted", "unclear", False),
        ("Estmere won't save Corvane", "deal", "negative", False),
        ("Regulator waves Estmere's purchase of Corvane through", "regulation", "unclear", True),
        ("Corvane wins its trial against Estmere", "legal", "positive", False),
        ("Regulator looks into Corvane's prices", "regulation", "unclear", False),
    ],
)
def test_a_party_tells_one_deal_from_another(headline: str, kind: EventKind, direction: Any, same: bool) -> None:
    deal = story("s1", BOUGHT, "a", headline="Estmere now owns Corvane", parties=("Estmere",))
    assert are_one_event(deal, story("s2", BOUGHT, "b", headline=headline, kind=kind, direction=direction)) is same


def test_a_person_is_a_party_by_the_surname_and_a_short_word_is_none() -> None:
    trial = story(
        "s1", BOUGHT, "a", kind="legal", headline="Ida Rell returns to the AI trial", parties=("Ida Rell", "AI")
    )
    other = story("s2", BOUGHT, "b", kind="lawsuit", headline="Rell asks the jury for patience", hours=30)
    assert are_one_event(trial, other)
    assert not are_one_event(trial, story("s3", BOUGHT, "c", kind="lawsuit", headline="An author sues over AI books"))


def test_a_headline_that_repeats_another_tells_the_same() -> None:
    first = story("s1", OTHER, "a", kind="leadership_change", headline="Inside Halden's wave of executive departures")
    longer = "A look at Halden's recent wave of executive departures, as it struggles to keep its talent"
    assert are_one_event(first, story("s2", OTHER, "b", kind="leadership_change", headline=longer, hours=3))
    assert not are_one_event(first, story("s2", OTHER, "b", kind="leadership_change", headline="Halden's new chief"))


def test_reports_on_the_same_results_are_one_event() -> None:
    beat = story("s1", OTHER, "a", kind="earnings_beat", direction="positive", headline="Halden earns more")
    debate: dict[str, Any] = {
        "kind": "earnings",
        "direction": "negative",
        "headline": "Investors are not impressed by Halden",
    }
    assert are_one_event(beat, story("s2", OTHER, "b", hours=20, **debate))
    assert not are_one_event(beat, story("s2", OTHER, "b", hours=30, **debate))


def test_what_is_down_is_down_once() -> None:
    down = story("s1", OTHER, "a", kind="outage", headline="Halden is down")
    assert are_one_event(down, story("s2", OTHER, "b", kind="outage", headline="Customers can't log in", hours=2))
    assert not are_one_event(down, story("s2", OTHER, "b", kind="outage", headline="Another failure", hours=4))


# --- groups ---------------------------------------------------------------------------------------------------------


def test_an_event_is_called_after_its_first_story() -> None:
    first = story("s2", BUYER, "a", "b")
    second = story("s1", BOUGHT, "b", hours=24)
    third = story("s3", "Else", "c", headline="Else hires a new chief")
    assert group_stories([second, third, first]) == {"s2": "s2", "s1": "s2", "s3": "s3"}


@given(st.data())
def test_neither_order_nor_side_matters(data: st.DataObject) -> None:
    names = [BUYER, BOUGHT, OTHER]
    headlines = [DEAL, ROUND_UP, "Halden drops 5%", "Estmere pays 3.2bn"]
    stories = data.draw(
        st.lists(
            st.builds(
                lambda number, entity, items, kind, hours, headline, direction: story(
                    f"s{number}", entity, *items, kind=kind, hours=hours, headline=headline, direction=direction
                ),
                st.integers(0, 4),
                st.sampled_from(names),
                st.sets(st.sampled_from("abcdef"), min_size=1),
                st.sampled_from(["takeover", "data_breach", "other", "share_move", "earnings"]),
                st.sampled_from([0, 24, 60, 9 * 24]),
                st.sampled_from(headlines),
                st.sampled_from(["positive", "negative"]),
            ),
            max_size=6,
            unique_by=lambda found: (found.story_id, found.entity_id),
        )
    )
    shuffled = data.draw(st.permutations(stories))
    groups = group_stories(stories)
    assert group_stories(shuffled) == groups
    assert {groups[found.story_id] for found in stories} <= groups.keys()
    for found in stories:
        for other in stories:
            assert are_one_event(found, other) == are_one_event(other, found)
            if are_one_event(found, other):
                assert groups[found.story_id] == groups[other.story_id]
