"""Stories are one event if they share their items; a round-up joins nothing, and order does not matter."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.mentions import EventKind
from services.notifier.event_views.joining import JoinableStory, are_one_event, group_stories
from tests.desk_data import NOW
from tests.event_world import DEAL

BUYER, BOUGHT = "Estmere Group", "Corvane Pharma"


def story(
    name: str,
    entity: str,
    *items: str,
    title: str = DEAL,
    headline: str | None = None,
    kind: EventKind = "takeover",
    days: float = 0,
) -> JoinableStory:
    return JoinableStory(
        name, entity.lower(), entity, headline or title, kind, NOW + timedelta(days=days), dict.fromkeys(items, title)
    )


def test_the_two_sides_of_a_deal_are_one_event() -> None:
    assert are_one_event(story("s1", BUYER, "a", "b"), story("s2", BOUGHT, "b"))


def test_stories_with_the_same_first_item_are_one_event() -> None:
    assert are_one_event(story("s1", BUYER, "a"), story("s1", BOUGHT, "a", kind="share_move"))


ROUND_UP = "Third-quarter reports: all you need to know"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(story("s1", BUYER, "a"), story("s2", BOUGHT, "b"), id="no item in common"),
        pytest.param(
            story("s1", BUYER, "a"), story("s2", BOUGHT, "a", kind="data_breach"), id="different kinds of event"
        ),
        pytest.param(story("s1", BUYER, "a"), story("s2", BOUGHT, "a", days=8), id="a week apart"),
        pytest.param(
            story("s1", BUYER, "a", "b", "c"), story("s2", BOUGHT, "c", "d", "e"), id="less than half of the items"
        ),
        pytest.param(
            story("s1", BUYER, "a", "wrap", title=ROUND_UP, headline="Estmere earns more than expected"),
            story("s2", BOUGHT, "wrap", title=ROUND_UP, headline="Corvane misses forecasts"),
            id="one round-up, which names neither",
        ),
    ],
)
def test_other_stories_are_not(one: JoinableStory, other: JoinableStory) -> None:
    assert not are_one_event(one, other)


def test_an_event_is_called_after_its_first_story() -> None:
    first, second, third = story("s2", BUYER, "a", "b"), story("s1", BOUGHT, "b", days=1), story("s3", "Else", "c")
    assert group_stories([second, third, first]) == {"s2": "s2", "s1": "s2", "s3": "s3"}


@given(st.data())
def test_neither_order_nor_side_matters(data: st.DataObject) -> None:
    names = [BUYER, BOUGHT, "Halden Energy"]
    stories = data.draw(
        st.lists(
            st.builds(
                lambda number, entity, items, kind, days: story(f"s{number}", entity, *items, kind=kind, days=days),
                st.integers(0, 4),
                st.sampled_from(names),
                st.sets(st.sampled_from("abcdef"), min_size=1),
                st.sampled_from(["takeover", "data_breach", "other"]),
                st.sampled_from([0, 1, 9]),
            ),
            max_size=6,
            unique_by=lambda found: (found.story_id, found.entity_id),
        )
    )
    shuffled = data.draw(st.permutations(stories))
    groups = group_stories(stories)
    assert group_stories(shuffled) == groups
    assert {group_stories(stories)[found.story_id] for found in stories} <= groups.keys()
    for found in stories:
        for other in stories:
            assert are_one_event(found, other) == are_one_event(other, found)
            if are_one_event(found, other):
                assert groups[found.story_id] == groups[other.story_id]
