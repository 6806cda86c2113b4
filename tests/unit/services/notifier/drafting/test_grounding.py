from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.clients import Note, Watch
from schemas.drafts import Grounding
from services.notifier.drafting.grounding import (
    GroundingSources,
    by_sentence,
    check_grounding,
    grounding_sources,
    sentence_spans,
    share_percent,
    ungrounded,
)
from services.notifier.drafting.tokens import tokens
from tests.unit.services.notifier.samples import NOW, a_client, a_firm, a_manager, an_alert, an_item, drafted_story

QUOTE = (
    "Halden Energy said on 2 March 2026 that it cut its dividend by 38% to 0.40 crowns and took a charge of $1.3 "
    "billion, after 12,500 complaints about CVE-2026-31337, chief executive Nora Lind said."
)


def known(**more: object) -> GroundingSources:
    watch = Watch(entity_id="halden-energy", name="Halden Energy", kind="holding", weight=0.123, tickers=("HLDN",))
    client = a_client("wealth", watch, views=(Note(text="Never sell Halden before 2030"),), **more)
    alert = an_alert(client, evidence=(an_item(quote=QUOTE),))
    return grounding_sources(alert, client, a_firm(), a_manager(), drafted_story(an_alert(client)))


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokens(text)]


def nowhere(text: str) -> list[str]:
    return [entry.text for entry in ungrounded(check_grounding(text, known()))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It cost €1.3bn, or 4 per cent.", [("amount", "€1.3bn"), ("percentage", "4 per cent")]),
        ("Only 3 of 1,200 sites", [("number", "3"), ("number", "1,200")]),
        ("On 3 March 2026 and in April", [("date", "3 March 2026"), ("date", "April")]),
        ("By Friday you may march on.", [("date", "Friday")]),
        ("The v2.3 of S26", [("number", "v2.3"), ("number", "S26")]),
        ("Twelve sites, two million users", [("number", "Twelve"), ("number", "two million")]),
        ("However, Nora Lind's firm grew.", [("name", "Nora Lind")]),
        ("Zorbex fell.", [("name", "Zorbex")]),
        ("It grew. Shares of eBay rose.", [("name", "eBay")]),
        ("I think I'm right about that.", []),
        ("Procter & Gamble and Coca-Cola", [("name", "Procter & Gamble"), ("name", "Coca-Cola")]),
        ("They said “no comment today”.", [("quotation", "“no comment today”")]),
        ("", []),
    ],
)
def test_tokens_that_must_be_grounded_are_found(text: str, found: list[tuple[str, str]]) -> None:
    assert kinds(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "The dividend fell by 38 percent.",
        "It fell by 38 % to 0.40.",
        "A charge of US$1,300 million was taken.",
        "A charge of 1.3bn dollars was taken.",
        "There were 12500 complaints.",
        "There were 12'500 complaints about cve-2026-31337.",
        "On March 2, 2026 it was said; on 2 March it was known.",
        "It was so in 2026.",
        "Nora Lind said so, reports Northgate Wire.",
        "Halden (HLDN) is about 12 % of your portfolio, or 12.3%.",
        "She spoke of “a charge of $1.3 billion … about CVE-2026-31337”.",
        "You said “never sell Halden before 2030”.",
        "Dear Claire Arnaud,\n\nKind regards,\nMara Lindqvist\nHarbour & Vane",
        "On 1 March I wrote to you.",
    ],
)
def test_what_is_in_the_evidence_or_the_book_is_grounded(text: str) -> None:
    assert nowhere(text) == []


@pytest.mark.parametrize(
    ("text", "invented"),
    [
        ("The dividend fell by 39%.", ["39%"]),
        ("It is 0.40 percent.", ["0.40 percent"]),
        ("A charge of €1.3 billion was taken.", ["€1.3 billion"]),
        ("A charge of $1.3 million was taken.", ["$1.3 million"]),
        ("There were 12,501 complaints.", ["12,501"]),
        ("It was said on 4 March.", ["4 March"]),
        ("Halden Motors cut its dividend.", ["Halden Motors"]),
        ("Nora Lund said so.", ["Nora Lund"]),
        ("Three plants closed.", ["Three"]),
        ("She said “a charge of $1.3 billion after all”.", ["“a charge of $1.3 billion after all”"]),
        ("She said “nothing”.", ["“nothing”"]),
        ("Wait until Thursday.", ["Thursday"]),
        ("See CVE-2026-99999.", ["CVE-2026-99999"]),
        ("Call Zorbex.", ["Zorbex"]),
    ],
)
def test_inventions_are_ungrounded(text: str, invented: list[str]) -> None:
    assert nowhere(text) == invented


def test_a_grounding_names_its_source() -> None:
    found = {
        entry.text: (entry.where, entry.ref)
        for entry in check_grounding("It said Nora Lind, about 12 %, 38% on 1 March.", known())
    }
    assert found["Nora Lind"] == ("evidence", "itm_1")
    assert found["12 %"] == ("book", "assets.halden-energy.weight")
    assert found["38%"] == ("evidence", "itm_1")
    assert found["1 March"][0] == "book"


def test_each_token_is_listed_once() -> None:
    groundings = check_grounding("38% and 38% and Nora Lind and Nora Lind", known())
    assert [grounding.text for grounding in groundings] == ["38%", "Nora Lind"]


def test_what_was_grounded_before_stays_grounded() -> None:
    client = a_client()
    granted = [
        Grounding(text="1 March", kind="date", where="book", ref="told.drf_1"),
        Grounding(text="4 March", kind="date", where="nowhere"),
    ]
    against = grounding_sources(an_alert(client), client, a_firm(), a_manager(), granted=granted)
    assert [entry.where for entry in check_grounding("On 1 March or 4 March.", against)] == ["book", "nowhere"]


@pytest.mark.parametrize(("weight", "said"), [(0.12, "12"), (0.1234, "12"), (0.004, "0.4"), (1.0, "100")])
def test_a_weight_is_written_in_whole_percent(weight: float, said: str) -> None:
    assert share_percent(weight) == said


@given(st.text(max_size=400))
def test_any_text_can_be_checked_and_contains_its_tokens(text: str) -> None:
    for token in tokens(text):
        assert text[token.start : token.start + len(token.text)] == token.text
    check_grounding(text, known())


@given(st.text(max_size=400))
@example(".0À")
def test_a_text_is_grounded_in_itself(text: str) -> None:
    client = a_client()
    alert = an_alert(client, evidence=(an_item(quote=text, title=text),), headline=text)
    against = grounding_sources(alert, client, a_firm(), a_manager())
    assert ungrounded(check_grounding(text, against)) == ()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("It happened today.", "evidence"),  # the item's own day, read on the same
        ("It happened this morning.", "evidence"),
        ("It happened yesterday.", "nowhere"),
        ("It will happen tomorrow.", "nowhere"),
        ("It will happen next week.", "nowhere"),
        ("It was known two years ago.", "nowhere"),
        ("The board meets tomorrow in Estmere.", "evidence"),  # as the evidence says it
        ("The court meets tomorrow in Estmere.", "nowhere"),  # the same day, of something else
        ("They said “it ends tomorrow”.", None),
        ("Ledger Today reports it.", None),
    ],
)
def test_a_relative_day_is_grounded_only_by_the_same_day(text: str, where: str | None) -> None:
    client = a_client()
    alert = an_alert(client, evidence=(an_item(quote="The board meets tomorrow in Estmere, it said."),))
    known = grounding_sources(alert, client, a_firm(), a_manager(), now=NOW)
    dates = [entry.where for entry in check_grounding(text, known) if entry.kind == "date"]
    assert dates == ([] if where is None else [where])


def test_without_a_day_of_reading_relative_days_are_ungrounded() -> None:
    known = grounding_sources(an_alert(), a_client(), a_firm(), a_manager())
    assert [entry.where for entry in check_grounding("It happened today.", known)] == ["nowhere"]


def test_a_sentence_is_tied_to_one_item_that_supports_all_of_it() -> None:
    client = a_client()
    first = an_item(quote="Corvane Works fell by 9% in a day, traders said.")
    second = an_item(number=2, quote="Halden Energy cut its dividend by 38%, after Corvane Works had done so.")
    against = grounding_sources(an_alert(client, evidence=(first, second)), client, a_firm(), a_manager())
    text = "Corvane Works and the 38% belong together. Corvane Works stands alone, and so does 9%."
    said = by_sentence(text, check_grounding(text, against))
    assert [sentence for sentence, _ in said] == [
        "Corvane Works and the 38% belong together.",
        "Corvane Works stands alone, and so does 9%.",
    ]
    assert [(entry.text, entry.ref) for entry in said[0][1]] == [("Corvane Works", "itm_2"), ("38%", "itm_2")]
    assert ("9%", "itm_1") in [(entry.text, entry.ref) for entry in said[1][1]]


def test_a_quotation_belongs_to_its_sentence() -> None:
    text = "It said: “One cut. Two cuts.” at once. Nothing here.\n\nHalden Energy is yours."
    spans = [text[start:end].strip() for start, end in sentence_spans(text)]
    assert spans == ["It said: “One cut. Two cuts.” at once.", "Nothing here.", "Halden Energy is yours."]
