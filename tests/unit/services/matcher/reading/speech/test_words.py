"""A sentence is split into words with their positions and capitals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matcher.reading.speech.words import READ_CHARS, quoted_words, split_words


def texts(text: str) -> list[str]:
    return [word.text for word in split_words(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Halden's plant, it said.", ["Halden's", "plant", ",", "it", "said", "."]),
        ("Halden Energy (NYSE: HAL) said", ["Halden", "Energy", "said"]),
        ("Halden Energy, Inc. said", ["Halden", "Energy", "Inc", "said"]),
        ("Gov. Ann B. Lee said", ["Gov", "Ann", "B", "Lee", "said"]),
        ("the U.S. said", ["the", "U.S", "said"]),
        ("AT&T and 9to5Mac", ["AT&T", "and", "9to5Mac"]),
        ("Halden sells unit -FT", ["Halden", "sells", "unit", "-", "FT"]),
    ],
)
def test_marks_are_separate_and_asides_are_left_out(text: str, words: list[str]) -> None:
    assert texts(text) == words


@pytest.mark.parametrize(
    ("word", "capital"),
    [("Halden", True), ("iHalden", True), ("halden", False), ("Halden-based", False), ("42", False)],
)
def test_a_capital_may_stand_inside_a_name(word: str, capital: bool) -> None:
    assert split_words(word)[0].is_capital is capital


def test_a_possessive_ending_is_not_part_of_the_normal_form() -> None:
    (word,) = split_words("Halden’s")
    assert (word.norm, word.is_possessive) == ("halden", True)


def test_words_in_quotation_marks_are_known() -> None:
    words = split_words('"We grow," Halden said')
    assert [words[index].text for index in sorted(quoted_words(words))] == ['"', "We", "grow", ","]


@given(st.text(max_size=2_000))
def test_every_word_stands_where_it_says(text: str) -> None:
    for word in split_words(text):
        assert text[word.start : word.end] == word.text
        assert word.end <= READ_CHARS
