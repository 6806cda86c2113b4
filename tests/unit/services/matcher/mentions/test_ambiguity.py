"""Ambiguous names are reported with a reason and a suitable fix; unambiguous ones are not reported."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clients import Watch
from services.matcher.mentions.ambiguity import find_ambiguous_names, suggest_context
from tests.growth import assert_linear


def watch(name: str, *aliases: str, kind: str = "holding", **more: object) -> Watch:
    return Watch.model_validate({"entity_id": "e", "name": name, "aliases": aliases, "kind": kind, **more})


@pytest.mark.parametrize(
    ("watched", "name", "why", "fix"),
    [
        (watch("Titan"), "Titan", "ordinary word", "name: Titan <Bank, Foods …>"),
        (watch("Gap Stores Ltd", "Gap"), "Gap", "ordinary word", "remove 'Gap': 'Gap Stores Ltd'"),
        (watch("Gap Stores Ltd", "GS"), "GS", "only 2 letters", "retailer, sales"),
        (watch("Deepak Chemicals", "Deepak"), "Deepak", "person's name", "remove 'Deepak'"),
        (watch("Central Lending Ltd", "CBI"), "CBI", "authority", "remove 'CBI'"),
        (watch("Norwick Oil", "Oil"), "Oil", "traded", "crude, barrels"),
        (watch("NOW", kind="product"), "NOW", "headlines are written in capitals", "name: <maker> Now"),
        (watch("harbor", kind="product"), "harbor", "without a capital", "name: <maker> Harbor"),
        (watch("Nice", kind="place"), "Nice", "also an ordinary word", "city, region"),
        (watch("reading", kind="topic"), "reading", "in any letter case", "all_of: [reading, …]"),
        (watch("X"), "X", "single character", "context"),
        (watch("!!"), "!!", "no word", "longer name"),
    ],
)
def test_an_ambiguous_name_is_reported_with_a_reason_and_a_fix(watched: Watch, name: str, why: str, fix: str) -> None:
    (ambiguous,) = find_ambiguous_names(watched)
    assert ambiguous.name == name
    assert ambiguous.field == ("name" if name == watched.name else "aliases")
    assert why in ambiguous.why
    assert fix in ambiguous.fix
    assert "context: [" in ambiguous.fix


@pytest.mark.parametrize(
    "watched",
    [
        watch("Corvane Pharma", "Corvane"),
        watch("Target Stores plc"),
        watch("Target", context=("shop",)),
        watch("kubernetes", kind="product"),
        watch("inflation", kind="topic"),
        watch("target", kind="topic", query={"any_of": ["x"]}),
        watch("Reserve Bank", "RBI"),
    ],
)
def test_an_unambiguous_watch_is_not_reported(watched: Watch) -> None:
    assert find_ambiguous_names(watched) == ()


def test_suggested_context_does_not_repeat_the_name() -> None:
    watched = watch("Norwick Bank", note="a bank of the oil trade")
    assert suggest_context(watched) == ("lender", "loans", "oil", "crude", "barrels")


@given(st.text(min_size=1, max_size=12), st.lists(st.text(min_size=1, max_size=8), max_size=2))
def test_any_name_can_be_checked(name: str, aliases: list[str]) -> None:
    for ambiguous in find_ambiguous_names(watch(name, *aliases)):
        assert ambiguous.why.endswith(".")


def test_a_large_book_is_checked_in_proportion_to_its_size() -> None:
    def check(size: int) -> None:
        for number in range(size):
            find_ambiguous_names(watch(f"Vendrix {size} {number} Foods", f"Vendrix {size} {number}"))

    assert_linear(check, 4_000)
