from __future__ import annotations

import pytest

from services.notifier.drafting.dictionary import is_ordinary


@pytest.mark.parametrize("word", ["quarter", "recalls", "labour", "labor", "chipmaker", "ransomware"])
def test_ordinary_words_are_in_the_dictionary_in_lower_case(word: str) -> None:
    assert is_ordinary(word)


@pytest.mark.parametrize("word", ["london", "nvidia", "december", "orvix"])
def test_names_are_not(word: str) -> None:
    assert not is_ordinary(word)
