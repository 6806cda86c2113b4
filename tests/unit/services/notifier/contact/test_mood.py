from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notifier.contact.mood import LASTS, ConversationNote, suggest_mood
from tests.unit.services.notifier.samples import NOW, a_client


def suggested(*texts: str, at: datetime = NOW - timedelta(days=1), **client: Any) -> str | None:
    notes = [ConversationNote(at + timedelta(minutes=number), text) for number, text in enumerate(texts)]
    found = suggest_mood(a_client(**client), notes, NOW)
    return None if found is None else found.quote


@pytest.mark.parametrize(
    "text",
    [
        "She was furious about the late call.",
        "He isn't happy with our fees.",
        "They are not at all satisfied.",
        "Not amused about the outage.",
        "Claire complained about the last report.",
        "He threatened to leave us.",
        "Has lost confidence in us.",
        "He feels we let him down.",
        "Rather disappointed; we agreed to speak again.",
    ],
)
def test_words_of_anger_disappointment_and_complaint_are_quoted(text: str) -> None:
    assert suggested(f"We spoke about the summer. {text}") == text


@pytest.mark.parametrize(
    "text",
    [
        "She was not angry at all.",
        "He wasn’t upset about it.",
        "They are no longer frustrated.",
        "Nothing to complain about.",
        "No reason for him to be annoyed.",
        "He would be upset if we called on a Sunday.",
        "She is happy with the result.",
        "Not unhappy with the quarter.",
        "We moved the meeting to May.",
        "",
    ],
)
def test_denied_words_and_others_suggest_nothing(text: str) -> None:
    assert suggested(text) is None


def test_a_later_conversation_that_went_well_ends_the_suggestion() -> None:
    assert suggested("She was furious.", "We had tea.") == "She was furious."
    assert suggested("She was furious.", "She thanked us; all is well.") is None
    assert suggested("She thanked us.", "She was furious.") == "She was furious."


def test_a_suggestion_ends_after_three_weeks_and_once_somebody_has_decided() -> None:
    said = "She was furious."
    assert suggested(said, at=NOW - LASTS + timedelta(minutes=1)) == said
    assert suggested(said, at=NOW - LASTS) is None
    assert suggested(said, mood="upset") is None
    assert suggested(said, mood_decided_at=NOW) is None
    assert suggested(said, mood_decided_at=NOW - timedelta(days=2)) == said
