"""Splitting text into sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matcher.text.sentences import sentences
from tests.growth import assert_linear


def test_sentences_do_not_end_at_abbreviations() -> None:
    text = 'Halden Inc. cut its dividend. "We must," said J. Roe of Roe Ltd. It pays in June.'
    assert [sentence.text for sentence in sentences(text)] == [
        "Halden Inc. cut its dividend.",
        '"We must," said J. Roe of Roe Ltd. It pays in June.',
    ]

    text = "Texas Gov. Ada Berg (R) signed it. Rep. Roe and Sen. Lee did not."
    assert [sentence.text for sentence in sentences(text)] == [
        "Texas Gov. Ada Berg (R) signed it.",
        "Rep. Roe and Sen. Lee did not.",
    ]


@given(st.text(alphabet=st.sampled_from('Ab1 .!?"\n,('), max_size=120))
def test_sentences_are_verbatim(text: str) -> None:
    for sentence in sentences(text):
        assert text[sentence.start : sentence.start + len(sentence.text)] == sentence.text


@pytest.mark.parametrize("word", ["Mr. ", "U.S. "])
def test_many_abbreviations_take_linear_time(word: str) -> None:
    def split(size: int) -> None:
        text = word * (size // len(word))
        assert [sentence.text for sentence in sentences(text)] == [text.rstrip()]

    assert_linear(split, 20_000)
