"""WordNet knows opposites, and words that mean the same, that the check's own list lacks."""

from __future__ import annotations

import pytest

from services.notifier.drafting.meaning.compare import check_meaning
from services.notifier.drafting.meaning.relations import are_opposite, are_similar, has_opposites
from services.notifier.drafting.meaning.statements import Word, statements


def _word(text: str) -> Word:
    return statements(f"{text} it.")[0].words[0]


@pytest.mark.parametrize(("word", "other"), [("victory", "defeat"), ("artificial", "natural")])
def test_opposites_are_known_in_both_directions(word: str, other: str) -> None:
    assert are_opposite(_word(word), _word(other))
    assert are_opposite(_word(other), _word(word))
    assert not are_similar(_word(word), _word(other))
    assert has_opposites(_word(word))


def test_words_that_can_mean_the_same_are_alike() -> None:
    assert are_similar(_word("physician"), _word("doctor"))
    assert not are_similar(_word("battery"), _word("verdict"))
    assert not are_opposite(_word("physician"), _word("doctor"))
    assert not has_opposites(_word("zyxwv"))


def test_an_opposite_that_the_lists_lack_is_found_among_the_same_words() -> None:
    evidence = ["Oria makes artificial sweeteners for drinks in Norway."]
    [found] = check_meaning("Oria makes natural sweeteners for drinks.", evidence)
    assert (found.kind, found.words, found.evidence_words) == ("opposite", "natural", "artificial")
    assert check_meaning("Oria sells drinks with natural juice in Norway.", evidence) == ()
