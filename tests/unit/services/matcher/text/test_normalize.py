"""Folding and splitting: what two ways of writing a name have in common, and the way back to the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matcher.text.normalize import BAR, padded, places, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Orvane's profit", ["orvane", "profit"]),
        ("Orvane’s profit", ["orvane", "profit"]),
        ("Crème Brûlée S.A.", ["creme", "brulee", "sa"]),
        ("L&T and T & L", ["l", "and", "t", "and", "t", "and", "l"]),
        ("the U.S. economy", ["the", "us", "economy"]),
        ("L'Orvane", ["lorvane"]),
        ("ＯＲＶＡＮＥ", ["orvane"]),
        ("Straße", ["strasse"]),
        ("R-Tel wins", ["r", "tel", "wins", BAR, "rtel"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_every_word_has_its_place_in_the_text(text: str) -> None:
    found = places(text)
    assert len(found) == len(words(text))
    assert all(0 <= start <= end <= len(text) for start, end in found)


@given(st.text(alphabet="aZé'’-.& ßĳ\u0301\u00bd9|", max_size=40))
def test_words_and_places_agree_on_awkward_text(text: str) -> None:
    for norm, (start, end) in zip(words(text), places(text), strict=True):
        assert norm == BAR or norm == "and" or norm in words(text[start:end])


def test_padded_has_a_blank_on_both_sides() -> None:
    assert padded("Orvane falls") == " orvane falls "
