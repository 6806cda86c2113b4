from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.drafting.casing import Names
from services.notifier.drafting.clauses import clauses_in, clean_title, is_sneer, is_statement, shorter, stands_in

NOTHING = Names()


@pytest.mark.parametrize(
    ("title", "cleaned"),
    [
        ("BREAKING: Orvix recalls pumps - Northgate Wire", "Orvix recalls pumps"),
        ("UPDATE 2-Orvix recalls pumps", "Orvix recalls pumps"),
        ("Exclusive: Live: Orvix recalls pumps | Markets | Northgate Wire", "Orvix recalls pumps"),
        ("Orvix cuts forecast - CEO", "Orvix cuts forecast - CEO"),
        ("🚀 Orvix   recalls\n pumps 🔥", "Orvix recalls pumps"),
        ("Live music firm Orvix grows", "Live music firm Orvix grows"),
        ("", ""),
    ],
)
def test_a_headline_is_cleaned_of_labels_and_outlets(title: str, cleaned: str) -> None:
    assert clean_title(title, "Northgate Wire") == cleaned


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("Orvix shares halted after $4bn bid – business live", "Orvix shares have been halted after $4bn bid"),
        ("Halden sells its old port, and Orvix recalls all of its pumps", "Orvix recalls all of its pumps"),
        ("Orvix recalls all of its pumps, multiple outlets reported Tuesday", "Orvix recalls all of its pumps"),
        ("Business live – latest updates Orvix has recalled all of its pumps", "Orvix has recalled all of its pumps"),
        ("Orvix lowers Switch sales forecasts but still expects a good year",) * 2,
        ("Credit Orvix finds flaws in its pumps, says inquiry goes on",) * 2,
        ("Orvix debuts a quiet pump in the U.S.",) * 2,
        ("Orvix calls its new pump “the quiet one.”", "Orvix calls its new pump “the quiet one”"),
        (
            "PORT ELLERY (Wire) - Orvix on Monday recalled all of its pumps.",
            "Orvix on Monday recalled all of its pumps",
        ),
        ("Ann Lee / The Ledger: Orvix recalls all pumps — The firm has had a hard year", "Orvix recalls all pumps"),
        ("A reader quotes a report from The Ledger: Orvix today recalled all pumps.", "Orvix recalled all pumps"),
        ("Orvix recalls all pumps: what you need to know", "Orvix recalls all pumps"),
        ("Orvix recalls 12,000 pumps. Learn which ones", "Orvix recalls 12,000 pumps"),
        ("• Orvix recalls all pumps • Open letter from its chief", "Orvix recalls all pumps"),
        ("Orvix Recalls All Pumps (Ann Lee/The Ledger)", "Orvix recalls all pumps"),
        ("Harbor Board warns Orvix: the tide runs by our rules", "Harbor Board warns Orvix"),
        ("Orvix drops support for old pumps, leaving you without spare parts", "Orvix drops support for old pumps"),
    ],
)
def test_what_surrounds_the_news_is_left_out(text: str, clause: str) -> None:
    assert next(clauses_in(text, NOTHING)) == clause


@pytest.mark.parametrize(
    "text",
    [
        "Why Orvix recalled all of its pumps",
        "Pump owners beware, Orvix recalls a million of them",
        "Orvix has good news about its pumps and some not-so-good news about its plant",
        "The move, criticized by some owners, comes amid a recall of Orvix pumps.",
        "The agency has found that the firms – Orvix, Halden and Velmont – shared prices.",
        "Is Orvix about to recall its pumps?",
        "Here's what the recall at Orvix means for owners",
        "For months, owners of Orvix pumps have faced a hard choice.",
        "The most consequential line in the speech at Orvix was not about pumps.",
        "You should stop your Orvix pump at once",
        "We're selling Orvix and buying two others",
        "5 things to know about the recall at Orvix",
        "Image: Orvix / Lantern Orvix has announced a new pump",
        "Orvix recalls all of its pumps in the …",
        "It recalls all of its pumps after a fire",
        "Imagine a pump that never fails its owner",
        "Record sales, poor reputation: the Orvix paradox",
        "Orvix pumps",
    ],
)
def test_teasers_chat_and_scene_setting_give_no_clause(text: str) -> None:
    assert next(clauses_in(text, NOTHING), None) is None


def test_what_follows_a_colon_stands_alone_only_after_a_label() -> None:
    column = "Morning Notes: Orvix recalls all of its pumps"
    assert next(clauses_in(column, NOTHING, has_speaker=False)) == "Orvix recalls all of its pumps"
    assert next(clauses_in(column, NOTHING, has_speaker=True), None) is None
    for hearsay in (
        "Report: Orvix faces a probe",
        "Sources: Orvix plans a sale of its pumps",
        "Zelmer: Orvix will fail soon",
    ):
        assert next(clauses_in(hearsay, NOTHING, has_speaker=False), None) is None


@pytest.mark.parametrize(
    ("clause", "short"),
    [
        (
            "Orvix replaces the head of its pump unit as losses in the north keep growing",
            "Orvix replaces the head of its pump unit",
        ),
        (
            "An owner sues Orvix over the fire, accusing the board of having known of it",
            "An owner sues Orvix over the fire",
        ),
        (
            "Orvix raises its outlook for the year and promises more to come in spring",
            "Orvix raises its outlook for the year",
        ),
        ("Orvix drops its bid for Lantern one day after it had announced the talks", "Orvix drops its bid for Lantern"),
        ("Ann Lee of Orvix sells shares", "Ann Lee of Orvix sells shares"),
        ("Orvix will sell its northern pump unit to Lantern if the Harbor Board agrees", None),
        ("Orvix lets owners opt out of its new pump tariff without losing their guarantee", None),
        ("Pump sales will halve within the year and never come back, Lantern analysts say", None),
        ("Orvix has agreed to sell the largest of its three northern pump plants whole", None),
    ],
)
def test_a_subject_is_shortened_by_whole_tails_that_do_not_change_it(clause: str, short: str | None) -> None:
    assert shorter(clause, 60) == short


def test_jokes_are_recognized() -> None:
    assert is_sneer("Orvix pumps are a dumpster fire")
    assert not is_sneer("Orvix recalls pumps")


def test_every_word_of_a_clause_stands_in_its_source_in_order() -> None:
    assert stands_in("Orvix recalls pumps", "Exclusive: Orvix Today Recalls All Pumps")
    assert not stands_in("Orvix recalls pumps", "Pumps recalled: Orvix")


@given(st.text(max_size=200), st.booleans())
def test_a_clause_adds_no_word_to_its_source(text: str, has_speaker: bool) -> None:
    for clause in clauses_in(text, NOTHING, has_speaker=has_speaker):
        assert stands_in(clause, text)
        assert is_statement(clause)
