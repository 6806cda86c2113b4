from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.drafting.casing import Names, first_lowered, is_in_proper_name, is_title_case, sentence_case
from services.notifier.drafting.tokens import fold

NOTHING = Names()
#: What the client book and running text about Orvix show.
KNOWN = Names.of(
    ["Sable Point", "Orvix", "Lantern"],
    ["The pumps of Orvix were checked by the Harbor Safety Board, and a recall was ordered in Port Ellery."],
)


@pytest.mark.parametrize(
    ("title", "cased"),
    [
        ("Orvix Recalls All Pumps as Safety Fears Grow", "Orvix recalls all pumps as safety fears grow"),
        ("Harbor Safety Board Orders Recall of Orvix Pumps", "Harbor Safety Board orders recall of Orvix pumps"),
        ("Sable Point to Sell Its Lantern Unit for $4.2B", "Sable Point to sell its Lantern unit for $4.2B"),
        ("Mark Bell Leaves Orvix After Nine Years", "Mark Bell leaves Orvix after nine years"),
        ("CEO Kevin Price Sells Orvix Shares Worth Millions", "CEO Kevin Price sells Orvix shares worth millions"),
        ("German Rules on Data-Center Power Begin in May", "German rules on data-center power begin in May"),
        ("Orvix Approved to Return $270 million to Owners", "Orvix approved to return $270 million to owners"),
        ("Orvix May Close Plant in March 2027", "Orvix may close plant in March 2027"),
        ("Bank of England Holds Rates, White House Objects", "Bank of England holds rates, White House objects"),
        ("Apple Tests New iPhone Chips With eBay and SAP", "Apple tests new iPhone chips with eBay and SAP"),
        ("Labour Groups Criticise Orvix's Colour Printers", "Labour groups criticise Orvix's colour printers"),
    ],
)
def test_a_headline_gets_sentence_case_and_names_keep_their_capitals(title: str, cased: str) -> None:
    assert sentence_case(title, KNOWN) == cased


def test_what_ends_a_listed_name_keeps_its_capital_before_a_verb() -> None:
    assert sentence_case("Orvix Energy Says Profit Rose", KNOWN) == "Orvix Energy says profit rose"
    assert sentence_case("Orvix Says Energy Costs Rise Sharply", KNOWN) == "Orvix says energy costs rise sharply"


@pytest.mark.parametrize(
    "text",
    [
        "Orvix moves Active Directory tools to Lantern Cloud",
        "eBay sellers face new fees",
        "Why the Harbor Board waits",
        "",
        "Orvix Recalls Pumps",
    ],
)
def test_running_text_keeps_its_capitals(text: str) -> None:
    assert sentence_case(text, NOTHING) in (text, text[:1].upper() + text[1:])


def test_shouted_words_are_lowered_and_abbreviations_are_not() -> None:
    said = sentence_case("Orvix recalls pumps TODAY after FTC and NATO warnings", NOTHING)
    assert said == "Orvix recalls pumps today after FTC and NATO warnings"


def test_title_case_needs_capitals_in_all_longer_words() -> None:
    assert is_title_case("Orvix Recalls Pumps With a Fault")
    assert not is_title_case("Orvix rebrands Lantern Active Directory as Sable Entry")


def test_within_a_sentence_only_names_keep_the_first_capital() -> None:
    assert first_lowered("Pumps of Orvix fail", KNOWN) == "pumps of Orvix fail"
    assert first_lowered("Orvix recalls pumps", KNOWN) == "Orvix recalls pumps"
    assert first_lowered("Harbor Safety Board orders a recall", KNOWN) == "Harbor Safety Board orders a recall"
    assert first_lowered("Germany orders a recall", NOTHING) == "Germany orders a recall"
    assert first_lowered("", NOTHING) == ""


@given(st.text(max_size=120))
def test_only_the_case_of_letters_changes(text: str) -> None:
    assert fold(sentence_case(text, KNOWN)).split() == fold(text).split()


@pytest.mark.parametrize(
    ("title", "cased"),
    [
        # The client book lists Target and Next; Gap and Snap are named nowhere else.
        (
            "Orvix Misses Profit Target as Target Cuts Prices",
            "Orvix misses profit target as Target cuts prices",
        ),
        (
            "Retailer Target May Raise Its Prices Next Week",
            "Retailer Target may raise its prices next week",
        ),
        ("Sable Point Hits Target for Sales, Rival Next Falls", "Sable Point hits target for sales, rival Next falls"),
        ("Why Sales at Gap Fall While Snap Adds Users", "Why sales at Gap fall while Snap adds users"),
        ("Pay Gap Widens as Gap Between Rich and Poor Grows", "Pay gap widens as gap between rich and poor grows"),
        ("Rules on Work Visa Holders Change, Visa Says", "Rules on work visa holders change, Visa says"),
        ("Analysts Praise Orvix and Gap's New Chief Executive", "Analysts praise Orvix and Gap's new chief executive"),
        ("President Lee Visits Fulton County, Senator Objects", "President Lee visits Fulton County, senator objects"),
        ("Amazon's Ring Adds Cameras as Bud Light Sales Drop", "Amazon's Ring adds cameras as Bud Light sales drop"),
        (
            "House Democrats Oppose Republicans on Medicare",
            "House Democrats oppose Republicans on Medicare",
        ),
    ],
)
def test_names_that_are_ordinary_words_are_told_by_the_words_around_them(title: str, cased: str) -> None:
    names = Names.of(["Target", "Next", "Orvix", "Sable Point"], [])
    assert sentence_case(title, names) == cased


def test_running_text_decides_whether_an_ordinary_word_is_a_name() -> None:
    shown = Names.of([], ["The shops of Block were closed on Monday."])
    assert sentence_case("Police Search Block Before Dawn Raid", shown) == "Police search Block before dawn raid"
    lower = Names.of([], ["Officers searched the block before dawn."])
    assert sentence_case("Police Search Block Before Dawn Raid", lower) == "Police search block before dawn raid"


def test_a_shouted_word_is_no_name() -> None:
    names = Names.of([], ["Halden begins its THIRD round of cuts."])
    assert sentence_case("Halden begins THIRD round of cuts", names) == "Halden begins third round of cuts"


@pytest.mark.parametrize(
    ("word", "title", "in_name"),
    [
        ("energy", "First Energy fined $230 million over bribery", True),
        ("Insurance", "Court orders Reliance Insurance to pay", True),
        ("energy", "First Energy warns of higher energy prices", False),
        ("energy", "Energy prices fall again", False),
        ("energy", "US Energy chief resigns in protest", False),
        ("energy", "German Energy minister resigns in protest", False),
        ("energy", "Nordmark Caps Energy Prices for Firms", False),
        ("insurance", "State Insurance Council warns of floods", False),
        ("gdpr", "Europe's new GDPR fines rise", False),
    ],
)
def test_an_ordinary_word_at_the_end_of_a_name_is_no_subject(word: str, title: str, in_name: bool) -> None:
    assert is_in_proper_name(word, title) is in_name
