"""Interests with a topic or a query, and the problems that are reported for invalid ones."""

from __future__ import annotations

import pytest

from firstword.book import load_book
from schemas.clients import Near, Query, Watch

BOOK = """\
firm: {{name: Harbour & Vane}}
managers: [{{id: mara, name: Mara Lindqvist}}]
clients:
  - name: Claire Arnaud
    interests:
      - {entry}
"""


def interest(entry: str) -> Watch:
    book, problems = load_book(BOOK.format(entry=entry), "book.yaml")
    assert book is not None, problems
    return book.clients[0].interests[0]


def first_problem(entry: str) -> tuple[int, str, str]:
    book, problems = load_book(BOOK.format(entry=entry), "book.yaml")
    assert book is None
    return problems[0].line, problems[0].field, f"{problems[0].message} {problems[0].fix}"


@pytest.mark.parametrize(
    ("entry", "name", "topic"),
    [
        ("ransomware", "ransomware", "ransomware"),
        ("Data breach", "Data breach", "data-breach"),
        ("{topic: price increase}", "Price increase", "price-increase"),
        ("{name: Locked files, topic: ransomware, context: [hospital]}", "Locked files", "ransomware"),
        ("{name: ransomware, topic: false}", "ransomware", None),
        ("{name: ransomware, aliases: [extortion]}", "ransomware", None),
        ("{name: ransomware, kind: competitor}", "ransomware", None),
        ("a topic of their own", "a topic of their own", None),
    ],
)
def test_an_interest_can_name_a_topic(entry: str, name: str, topic: str | None) -> None:
    watch = interest(entry)
    assert (watch.name, watch.topic, watch.query) == (name, topic, None)


def test_an_interest_can_have_a_query() -> None:
    watch = interest(
        "{name: Dearer bread, any_of: [bread, flour], all_of: ['Marlow Mills | Fennimore Foods'], none_of: [recipe],"
        " near: {words: [price, raise | raises], within: 5}}"
    )
    assert watch.query == Query(
        any_of=("bread", "flour"),
        all_of=("Marlow Mills | Fennimore Foods",),
        none_of=("recipe",),
        near=(Near(words=("price", "raise | raises"), within=5),),
    )
    assert interest("{name: N, near: [{words: [a, b]}, {words: [c, d]}]}").query == Query(
        near=(Near(words=("a", "b")), Near(words=("c", "d")))
    )


def test_equal_queries_mean_the_same_entity() -> None:
    bread = interest("{name: Bread, any_of: [bread, loaf]}").entity_id
    assert bread == interest("{name: bread, any_of: [loaf, bread]}").entity_id
    assert bread != interest("{name: Bread, any_of: [bread]}").entity_id
    assert interest("ransomware").entity_id == interest("{topic: Ransomware}").entity_id == "ransomware"
    assert interest("{topic: merger}").entity_id == "merger-or-takeover"
    assert interest("{topic: ransomware, context: [hospital]}").entity_id != "ransomware"


@pytest.mark.parametrize(
    ("entry", "field", "message"),
    [
        ("{topic: ransomwear}", "topic", "Did you mean 'ransomware'? 'firstword clients topics' lists them."),
        ("{name: N, none_of: [x]}", "none_of", "finds nothing"),
        ("{name: N, any_of: ['?!']}", "any_of", "contains no word"),
        ("{name: N, any_of: ['bread | ']}", "any_of", "contains no word"),
        ("{name: N, near: {words: [x]}}", "near.words", "at least two words"),
        ("{name: N, near: {words: [x, y], within: 90}}", "near.within", "at most 50"),
        ("{name: N, near: {words: [x, y], within: 0}}", "near.within", "whole number of at least 1"),
        ("{name: N, near: [price, raise]}", "near[0]", "Write `near: {words: [a, b], within: 8}`."),
        ("{name: N, near: {word: [x, y]}}", "near.word", "Did you mean 'words'?"),
        ("{any_of: [bread]}", "name", "is missing"),
        ("{name: N, any_of: [bread], aliases: [loaf]}", "aliases", "Move it to `any_of`."),
    ],
)
def test_an_invalid_interest_is_reported_with_its_field_and_fix(entry: str, field: str, message: str) -> None:
    line, path, text = first_problem(entry)
    assert (line, path) == (6, f"clients[0].interests[0].{field}")
    assert message in text


def test_an_asset_cannot_have_a_query() -> None:
    text = BOOK.format(entry="x").replace("interests", "assets").replace("- x", "- {name: N, any_of: [x]}")
    assert load_book(text, "book.yaml")[0] is None
