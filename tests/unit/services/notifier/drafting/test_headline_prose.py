from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.drafting.casing import Names
from services.notifier.drafting.headline_prose import ADDED_WORDS, as_prose, within_sentence

NOTHING = Names()
NAMED = Names.of(("Halden", "Orvix"), ())


@pytest.mark.parametrize(
    ("clause", "prose"),
    [
        ("Orvix accused of hiding flaws", "Orvix has been accused of hiding flaws"),
        ("Orvix Teams security flaw lets hackers in", "An Orvix Teams security flaw lets hackers in"),
        ("Orvix hit by second attack", "Orvix has been hit by a second attack"),
        ("Orvix moves up from second place", "Orvix moves up from second place"),
        ("Orvix accounts hacked in wide campaign", "Orvix accounts have been hacked in wide campaign"),
        ("Orvix shares halted after bid", "Orvix shares have been halted after bid"),
        ("Orvix and Halden sued over fees", "Orvix and Halden have been sued over fees"),
        ("Orvix ordered to put links in its search", "Orvix has been ordered to put links in its search"),
        ("Orvix head Ann Lee stepping down", "Orvix head Ann Lee is stepping down"),
        ("Workers at Orvix considering strike", "Workers at Orvix are considering strike"),
        ("Millions of Orvix pumps infected by botnet", "Millions of Orvix pumps have been infected by botnet"),
        (
            "Orvix fined more than $30 million by EU over pumps",
            "Orvix has been fined more than $30 million by the EU over pumps",
        ),
        ("Orvix awarded FAA contract for radars", "Orvix has been awarded an FAA contract for radars"),
        ("Orvix awarded $4bn contract for radars", "Orvix has been awarded a $4bn contract for radars"),
        ("Orvix considering new rules to protect buyers", "Orvix is considering new rules to protect buyers"),
        ("Orvix exports up 16%", "Orvix exports are up 16%"),
        ("Orvix wraps up $8 billion purchase", "Orvix wraps up $8 billion purchase"),
        ("Orvix rates still rising as lenders revise deals", "Orvix rates are still rising as lenders revise deals"),
        ("Orvix now hiring 300 people", "Orvix is now hiring 300 people"),
        ("More rolling stoppages feared in Norland", "More rolling stoppages are feared in Norland"),
        ("Severe flaws reported in Orvix pumps", "Severe flaws have been reported in Orvix pumps"),
        ("Several injured as storm reaches Norland", "Several have been injured as storm reaches Norland"),
        (
            "Orvix and Halden announce recall of pumps sold in Norland",
            "Orvix and Halden announce recall of pumps sold in Norland",
        ),
        ("Orvix pumps face new limits in EU", "Orvix pumps face new limits in the EU"),
        ("Orvix loses its case in US court", "Orvix loses its case in US court"),
        ("Orvix prices down for third day", "Orvix prices are down for third day"),
        ("Two pills shown to help against Orvix fever", "Two pills have been shown to help against Orvix fever"),
        ("Drug found to cut risk of Orvix fever", "Drug has been found to cut risk of Orvix fever"),
        ("Orvix on track to earn $2bn", "Orvix is on track to earn $2bn"),
        ("Orvix stays on course to earn $2bn", "Orvix stays on course to earn $2bn"),
        ("Orvix and Halden told not to block rivals", "Orvix and Halden have been told not to block rivals"),
        (
            "Orvix attempt to buy Halden pumps blocked by judge",
            "Orvix attempt to buy Halden pumps has been blocked by judge",
        ),
        ("Three pump makers vying to buy Orvix", "Three pump makers are vying to buy Orvix"),
        ("Orvix poised for record sales", "Orvix is poised for record sales"),
        ("Italian output up almost 12%", "Italian output is up almost 12%"),
        ("Orvix found guilty of fraud in Norland", "Orvix has been found guilty of fraud in Norland"),
        ("Orvix found in breach of port law", "Orvix has been found in breach of port law"),
        ("Orvix found that its pumps leak", "Orvix found that its pumps leak"),
        ("Orvix no longer asking ports for data", "Orvix is no longer asking ports for data"),
        ("Orvix to cut 400 jobs", "Orvix is to cut 400 jobs"),
        ("Orvix in talks with Halden to launch a pump", "Orvix is in talks with Halden to launch a pump"),
        ("Orvix and Halden in talks to merge", "Orvix and Halden are in talks to merge"),
        ("Orvix under scrutiny over pump sales", "Orvix is under scrutiny over pump sales"),
        ("Orvix shares under pressure after warning", "Orvix shares are under pressure after warning"),
        ("Orvix puts jobs at risk", "Orvix puts jobs at risk"),
        ("Orvix said to be in talks with Halden", "Orvix is said to be in talks with Halden"),
        ("Orvix said to investors that it grows", "Orvix said to investors that it grows"),
        (
            "Pump makers including Orvix to be heard",
            "Pump makers including Orvix are to be heard",
        ),
        ("Orvix pump plant hit by storm", "Orvix pump plant has been hit by storm"),
        ("Orvix sales team hit with layoffs", "Orvix sales team has been hit with layoffs"),
        ("Orvix unfazed by loss at Halden", "Orvix is unfazed by loss at Halden"),
        ("Orvix fined more than $2 million by Norland", "Orvix has been fined more than $2 million by Norland"),
        ("Regional bank shares rebound after shock", "Regional bank shares rebound after shock"),
        ("Orvix bonds in Norland frozen due to sanctions", "Orvix bonds in Norland have been frozen due to sanctions"),
        ("Orvix report delayed due to strikes", "An Orvix report has been delayed due to strikes"),
        ("Orvix pumps due to be recalled", "Orvix pumps are due to be recalled"),
        ("Orvix again accused of hiding flaws", "Orvix has again been accused of hiding flaws"),
        (
            "Orvix managers, owner sued after fall",
            "Orvix managers, owner have been sued after fall",
        ),
        ("Halden pump flaw exploited in attacks", "A Halden pump flaw has been exploited in attacks"),
        ("Orvix and care staff struggling to access tests", "Orvix and care staff are struggling to access tests"),
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
        ("Ohio attorney general sues Orvix", "The Ohio attorney general sues Orvix"),
        ("Indian government raids Orvix", "The Indian government raids Orvix"),
        ("Delaware Supreme Court rules for Orvix", "The Delaware Supreme Court rules for Orvix"),
        ("Appeals court clears the way for Orvix", "An appeals court clears the way for Orvix"),
    ],
)
def test_a_headline_gets_its_article(clause: str, prose: str) -> None:
    assert as_prose(clause, NOTHING) == prose


@pytest.mark.parametrize(
    "clause",
    [
        "Orvix recalls all pumps",
        "The US government is to recall all pumps",
        "Orvix reportedly mixed customer funds with its own",
        "Orvix and Halden team up to build pumps",
        "Harbor fund picks Orvix to advise on pumps",
        "Shares of pump maker Orvix continue to fall",
        "FINRA targets the messages of Orvix",
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


@pytest.mark.slow
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


def test_a_person_without_a_name_gets_an_article() -> None:
    assert as_prose("Security expert warns of open pumps", NOTHING) == "A security expert warns of open pumps"


def test_a_company_named_with_what_it_is_gets_no_article() -> None:
    names = Names.of(["Orvix"], [])
    assert as_prose("Orvix bank offers customers a deal", names) == "Orvix bank offers customers a deal"
    assert as_prose("Orvix shareholder sues the board", names) == "An Orvix shareholder sues the board"


@pytest.mark.parametrize(
    ("headline", "prose"),
    [
        (
            "Carmakers, grocers warn a shortage of pumps raises prices",
            "Carmakers and grocers warn a shortage of pumps raises prices",
        ),
        ("Halden, Orvix to merge in the spring", "Halden and Orvix are to merge in the spring"),
        ("Halden, two banks to buy a port", "Halden and two banks are to buy a port"),
        ("Inflation slows as pump prices, rents fall", "Inflation slows as pump prices and rents fall"),
        ("Halden, a rival of Orvix, cuts jobs", "Halden, a rival of Orvix, cuts jobs"),
        ("Halden sells a port, cuts 40 jobs", "Halden sells a port and cuts 40 jobs"),
        ("Halden pays divers $4,000, releases a safer pump", "Halden pays divers $4,000 and releases a safer pump"),
        ("Halden sells a port, shares fall", "Halden sells a port, shares fall"),
        ("Halden favors its partners, says harbor board", "Halden favors its partners, says harbor board"),
        ("A court blocks a measure backed by Halden, Orvix", "A court blocks a measure backed by Halden and Orvix"),
        ("Orvix, Inc. to sell its port", "Orvix, Inc. is to sell its port"),
        ("Spurred by losses, ports seek help", "Spurred by losses, ports seek help"),
        ("Halden kept its debts while asking for aid, figures show",) * 2,
        ("Despite losses, ports say they are well", "Despite losses, ports say they are well"),
        ("In May, Halden to sell its port", "In May, Halden is to sell its port"),
        ("Harborview, Oregon to ban old pumps", "Harborview, Oregon is to ban old pumps"),
    ],
)
def test_a_comma_between_two_subjects_is_an_and(headline: str, prose: str) -> None:
    assert as_prose(headline, NAMED) == prose


@pytest.mark.parametrize(
    ("headline", "prose"),
    [
        ("Another pump flaw is under attack", "Another pump flaw is under attack"),
        ("Rise in pump fires sparks alerts", "A rise in pump fires sparks alerts"),
        (
            "Single dose of the vaccine is to become the usual shot",
            "A single dose of the vaccine is to become the usual shot",
        ),
        ("Halden unit of Orvix sells its port", "Halden unit of Orvix sells its port"),
        ("Pump fires rise in the north of Norland", "Pump fires rise in the north of Norland"),
        ("The rise in pump fires sparks alerts", "The rise in pump fires sparks alerts"),
    ],
)
def test_one_of_many_gets_an_article_unless_another_word_stands_for_it(headline: str, prose: str) -> None:
    assert as_prose(headline, NAMED) == prose
