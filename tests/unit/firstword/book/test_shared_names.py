from __future__ import annotations

import pytest

from firstword.book import load_book

HEAD = "firm: {name: Harbour & Vane}\nmanagers: [{id: mara, name: Mara Lindqvist}]\nclients:\n"
CORVANE = "  - {name: A, assets: [{name: Corvane Pharma, aliases: [Corvane]}]}\n"


def warnings(clients: str) -> list[tuple[int, str, str]]:
    found, problems = load_book(HEAD + clients, "book.yaml")
    assert found is not None, problems
    return [(problem.line, problem.field, problem.message) for problem in problems]


def test_a_name_of_two_entities_is_reported_once() -> None:
    other = "  - {name: B, assets: [{name: Corvane Foods, aliases: [Corvane]}]}\n"
    third = "  - {name: C, assets: [{name: Corvane plc}]}\n"
    assert warnings(CORVANE + other + third) == [
        (5, "clients[1].assets[0]", "'Corvane' means 'Corvane Foods' here, and 'Corvane Pharma' for A.")
    ]


@pytest.mark.parametrize(
    "other",
    [
        "{name: Corvane Pharma plc, aliases: [Corvane]}",
        "{name: Corvane, context: [drug]}",
        "{name: Corvane, kind: supplier, id: corvane-pharma}",
    ],
)
def test_the_same_entity_or_one_with_context_is_not_reported(other: str) -> None:
    assert warnings(CORVANE + f"  - {{name: B, assets: [{other}]}}\n") == []


def test_an_interest_with_a_query_shares_no_name() -> None:
    assert warnings(CORVANE + "  - {name: B, interests: [{name: Corvane, any_of: [Corvane], scope: all}]}\n") == []
