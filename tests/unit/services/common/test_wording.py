"""Words that limit a report are found, whatever their case."""

from __future__ import annotations

import pytest

from services.common.wording import LESS, words_found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Halden closes the plant for two weeks", {"for two weeks"}),
        ("Temporarily closed: some of the vans", {"temporarily", "some of"}),
        ("Halden closes the plant for good", set()),
        ("Halden closes the plant", set()),
    ],
)
def test_words_that_say_less_are_found(text: str, found: set[str]) -> None:
    assert words_found(LESS, text) == found
