"""Assurances that something doesn't change or happen; a sentence that sounds like one and says the contrary is none."""

from __future__ import annotations

import pytest

from services.matcher.reading.assurances import denies_nothing, doubts, find_assurance, names_change
from tests.growth import assert_linear


@pytest.mark.parametrize(
    ("text", "lasts", "word"),
    [
        ("Halden Energy says it will hold on to its sawmills", True, "sawmills"),
        ("Halden Energy: every job is secure", True, "job"),
        ("The Trento works keeps running, Halden Energy said.", True, "trento"),
        ("Halden Energy leaves its prices as they are", True, "prices"),
        ("No change to tariffs this year, Halden Energy promises", True, "tariffs"),
        ("Halden Energy: our accounts are accurate", True, "accounts"),
        ("Ann Lee carries on as chair, Halden Energy says", True, "chair"),
        ("No card numbers were taken, Halden Energy says", False, "card"),
        ("Halden Energy rules out a rights issue", False, "rights"),
        ("Halden Energy dismisses report of a fleet sale", False, "fleet"),
        ("Halden Energy chair: 'Nobody will lose their job'", False, "job"),
        ("Halden Energy unaware of any investigation", False, "investigation"),
        ("Ann Lee is still our chair, Halden Energy says", True, "chair"),
        ("A report that it halves its dividend is wrong, Halden Energy said.", False, "dividend"),
        ("Halden Energy calls the allegation of hidden losses a fabrication", False, "losses"),
    ],
)
def test_what_stays_or_does_not_happen_is_found(text: str, lasts: bool, word: str) -> None:
    found = find_assurance(text)
    assert found is not None
    assert found.lasts == lasts
    assert word in found.whole.split()


@pytest.mark.parametrize(
    "text",
    [
        "Halden Energy cuts its dividend by half",
        "Halden Energy rejects takeover bid from Bexley",
        "Halden Energy says its plants remain closed",
        "Withdrawals remain suspended, Halden Funds says",
        "Strike at Halden Energy continues, company says",
        "Halden Energy has no choice but to cut its dividend",
        "Halden Energy will not comment on the sale of its fleet",
        "Halden Energy does not rule out job cuts",
        "The kiln will not reopen, Halden Energy says",
        "Halden Energy is parting with its sawmills",
        "No payout for Halden Energy shareholders this year",
        "Halden Energy cuts 200 jobs but keeps its plant in Porto",
        "Prices jump to three-year high, and that is not the end of it",
        "Halden Energy plunges on weak sales, unchanged forecast",
        "Halden Energy says flaws have almost no false positives",
        "Halden Energy chief not that happy with tariffs",
        "Drug stays on the market with limits",
        "No crime committed by chair who paid for photos, police say",
        "Halden Energy is still considering a sale",
        "Four hundred people will not keep their jobs, Halden Energy says",
    ],
)
def test_what_sounds_like_an_assurance_is_none(text: str) -> None:
    assert find_assurance(text) is None


def test_a_negation_that_takes_itself_back_denies_nothing() -> None:
    assert denies_nothing("Halden Energy says it has no choice but to lower its payout")
    assert not denies_nothing("Halden Energy has no plans to lower its payout")


def test_somebodys_doubt_is_recognized() -> None:
    assert doubts("Broker doubts that Halden Line will sell its ferries")
    assert doubts("Mayor does not believe that Halden will close its plant")
    assert not doubts("Doubts grow over Halden's accounts")


def test_a_report_names_a_change() -> None:
    assert names_change("Halden Energy to shut its plant in Ghent")
    assert not names_change("Halden Energy to build a plant in Ghent")


@pytest.mark.parametrize("phrase", ["- says ", "calls ", "-"])
def test_a_sentence_without_end_takes_no_time(phrase: str) -> None:
    def find(size: int) -> None:
        assert find_assurance(phrase * (size // len(phrase)) + ",x") is None

    assert_linear(find, 20_000)
