"""Queries find what they ask for, and do not interfere with the names in the book."""

from __future__ import annotations

import pytest

from schemas.clients import Near, Query, Watch
from schemas.items import Item
from services.matcher.mentions.finder import MentionFinder
from services.matcher.mentions.queries import compile_query
from tests.growth import assert_linear

NAMES = [
    Watch(entity_id="rate-bank", name="Prime Rate Bank", kind="holding"),
    Watch(entity_id="marlow", name="Marlow Mills", kind="competitor"),
]


def match_texts(query: Query, title: str, summary: str | None = None, **more: object) -> list[str] | None:
    """Return the texts of the spans by which ``query`` matches, or None."""
    watch = Watch.model_validate({"entity_id": "q", "name": "Q", "kind": "topic", "query": query, **more})
    mentions = MentionFinder.build([*NAMES, watch]).find(Item(id="itm", title=title, summary=summary))
    return next(([span.text for span in mention.spans] for mention in mentions if mention.entity_id == "q"), None)


ANY = Query(any_of=("bread", "oat cereal"))
ALL = Query(all_of=("bread | loaf", "price"))
NONE = Query(any_of=("bread",), none_of=("recipe", "bread crumb"))
NEAR = Query(near=(Near(words=("price | prices", "raise | raises | raised"), within=3),))
NAMED = Query(all_of=("Apple", "price"))


@pytest.mark.parametrize(
    ("query", "title", "spans"),
    [
        (ANY, "Oat-cereals and bread dearer", ["Oat-cereals", "bread"]),
        (ANY, "Breadth of the market narrows", None),
        (ALL, "Price of a loaf", ["Price", "loaf"]),
        (ALL, "Price of flour", None),
        (NONE, "Bread is dearer", ["Bread"]),
        (NONE, "Bread recipes", None),
        (NONE, "A bread crumb falls", None),
        (NEAR, "Mills raises flour prices", ["raises", "prices"]),
        (NEAR, "Mill raises wages as flour and oat prices fall", None),
        (NEAR, "Prices fall, then mills raise prices", ["raise", "prices"]),
        (NAMED, "Price of Apple laptops cut", ["Price", "Apple"]),
        (NAMED, "The price of an apple rises", None),
        (Query(any_of=("rate",)), "Prime Rate Bank lends", None),
        (Query(any_of=("rate",)), "Prime Rate Bank cuts its rate", ["rate"]),
        (Query(any_of=("Marlow Mills",)), "Marlow Mills’ bakery burns", ["Marlow Mills"]),
        (Query(any_of=("café", "straße")), "Cafe opens on the Strasse", ["Cafe", "Strasse"]),
    ],
)
def test_a_query_matches_as_written(query: Query, title: str, spans: list[str] | None) -> None:
    assert match_texts(query, title) == spans


def test_the_reason_quotes_the_words_that_matched() -> None:
    watch = Watch(entity_id="q", name="Dearer bread", kind="topic", query=ALL)
    (mention,) = MentionFinder.build([watch]).find(Item(id="itm", title="Price of a loaf rises"))
    assert mention.why == "Dearer bread is matched by “Price” at the start of the title, 2 times in total."


def test_near_means_within_one_field() -> None:
    assert match_texts(NEAR, "Mills raise", summary="prices") is None


def test_all_of_may_match_in_several_fields() -> None:
    assert match_texts(ALL, "Bread again", summary="The price rose.") == ["Bread", "price"]


def test_context_and_exclusion_narrow_a_query() -> None:
    assert match_texts(ANY, "Bread in Norwick", context=("Norwick",)) == ["Bread"]
    assert match_texts(ANY, "Bread in Easton", context=("Norwick",)) is None
    assert match_texts(ANY, "Bread in Norwick", exclude=("Norwick",)) is None


def test_a_query_of_one_client_and_the_name_of_another_are_both_found() -> None:
    query = Query(any_of=("Marlow Mills strike",))
    watchlist = MentionFinder.build([*NAMES, Watch(entity_id="q", name="Q", kind="topic", query=query)])
    found = watchlist.find(Item(id="itm", title="Marlow Mills strike ends"))
    assert [mention.entity_id for mention in found] == ["marlow", "q"]


def test_overlapping_phrases_of_two_clients_are_all_found() -> None:
    watchlist = MentionFinder.build(
        [Watch(entity_id=name, name=name, kind="topic", topic=None) for name in ("oil", "oil price", "price")]
    )
    found = watchlist.find(Item(id="itm", title="The oil price rises"))
    assert [mention.entity_id for mention in found] == ["oil", "oil price", "price"]


def test_the_rarest_words_are_the_anchors() -> None:
    query = compile_query((Query(all_of=("price", "Corvane"), any_of=("shares", "take")),))
    assert query is not None
    assert [term.norm for term in query.anchors] == ["corvane"]
    assert compile_query((Query(none_of=("x",)),)) is None


def test_a_long_repetitive_text_is_matched_quickly() -> None:
    item = Item(id="itm", title="x", body="price raise " * 4_000)
    query = Query(near=(Near(words=("price", "price | raise", "raise", "other"), within=9),))
    watch = Watch(entity_id="q", name="Q", kind="topic", query=query)
    assert MentionFinder.build([watch]).find(item) == ()
    finder = MentionFinder.build([*NAMES, Watch(entity_id="q", name="Q", kind="topic", query=Query(any_of=("mills",)))])

    def find(size: int) -> None:
        (_, mention) = finder.find(Item(id="itm", title="x", body="Marlow Mills and mills. " * size))
        assert len(mention.spans) == size

    assert_linear(find, 2_000)


def test_a_query_matches_a_watched_entity_under_any_of_its_names() -> None:
    watchlist = MentionFinder.build(
        [
            Watch(entity_id="h", name="Halden Energy", aliases=("HLD",), tickers=("HLDN",), kind="holding"),
            Watch(entity_id="q", name="Q", kind="topic", query=Query(all_of=("Halden Energy", "strike"))),
        ]
    )
    for title in ("Halden Energy strike ends", "HLD strike ends", "Shares of (NYSE: HLDN) fall as strike looms"):
        found = watchlist.find(Item(id="itm", title=title))
        assert [mention.entity_id for mention in found] == ["h", "q"], title
    assert [m.entity_id for m in watchlist.find(Item(id="itm", title="HLD opens plant"))] == ["h"]
    watchlist.update("h", ())
    assert watchlist.find(Item(id="itm", title="HLD strike ends")) == ()
