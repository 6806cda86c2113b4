"""Names that mean other things too are told with the reason and a fix that fits the watch; clear ones are not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clients import Watch
from services.matcher.mentions.ambiguity import find_ambiguous_names, suggest_context


def watch(name: str, *aliases: str, kind: str = "holding", **more: object) -> Watch:
    return Watch.model_validate({"entity_id": "e", "name": name, "aliases": aliases, "kind": kind, **more})


@pytest.mark.parametrize(
    ("watched", "name", "why", "fix"),
    [
        (watch("Titan"), "Titan", "ordinary word", "name: Titan <Bank, Foods …>"),
        (watch("Gap Stores Ltd", "Gap"), "Gap", "ordinary word", "leave 'Gap' out, for 'Gap Stores Ltd'"),
        (watch("Gap Stores Ltd", "GS"), "GS", "only 2 letters", "retailer, sales"),
        (watch("Deepak Chemicals", "Deepak"), "Deepak", "person's name", "leave 'Deepak' out"),
        (watch("Central Lending Ltd", "CBI"), "CBI", "authority", "leave 'CBI' out"),
        (watch("Norwick Oil", "Oil"), "Oil", "traded", "crude, barrels"),
        (watch("NOW", kind="product"), "NOW", "headlines shout", "name: <maker> Now"),
        (watch("harbor", kind="product"), "harbor", "without a capital", "name: <maker> Harbor"),
        (watch("Nice", kind="place"), "Nice", "ordinary word as well", "city, region"),
        (watch("reading", kind="topic"), "reading", "whatever its case", "all_of: [reading, …]"),
        (watch("X"), "X", "single character", "context"),
        (watch("!!"), "!!", "no word", "longer name"),
    ],
)
def test_risky(watched: Watch, name: str, why: str, fix: str) -> None:
    (risk,) = find_ambiguous_names(watched)
    assert risk.name == name
    assert risk.where == ("name" if name == watched.name else "aliases")
    assert why in risk.why
    assert fix in risk.fix
    assert "context: [" in risk.fix


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
def test_clear(watched: Watch) -> None:
    assert find_ambiguous_names(watched) == ()


def test_context_never_repeats_the_name() -> None:
    watched = watch("Norwick Bank", note="a bank of the oil trade")
    assert suggest_context(watched) == ("lender", "loans", "oil", "crude", "barrels")


@given(st.text(min_size=1, max_size=12), st.lists(st.text(min_size=1, max_size=8), max_size=2))
def test_any_name_can_be_looked_at(name: str, aliases: list[str]) -> None:
    for risk in find_ambiguous_names(watch(name, *aliases)):
        assert risk.why.endswith(".")


def test_a_large_book_takes_seconds() -> None:
    begun = time.process_time()
    for number in range(20_000):
        find_ambiguous_names(watch(f"Vendrix {number} Foods", f"Vendrix {number}"))
    assert time.process_time() - begun < 5
