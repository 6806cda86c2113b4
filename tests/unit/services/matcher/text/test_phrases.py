from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.matcher.lexicon import expand
from services.matcher.text.phrases import Phrases, fold, sentences


def test_braces_stand_for_alternatives() -> None:
    assert sorted(expand("{cut|cuts} {its|} dividend")) == [
        "cut dividend",
        "cut its dividend",
        "cuts dividend",
        "cuts its dividend",
    ]


def test_whole_words_and_the_longest_of_those_that_overlap() -> None:
    phrases = Phrases([("talks", 1), ("in talks", 2), ("could", 3)])
    assert [hit.mark for hit in phrases.find(fold("Halden In Talks, couldbe"))] == [2]


def test_every_reading_is_found_when_all_are_asked_for() -> None:
    phrases = Phrases([("talks", 1), ("in talks", 2)])
    assert sorted(hit.mark for hit in phrases.find_all("in talks")) == [1, 2]


def test_sentences_do_not_end_at_abbreviations() -> None:
    text = 'Halden Inc. cut its dividend. "We must," said J. Roe of Roe Ltd. It pays in June.'
    assert [each.text for each in sentences(text)] == [
        "Halden Inc. cut its dividend.",
        '"We must," said J. Roe of Roe Ltd. It pays in June.',
    ]


@given(st.text(max_size=200))
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(st.text(alphabet=st.sampled_from('Ab1 .!?"\n,('), max_size=120))
def test_sentences_are_verbatim(text: str) -> None:
    for each in sentences(text):
        assert text[each.start : each.start + len(each.text)] == each.text
