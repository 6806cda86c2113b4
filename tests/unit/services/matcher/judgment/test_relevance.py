"""Relevance depends on the client's stance, the size of the holding and the entity's salience."""

from __future__ import annotations

import pytest

from schemas.clients import Watch, WatchKind
from schemas.mentions import Direction, EventKind
from services.matcher.judgment.relevance import default_relevance_rules
from services.matcher.stories.threads import EventSummary


def watch(kind: WatchKind = "holding", entity: str = "halden", weight: float | None = None) -> Watch:
    return Watch(entity_id=entity, name=entity.title(), kind=kind, weight=weight)


def event(kind: EventKind, direction: Direction = "negative") -> EventSummary:
    return EventSummary(kind=kind, direction=direction, size="moderate", urgency="normal", worth_hours=24)


def score(kind: EventKind, stance: WatchKind, salience: float = 1.0, weight: float | None = None) -> float:
    return default_relevance_rules().score(watch(stance, weight=weight), event(kind), salience).score


def test_relevance_depends_on_the_stance() -> None:
    assert score("vulnerability", "product") > score("vulnerability", "holding") > score("vulnerability", "competitor")
    assert score("dividend_cut", "holding") > score("dividend_cut", "product")
    assert score("strike", "supplier") > score("strike", "topic")


def test_a_large_holding_is_more_relevant_and_a_passing_mention_less() -> None:
    assert (
        score("earnings", "holding", weight=0.12)
        > score("earnings", "holding")
        > score("earnings", "holding", weight=0.01)
    )
    assert score("earnings", "holding", salience=0.1) < score("earnings", "holding", salience=0.9)


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
    assert default_relevance_rules().score(watch(stance), event(kind, direction), 1.0).direction == expected
