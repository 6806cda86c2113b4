from __future__ import annotations

import pytest

from schemas.clients import Desire
from services.notifier.drafting.readability import check_readability, grade
from services.notifier.drafting.spelling import check_spelling, is_gerund
from services.notifier.drafting.tokens import tokens
from tests.unit.services.notifier.samples import a_client


@pytest.mark.parametrize(
    ("text", "word", "meant"),
    [
        ("We should reveiw the holding together.", "reveiw", "review"),
        ("The divident is lower than before.", "divident", "dividend"),
        ("It is definately worth a talk with us.", "definately", "definitely"),
    ],
)
def test_a_misspelled_word_is_found_with_its_fix(text: str, word: str, meant: str) -> None:
    (found,) = check_spelling(text, a_client())
    assert (found.rule, found.text, found.severity) == ("spelling", word, "warning")
    assert found.mend == f"Did you mean “{meant}”?"


@pytest.mark.parametrize(
    "text",
    [
        "The organisation's defence centre favours travelling and a licence.",
        "The organization's defense center favors traveling and a license.",
        "Write to mara@harbour-vane.example or see harbour-vane.example/notes.",
        "Quillon Cloud and ORVIX are names.",
        "Sehr geehrte Frau Arnaud, wir sollten gemeinsam über diese Position sprechen.",
        "",
    ],
)
def test_correct_words_names_and_other_languages_are_not_reported(text: str) -> None:
    assert list(check_spelling(text, a_client())) == []


def test_the_clients_own_words_are_correct() -> None:
    client = a_client(desires=(Desire(name="growth", words="a wee bit of bawbees"),))
    assert list(check_spelling("Based upon your desire for a wee bit of bawbees.", client)) == []


def test_long_sentences_and_hard_words_are_reported_by_level() -> None:
    (found,) = check_readability(f"You hold it {'and so it goes on for a while ' * 8}.", a_client())
    assert "hard to follow" in found.message
    hard = "Notwithstanding considerable macroeconomic uncertainty, diversification considerations necessitate review."
    assert grade(hard) > 16
    assert list(check_readability(hard, a_client())) == []  # too little to judge by
    (found,) = check_readability(f"{hard} " * 5, a_client())
    assert found.rule == "readability"
    assert found.text == hard
    easy = "You hold these shares. They pay you less from now on. I would wait."
    assert grade(easy) < 5
    assert list(check_readability(easy, a_client())) == []


@pytest.mark.parametrize(
    ("word", "so"), [("weighing", True), ("replacing", True), ("stopping", True), ("boeing", False), ("beijing", False)]
)
def test_a_verb_at_the_start_of_a_sentence_is_distinguished_from_a_name(word: str, so: bool) -> None:
    assert is_gerund(word) is so
    names = [token.text for token in tokens(f"{word.capitalize()} this is hard.") if token.kind == "name"]
    assert bool(names) is not so
