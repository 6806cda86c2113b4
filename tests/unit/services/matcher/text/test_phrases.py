"""Finding phrases in folded text."""

from __future__ import annotations

from services.matcher.text.normalize import fold_case
from services.matcher.text.phrases import PhraseMatcher


def test_find_returns_whole_words_and_the_longest_of_overlapping_phrases() -> None:
    phrases = PhraseMatcher([("talks", 1), ("in talks", 2), ("could", 3)])
    assert [hit.label for hit in phrases.find(fold_case("Halden In Talks, couldbe"))] == [2]


def test_find_all_returns_phrases_inside_longer_ones_too() -> None:
    phrases = PhraseMatcher([("talks", 1), ("in talks", 2)])
    assert sorted(hit.label for hit in phrases.find_all("in talks")) == [1, 2]
