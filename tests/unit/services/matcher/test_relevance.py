from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clients import Client, Watch, WatchKind
from schemas.mentions import EventKind, Impact
from services.matcher.relevance import BookIndex, shipped_relevance


def watch(kind: WatchKind = "holding", entity: str = "halden", weight: float | None = None) -> Watch:
    return Watch(entity_id=entity, name=entity.title(), kind=kind, weight=weight)


def client(client_id: str, *watches: Watch) -> Client:
    return Client(
        id=client_id,
        name=client_id,
        manager_id="m",
        trade="wealth",
        assets=tuple(each for each in watches if each.is_asset),
        interests=tuple(each for each in watches if not each.is_asset),
    )


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


def test_the_index_follows_changes_and_removals() -> None:
    index = BookIndex()
    index.changed(client("b", watch()))
    index.changed(client("a", watch(), watch(entity="meridia")))
    assert [stake.client_id for stake in index.stakes("halden")] == ["a", "b"]
    index.changed(client("a", watch(entity="meridia")))
    assert [stake.client_id for stake in index.stakes("halden")] == ["b"]
    index.removed("b")
    index.removed("nobody")
    assert index.stakes("halden") == ()
    assert [each.entity_id for each in index.watches()] == ["meridia"]


def test_who_holds_and_follows_the_same_counts_as_holding() -> None:
    index = BookIndex()
    index.changed(client("a", watch("topic"), watch("holding")))
    assert [stake.watch.kind for stake in index.stakes("halden")] == ["holding"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.lists(st.sampled_from(["x", "y", "z"]), max_size=3)), max_size=12))
def test_the_index_is_what_the_last_changes_say(changes: list[tuple[str, list[str]]]) -> None:
    index, last = BookIndex(), dict[str, set[str]]()
    for client_id, entities in changes:
        index.changed(client(client_id, *(watch(entity=each) for each in entities)))
        last[client_id] = set(entities)
    for entity in "xyz":
        expected = sorted(client_id for client_id, entities in last.items() if entity in entities)
        assert [stake.client_id for stake in index.stakes(entity)] == expected
