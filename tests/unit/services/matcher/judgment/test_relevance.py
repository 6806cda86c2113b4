from __future__ import annotations

import pytest

from schemas.clients import Watch, WatchKind
from schemas.mentions import EventKind, Impact
from services.matcher.judgment.relevance import shipped_relevance


def watch(kind: WatchKind = "holding", entity: str = "halden", weight: float | None = None) -> Watch:
    return Watch(entity_id=entity, name=entity.title(), kind=kind, weight=weight)


def impact(kind: EventKind, direction: str = "negative") -> Impact:
    return Impact(kind=kind, direction=direction, size="moderate", urgency="normal", worth_hours=24)  # type: ignore[arg-type]


def degree(kind: EventKind, stance: WatchKind, salience: float = 1.0, weight: float | None = None) -> float:
    return shipped_relevance().concern(watch(stance, weight=weight), impact(kind), salience).degree


def test_what_matters_depends_on_how_one_stands() -> None:
    assert (
        degree("vulnerability", "product") > degree("vulnerability", "holding") > degree("vulnerability", "competitor")
    )
    assert degree("dividend_cut", "holding") > degree("dividend_cut", "product")
    assert degree("strike", "supplier") > degree("strike", "topic")


def test_a_large_holding_matters_more_and_a_passing_mention_less() -> None:
    assert (
        degree("earnings", "holding", weight=0.12)
        > degree("earnings", "holding")
        > degree("earnings", "holding", weight=0.01)
    )
    assert degree("earnings", "holding", salience=0.1) < degree("earnings", "holding", salience=0.9)


@pytest.mark.parametrize(
    ("stance", "kind", "direction", "turned"),
    [
        ("holding", "recall", "negative", "negative"),
        ("competitor", "recall", "negative", "positive"),
        ("competitor", "product_launch", "positive", "negative"),
        ("product", "price_increase", "unclear", "negative"),
        ("competitor", "outage", "neutral", "neutral"),
    ],
)
def test_direction_is_the_clients(stance: WatchKind, kind: EventKind, direction: str, turned: str) -> None:
    assert shipped_relevance().concern(watch(stance), impact(kind, direction), 1.0).direction == turned
