from __future__ import annotations

import pytest

from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.tone import count_words, reading_seconds, review
from tests.unit.services.notifier.samples import a_client, a_watch


def rules(text: str, severity: str | None = None) -> list[str]:
    return [found.rule for found in review(text, a_client()) if severity in (None, found.severity)]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("The stock is gonna fall.", "slang"),
        ("BTW, it fell.", "text_speak"),
        ("How r u today", "text_speak"),
        ("That is bullshit.", "cursing"),
        ("You are wrong about it.", "confrontation"),
        ("Frankly, you’re mistaken.", "confrontation"),
        ("It is guaranteed to rise.", "promise"),
        ("At the end of the day it fell.", "cliche"),
        ("It fell 🎉", "emoji"),
        ("It fell :-(", "emoji"),
        ("It fell!", "exclamation"),
        ("PLEASE READ THIS NOW", "capitals"),
        ("What now? Why?", "questions"),
        ("word " * 151, "length"),
    ],
)
def test_words_that_have_no_place_in_a_draft_are_errors_with_a_fix(text: str, rule: str) -> None:
    found = review(text, a_client())
    assert [(finding.rule, finding.severity) for finding in found if finding.rule == rule][:1] == [(rule, "error")]
    assert all(finding.message and finding.mend for finding in found)


@pytest.mark.parametrize(
    ("text", "rule"),
    [("After the election it fell.", "polarizing"), ("It is a disaster.", "drama"), ("An URGENT matter.", "capitals")],
)
def test_doubtful_words_are_warnings(text: str, rule: str) -> None:
    assert rules(text) == [rule]
    assert rules(text, "error") == []


@pytest.mark.parametrize(
    "text",
    [
        "The U.S. market was calm, and so are you.",
        "The E.U. market was calm.",
        "The board said: “We're gonna win this election at the end of the day.”",
        "You hold Yodel! and ORVIXA.",
        "What do you think?",
        "The scrap value is 5; see note (b).",
        "",
    ],
)
def test_plain_words_names_and_quotations_pass(text: str) -> None:
    client = a_client("wealth", a_watch(name="Yodel!"), a_watch(name="ORVIXA"))
    assert review(text, client) == ()


def test_a_quoted_curse_word_is_a_warning_that_does_not_block() -> None:
    assert rules("He said “this is crap”.") == ["cursing"]
    assert rules("He said “this is crap”.", "error") == []


@pytest.mark.parametrize(
    ("level", "count"), [("plain", 2), ("some", 1), ("expert", 0)], ids=["plain", "some", "expert"]
)
def test_jargon_is_measured_by_the_clients_level(level: str, count: int) -> None:
    found = review("Volatility hurt the alpha.", a_client(jargon=level))
    assert [finding.rule for finding in found] == ["jargon"] * count


def test_a_fix_names_what_to_write_instead() -> None:
    assert review("It is gonna fall.", a_client())[0].mend == "Write “going to”."
    assert review("We will deleverage.", a_client())[0].mend == "Write “paying down debt”."
    assert review("You are wrong.", a_client())[0].mend == "Ask instead: What if …?"


@pytest.mark.parametrize(("words", "seconds"), [(0, 0), (1, 1), (150, 38), (238, 60)])
def test_150_words_are_read_in_less_than_a_minute(words: int, seconds: int) -> None:
    assert reading_seconds(words) == seconds


def test_words_are_separated_by_spaces() -> None:
    assert count_words("About 12 % – of your two-part plan.") == 6


def test_every_word_list_has_a_severity_and_a_message() -> None:
    for rule in read_yaml("words", "tone.yaml").values():
        assert rule["severity"] in ("error", "warning")
        assert rule["message"].endswith(".")
        assert rule["entries"]
