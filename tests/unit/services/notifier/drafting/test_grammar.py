"""Typing slips and grammar mistakes are found with their fixes; correct text, names and other languages pass."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from services.notifier.drafting.grammar import check_grammar
from services.notifier.drafting.tone import review
from services.notifier.drafting.typos import check_typos
from tests.unit.services.notifier.samples import a_client


@pytest.mark.parametrize(
    ("text", "wrong", "fix"),
    [
        ("We looked at at the holding.", "at at", "Write “at”."),
        ("It is lower,, and we wait.", ",,", "Keep one."),
        ("It is lower.. We wait.", "..", "Keep one."),
        ("It is lower . We wait.", " .", "Remove the space."),
        ("We wait.Then we decide.", "wait.Then", "Add a space."),
        ("It is lower,and we wait.", "lower,and", "Add a space."),
        ("It is  lower.", "  ", "Keep one."),
        ("It is lower (as you know.", "(", "Close it or remove it."),
        ("It is ”lower”.", "”", "Close it or remove it."),
    ],
)
def test_a_typing_slip_is_found_with_its_fix(text: str, wrong: str, fix: str) -> None:
    assert [(found.text, found.mend) for found in check_typos(text)] == [(wrong, fix)]


@pytest.mark.parametrize(
    "text",
    [
        "What we had had in mind, e.g. the price … and more.",
        "Write to mara@harbour-vane.example or see harbour-vane.example/notes; it is 0.40 (or 0.4), not 1,200.",
        "I know that that holding is “          ”.",
        "Dear Ms Arnaud,\n\nWe wait.\n\nKind regards,",
        "Well-to-do owners … then: wait.",
    ],
)
def test_correct_text_has_no_typing_slips(text: str) -> None:
    assert list(check_typos(text)) == []


@pytest.mark.parametrize(
    ("text", "wrong", "fix"),
    [
        ("We think that you holds too much of it.", "holds", "Write “hold”."),
        ("This is an good moment to talk.", "an good", "Write “a”."),
        ("A day later we waited for a hour.", "a hour", "Write “an”."),
        ("The company lowered it's dividend.", "it's", "Write “its”."),
        ("We should of waited for the figures.", "should of", "Write “should have”."),
        ("It effect your plans for the coming year.", "effect", "Write “affect”."),
        ("The shares fell. we should wait.", "we", "Write “We”."),
        ("If it holds, we think that you holds too much.", "you holds", "Write “hold”."),
    ],
)
def test_a_grammar_mistake_is_found_with_its_fix(text: str, wrong: str, fix: str) -> None:
    assert [(found.rule, found.text, found.mend, found.severity) for found in check_grammar(text)] == [
        ("grammar", wrong, fix, "warning")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Sehr geehrte Frau Arnaud, wir sollten gemeinsam über diese Position sprechen, bevor etwas entschieden wird.",
        "The board has decided; Velmont & Sons raises its prices, and Quillon Cloud's roadmap stands as it is.",
        "“        ” So far, this is the only report.",
        "",
    ],
)
def test_correct_text_and_other_languages_have_no_grammar_mistakes(text: str) -> None:
    assert list(check_grammar(text)) == []


def test_a_mistake_is_reported_once() -> None:
    text = "Dear Ms Arnaud,\n\nThis is a good moment to to talk about the figures."
    assert [(found.rule, found.text) for found in review(text, a_client(), closely=True)] == [("slip", "to to")]


def test_edited_text_is_checked_and_several_threads_may_check_at_once() -> None:
    client, text = a_client(), "Dear Ms Arnaud,\n\nWe should of waited for the figures of Halden Energy."
    assert [found.rule for found in review(text, client)] == []
    with ThreadPoolExecutor(4) as threads:
        every = list(threads.map(lambda _: review(text, client, closely=True), range(8)))
    assert {tuple(found.rule for found in findings) for findings in every} == {("grammar",)}
