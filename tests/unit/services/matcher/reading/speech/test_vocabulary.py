"""The words by which speakers are recognized."""

from __future__ import annotations

import pytest

from schemas.mentions import ClaimBasis
from services.matcher.reading.speech.vocabulary import SpeakerKind, speaker_words
from services.matcher.reading.speech.words import split_words


@pytest.mark.parametrize(
    ("name", "basis"),
    [
        ("Reuters", "wire"),
        ("The Wall Street Journal", "outlet"),
        ("FTC", "regulator"),
        ("US FTC", "regulator"),
        ("WHO", "regulator"),
        ("who", None),
        ("reuters", None),
        ("Goldman Sachs", "researcher"),
        ("Halden", None),
    ],
)
def test_known_names_are_looked_up_by_capitals(name: str, basis: ClaimBasis | None) -> None:
    words = split_words(name)
    if words[0].norm == "the":
        words = words[1:]
    assert speaker_words().lookup(words) == basis


def test_the_last_word_that_shows_a_kind_counts() -> None:
    assert speaker_words().kind_of(split_words("police officer")) == (1, SpeakerKind("person", comments=True))
    assert speaker_words().kind_of(split_words("central bank")) == (1, SpeakerKind("regulator"))
    assert speaker_words().kind_of(split_words("plan"))[1] is None


@pytest.mark.parametrize(("name", "person"), [("Ann Lindqvist", True), ("Sable Ridge", False), ("IBM Nordmark", False)])
def test_two_words_that_are_not_english_may_be_a_person(name: str, person: bool) -> None:
    assert speaker_words().looks_like_person(split_words(name)) is person
