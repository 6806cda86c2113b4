"""A book that changed bit by bit is watched exactly as one that is read anew, however its layers were merged."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.clients import Near, Query, Watch
from schemas.items import Item
from services.matcher.layers import Layers, Sizes
from services.matcher.mentions import Watchlist

ENTITIES = ("a", "b", "c", "d", "e", "f")
NAMES = (
    "Orvane",
    "Orvane Norwick",
    "Norwick",
    "Target",
    "target date",
    "Bank of America",
    "America",
    "ORV",
    "Capital Gains",
)
TITLES = (
    "Orvane Norwick buys Target as Bank of America lends",
    "Target date funds and capital gains: America votes",
    "America's Norwick sues Orvane (NYSE: ORV)",
    "orvane norwick hikes prices after target date strike",
    "Capital Gains Ltd hit by ransomware, Orvanes recalled",
)

queries = st.builds(
    Query,
    any_of=st.lists(st.sampled_from(NAMES), max_size=2).map(tuple),
    all_of=st.lists(st.sampled_from(("prices", "lends | strike", "ransomware")), max_size=1).map(tuple),
    none_of=st.lists(st.sampled_from(("votes", "Orvane")), max_size=1).map(tuple),
    near=st.lists(st.just(Near(words=("hikes", "prices"), within=2)), max_size=1).map(tuple),
)
watches = st.builds(
    Watch,
    entity_id=st.just(""),
    name=st.sampled_from(NAMES),
    kind=st.sampled_from(("holding", "topic")),
    aliases=st.lists(st.sampled_from(NAMES), max_size=2).map(tuple),
    context=st.lists(st.sampled_from(("funds", "lends")), max_size=1).map(tuple),
    query=st.none() | queries,
    topic=st.sampled_from((None, None, "ransomware", "strike")),
)
changes = st.dictionaries(st.sampled_from(ENTITIES), st.lists(watches, max_size=2), min_size=1, max_size=3)


@settings(max_examples=150, deadline=None)
@given(st.lists(changes, max_size=8), st.integers(0, 3), st.integers(0, 5))
def test_layers_find_what_one_list_finds(steps: list[dict[str, list[Watch]]], small: int, largest: int) -> None:
    changed = Watchlist(Layers.empty(Sizes(small, largest)))
    book: dict[str, list[Watch]] = {}
    for step in steps:
        now = {key: [watch.model_copy(update={"entity_id": key}) for watch in given] for key, given in step.items()}
        changed = changed.changed(now)
        book.update(now)
    anew = Watchlist.build(watch for key in sorted(book) for watch in book[key])
    for title in TITLES:
        item = Item(id="itm", title=title, summary=" ".join(TITLES))
        assert changed.find(item) == anew.find(item)


@pytest.mark.parametrize(("sizes", "depth"), [(Sizes(1, 1), 64), (Sizes(2, 4), 22), (Sizes(1, 64), 6), (Sizes(), 1)])
def test_layers_are_few(sizes: Sizes, depth: int) -> None:
    layers = Layers.empty(sizes)
    for number in range(64):
        name = f"Vendrix {number}"
        layers = layers.changed({name: (Watch(entity_id=name, name=name, kind="holding"),)})
    assert layers.depth <= depth
    assert len(layers.hits(" vendrix 7 ")) == 1


def test_what_is_removed_is_found_no_more_and_can_come_back() -> None:
    orvane = Watch(entity_id="o", name="Orvane", kind="holding")
    item = Item(id="itm", title="Orvane falls")
    listed = Watchlist.build([orvane])
    gone = listed.changed({"o": ()})
    assert (len(listed.find(item)), len(gone.find(item)), len(gone.changed({"o": (orvane,)}).find(item))) == (1, 0, 1)
