"""A table that is updated step by step equals one that is built at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.clients import Near, Query, Watch
from schemas.items import Item
from services.matcher.mentions import term_table
from services.matcher.mentions.finder import MentionFinder

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


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(changes, max_size=8))
def test_an_updated_finder_finds_the_same_as_a_new_one(steps: list[dict[str, list[Watch]]]) -> None:
    updated = MentionFinder()
    book: dict[str, list[Watch]] = {}
    for step in steps:
        for key, given_watches in step.items():
            book[key] = [watch.model_copy(update={"entity_id": key}) for watch in given_watches]
            updated.update(key, book[key])
    rebuilt = MentionFinder.build(watch for key in sorted(book, reverse=True) for watch in book[key])
    assert len(updated) == len(rebuilt)
    for title in TITLES:
        item = Item(id="itm", title=title, summary=" ".join(TITLES))
        assert updated.find(item) == rebuilt.find(item)


def test_a_removed_entity_is_not_found_until_it_is_added_again() -> None:
    orvane = Watch(entity_id="o", name="Orvane", kind="holding")
    item = Item(id="itm", title="Orvane falls")
    finder = MentionFinder.build([orvane])
    assert len(finder.find(item)) == 1
    finder.update("o", ())
    assert finder.find(item) == ()
    finder.update("o", (orvane,))
    assert len(finder.find(item)) == 1


def test_a_shared_name_stays_when_one_entity_is_removed() -> None:
    first, second = (Watch(entity_id=key, name="Orvane", kind="holding") for key in ("a", "b"))
    finder = MentionFinder.build([first, second])
    finder.update("a", ())
    assert [mention.entity_id for mention in finder.find(Item(id="itm", title="Orvane falls"))] == ["b"]


def test_any_text_can_be_an_entity_id() -> None:
    ids = ("1:x", "!", "a\nb", "Ørvane, Å/S")
    finder = MentionFinder.build(
        [Watch(entity_id=key, name=f"Vendrix {n}", kind="holding") for n, key in enumerate(ids)]
    )
    for number, key in enumerate(ids):
        (mention,) = finder.find(Item(id="itm", title=f"Vendrix {number} falls"))
        assert mention.entity_id == key


def test_a_growing_table_still_finds_its_first_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(term_table, "_SMALLEST_MASK", 15)
    finder = MentionFinder()
    for number in range(300):
        finder.update(f"e{number}", (Watch(entity_id=f"e{number}", name=f"Vendrix {number}", kind="holding"),))
    for number in (0, 1, 2, 150, 299):
        found = finder.find(Item(id="itm", title=f"Vendrix {number} falls"))
        assert [mention.entity_id for mention in found] == [f"e{number}"]
