"""Normalizing text to words, and mapping the words back to the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matcher.text.normalize import BAR, fold_case, padded_words, word_spans, words


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
def test_words_are_normalized(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_every_word_has_a_span_in_the_text(text: str) -> None:
    spans = word_spans(text)
    assert len(spans) == len(words(text))
    assert all(0 <= start <= end <= len(text) for start, end in spans)


@given(st.text(alphabet="aZé'’-.& ßĳ\u0301\u00bd9|", max_size=40))
def test_words_and_spans_agree_on_awkward_text(text: str) -> None:
    for norm, (start, end) in zip(words(text), word_spans(text), strict=True):
        assert norm == BAR or norm == "and" or norm in words(text[start:end])


@given(st.text(max_size=200))
def test_folding_case_keeps_every_character_in_its_position(text: str) -> None:
    assert len(fold_case(text)) == len(text)


def test_padded_words_have_a_space_on_both_sides() -> None:
    assert padded_words("Orvane falls") == " orvane falls "
