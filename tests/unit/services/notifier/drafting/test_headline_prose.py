from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.drafting.casing import Names
from services.notifier.drafting.headline_prose import ADDED_WORDS, as_prose, within_sentence

NOTHING = Names()


@pytest.mark.parametrize(
    ("clause", "prose"),
    [
        ("Orvix accused of hiding flaws", "Orvix has been accused of hiding flaws"),
        ("Orvix accounts hacked in wide campaign", "Orvix accounts have been hacked in wide campaign"),
        ("Orvix shares halted after bid", "Orvix shares have been halted after bid"),
        ("Orvix and Halden sued over fees", "Orvix and Halden have been sued over fees"),
        ("Orvix ordered to put links in its search", "Orvix has been ordered to put links in its search"),
        ("Orvix head Ann Lee stepping down", "Orvix head Ann Lee is stepping down"),
        ("Workers at Orvix considering strike", "Workers at Orvix are considering strike"),
        ("Millions of Orvix pumps infected by botnet", "Millions of Orvix pumps have been infected by botnet"),
        ("Orvix poised for record sales", "Orvix is poised for record sales"),
        ("Italian output up almost 12%", "Italian output is up almost 12%"),
        ("Orvix to cut 400 jobs", "Orvix is to cut 400 jobs"),
    ],
)
def test_a_headline_gets_its_form_of_be(clause: str, prose: str) -> None:
    assert as_prose(clause, NOTHING) == prose


@pytest.mark.parametrize(
    ("clause", "prose"),
    [
        ("Federal judge blocks Orvix merger", "A federal judge blocks Orvix merger"),
        ("Orvix-backed startup raises money", "An Orvix-backed startup raises money"),
        ("US judge dismisses case against Orvix", "A US judge dismisses case against Orvix"),
        ("EU regulator fines Orvix", "An EU regulator fines Orvix"),
        ("US recommends fewer pumps", "The US recommends fewer pumps"),
        ("Fed keeps rates steady", "The Fed keeps rates steady"),
        ("Bank of England holds rates", "The Bank of England holds rates"),
        ("Supreme Court rules for Orvix", "The Supreme Court rules for Orvix"),
    ],
)
def test_a_headline_gets_its_article(clause: str, prose: str) -> None:
    assert as_prose(clause, NOTHING) == prose


@pytest.mark.parametrize(
    "clause",
    [
        "Orvix recalls all pumps",
        "Man charged with fraud over Orvix pleads guilty",
        "Orvix cuts jobs expected to go by June",
        "Orvix has accused Halden of copying",
        "A judge blocks Orvix merger",
        "Orvix’s judge of pumps retires",
        "Three judges block the merger of Orvix",
        "US inflation falls to 3%",
        "“Judge not” becomes the motto of Orvix",
        "Orvix",
    ],
)
def test_what_is_prose_already_or_unclear_stays(clause: str) -> None:
    assert as_prose(clause, NOTHING) == clause


@given(st.text(alphabet="Orvix a the judge to sued, of’s US", max_size=60))
def test_only_small_words_are_added(clause: str) -> None:
    before, after = clause.casefold().split(), as_prose(clause, NOTHING).casefold().split()
    rest = iter(after)
    assert all(word in rest for word in before)
    assert len(after) - len(before) <= 3
    assert set(after) - set(before) <= ADDED_WORDS


@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("Inflation", "inflation"),
        ("Artificial intelligence", "artificial intelligence"),
        ("Data breach", "data breaches"),
        ("Bankruptcy", "bankruptcies"),
        ("IPO", "IPOs"),
        ("SEC", "the SEC"),
        ("European Commission", "the European Commission"),
        ("AI Act", "the AI Act"),
        ("Debt ceiling", "the debt ceiling"),
        ("Prime Day", "Prime Day"),
        ("Covid-19", "Covid-19"),
        ("GDPR", "GDPR"),
        ("Red Sea", "the Red Sea"),
    ],
)
def test_a_subject_is_written_as_within_a_sentence(name: str, within: str) -> None:
    assert within_sentence(name) == within
