"""An event as its stories show it: what happened, and how firm it stands."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import InformationGrade, Verdict
from schemas.event_views import EventStatus
from services.notifier.event_views.evidence import SeenEvidence
from services.notifier.event_views.view import (
    StoryRow,
    entity_names,
    event_facts,
    joined_evidence,
    story_views,
    weightiest,
)
from tests.desk_data import NOW
from tests.event_world import evidence

GRADE: dict[EventStatus, InformationGrade] = {
    "confirmed": 1,
    "probable": 2,
    "unconfirmed": 3,
    "contested": 4,
    "false": 5,
    "unjudged": 6,
}


def story(name: str, status: EventStatus = "confirmed", *, items: int = 1, minutes: float = 0) -> StoryRow:
    at = NOW + timedelta(minutes=minutes)
    return StoryRow(
        story_id=f"itm_{name}", entity_id=name, event_id="itm_a", entity_name=name.upper(), headline=f"{name} reports",
        kind="takeover", direction="positive", size="major", source_grade="B", information_grade=GRADE[status],
        origins=items, status=status, reasons=(f"It is {status}.",), first_at=at, last_at=at, items=items,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "status"),
    [
        ("confirmed", "unconfirmed", "confirmed"),
        ("probable", "unjudged", "probable"),
        ("unconfirmed", "contested", "contested"),
        ("confirmed", "contested", "contested"),
        ("unconfirmed", "false", "false"),
        ("contested", "false", "false"),
        ("probable", "false", "contested"),
    ],
)
def test_a_doubt_in_one_story_is_not_hidden_by_another(one: EventStatus, other: EventStatus, status: str) -> None:
    for stories in ((story("a", one), story("b", other)), (story("a", other), story("b", one))):
        assert event_facts(stories)["status"] == status


def test_the_story_with_the_most_items_says_what_happened() -> None:
    facts = event_facts((story("a"), story("b", items=3, minutes=5)))
    assert (facts["headline"], facts["first_seen_at"]) == ("b reports", NOW)
    assert facts["last_seen_at"] == NOW + timedelta(minutes=5)


@given(
    st.lists(st.tuples(st.sampled_from(get_args(EventStatus)), st.integers(1, 3)), min_size=1, max_size=5), st.data()
)
def test_the_order_of_stories_does_not_matter(drawn: list[tuple[EventStatus, int]], data: st.DataObject) -> None:
    stories = [story("abcde"[index], status, items=items) for index, (status, items) in enumerate(drawn)]
    assert event_facts(data.draw(st.permutations(stories))) == event_facts(stories)


def test_only_stories_in_sight_are_named() -> None:
    stories = (story("b", minutes=2), story("a"))
    everything = frozenset(found.key for found in stories)
    assert entity_names(stories, everything) == ("A", "B")
    assert [found.entity_id for found in story_views(stories, frozenset({("itm_b", "b")}))] == ["b"]


def test_an_item_of_two_stories_is_shown_once_and_as_first_seen() -> None:
    one, other = story("a", items=2), story("b")
    mine, theirs = evidence("wire", title="for A", hours=3), evidence("wire", title="for B", hours=3)
    seen = {
        one.key: [SeenEvidence(mine, NOW), SeenEvidence(evidence("paper"), NOW)],
        other.key: [SeenEvidence(theirs, NOW - timedelta(hours=1))],
    }
    wire, _ = joined_evidence((one, other), seen)
    assert (wire.title, wire.first_seen_at) == ("for A", NOW - timedelta(hours=1))


def test_every_verdict_has_a_weight() -> None:
    verdicts: tuple[Verdict, ...] = get_args(Verdict)
    assert weightiest(verdicts) == "correct"
    assert {weightiest([verdict]) for verdict in verdicts} == set(verdicts)
