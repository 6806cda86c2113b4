"""Words are verbs of saying only where somebody says something with them."""

from __future__ import annotations

import pytest

from services.matcher.reading.speech.sentence import SpokenSentence
from services.matcher.reading.speech.verbs import reports_news, verb_at
from services.matcher.reading.speech.vocabulary import speaker_words


def verbs(text: str, *, is_title: bool = True) -> list[str]:
    sentence = SpokenSentence(text, speaker_words(), is_title=is_title)
    return [sentence.words[index].text for index in range(len(sentence.words)) if verb_at(sentence, index)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Halden says it will close its plant", ["says"]),
        ("Halden shoots down merger rumor", ["shoots"]),
        ("Halden calls outage report inaccurate", ["calls"]),
        ("Halden calls a meeting", []),
        ("Halden rejects report of a breach", ["rejects"]),
        ("Halden rejects 2.8bn bid", []),
        ("Halden denied bail", []),
        ("Halden said to weigh sale", []),
        ("Halden customers told to change passwords", []),
        ("Halden sued over privacy claims", []),
        ("Halden to be sold, reports say", ["say"]),
        ("Flaws reported in Halden Vault", []),
        ("Halden 13 announced: the price", []),
        ("The claims of Halden are false", []),
    ],
)
def test_a_verb_is_found_where_it_is_one(text: str, found: list[str]) -> None:
    assert verbs(text) == found


def test_a_capitalized_word_in_prose_is_part_of_a_name() -> None:
    assert verbs("He lives in the United States of Nordmark.", is_title=False) == []


@pytest.mark.parametrize(
    ("text", "news"),
    [
        ("Halden to close plant, Ledger reports", True),
        ("Ledger first reported it", True),
        ("Ledger reported on Tuesday that", True),
        ("Halden reports record profit", False),
    ],
)
def test_a_newsroom_reports_news_and_a_company_results(text: str, news: bool) -> None:
    sentence = SpokenSentence(text, speaker_words(), is_title=True)
    verb = next(index for index, word in enumerate(sentence.words) if word.norm.startswith("report"))
    assert reports_news(sentence, verb) is news
