"""No example of Hypothesis is a constant of the product's source, which would make it differ between runs."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.providers import GLOBAL_CONSTANTS
from hypothesis.internal.constants_ast import constants_from_module

from schemas import mentions
from services.notifier import lifecycle
from services.notifier.desk import labels


def test_no_example_is_a_constant_of_the_source() -> None:
    drawn = set()

    @settings(max_examples=800, derandomize=True, database=None)
    @given(st.text(min_size=4))
    def draw(text: str) -> None:
        drawn.add(text)

    draw()
    modules = (mentions, lifecycle, labels)
    words = {word for module in modules for word in constants_from_module(module).strings if len(word) >= 4}
    assert len(words) > 200
    assert len(drawn) > 500
    assert drawn & words <= set(GLOBAL_CONSTANTS.strings)
