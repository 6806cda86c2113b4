"""Words of one root or for the same thing; what merely begins alike is neither."""

from __future__ import annotations

import pytest

from services.matcher.stories.same_things import root, shared_stems
from services.matcher.stories.signature import stem


@pytest.mark.parametrize(
    ("left", "right"),
    [("bribes", "bribery"), ("delist", "listing"), ("resigns", "resignation"), ("closing", "closure")],
)
def test_words_of_one_family_have_one_root(left: str, right: str) -> None:
    assert root(stem(left)) == root(stem(right))


@pytest.mark.parametrize(("left", "right"), [("bank", "bankruptcy"), ("plan", "plant"), ("port", "portfolio")])
def test_words_that_begin_alike_have_not(left: str, right: str) -> None:
    assert root(stem(left)) != root(stem(right))


@pytest.mark.parametrize(
    ("said", "known", "shared"),
    [
        ("vessels", "fleet", True),
        ("dismissals", "jobs", True),
        ("vessels", "aircraft", False),
        ("vaccine", "drug", False),
    ],
)
def test_words_for_the_same_thing_are_shared(said: str, known: str, shared: bool) -> None:
    assert bool(shared_stems(frozenset((stem(said),)), frozenset((stem(known),)))) == shared
