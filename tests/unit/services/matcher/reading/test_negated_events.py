"""What a headline names to say that it did not happen, or will not; and prices that move without the word shares."""

from __future__ import annotations

import pytest

from schemas.items import Item
from services.matcher.annotate import read_item
from services.matcher.reading.impact import price_move
from services.matcher.sources.publishers import shipped_sources


def read(title: str, summary: str | None = None) -> tuple[str, str, str]:
    reading = read_item(Item(id="itm", title=title, summary=summary, language="en"), shipped_sources())
    return reading.claim.status, reading.impact.kind, reading.impact.direction


@pytest.mark.parametrize(
    "title",
    [
        "Halden will not cut its dividend",
        "Halden has not been hit by ransomware",
        "Halden did not file for bankruptcy",
        "Meridia won't be fined over rates",
        "Selva never recalled the cream",
    ],
)
def test_what_is_not_so_is_denied(title: str) -> None:
    assert read(title)[0] == "denied"


@pytest.mark.parametrize(
    "title",
    [
        "Halden not only cuts dividend but recalls turbines",
        "Halden could not avoid bankruptcy",
        "Halden cuts dividend, will not say why",
        "Corvane trial did not meet main goal",
        "After not paying for years, Halden cuts dividend",
        "Halden recalls turbines that will not stop",
    ],
)
def test_a_not_beside_the_event_denies_nothing(title: str) -> None:
    assert read(title)[0] == "asserted"


@pytest.mark.parametrize(
    ("title", "direction"),
    [
        ("Halden averts strike", "positive"),
        ("Halden narrowly avoids insolvency", "positive"),
        ("Meridia escapes fine in rates probe", "positive"),
        ("Judge throws out class action against Corvane", "positive"),
        ("Regulator drops antitrust probe of Halden", "positive"),
        ("Bexley walks away from Halden takeover", "negative"),
        ("Halden and Bexley call off merger", "negative"),
    ],
)
def test_what_was_feared_or_planned_and_does_not_come(title: str, direction: str) -> None:
    assert read(title) == ("asserted", "averted", direction)


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Halden drops 5% after recall", "recall"),
        ("Halden scraps dividend", "dividend_cut"),
        ("Halden recalls turbines to avoid fires", "recall"),
        ("Halden avoids comment as strike begins", "strike"),
        ("Halden ends day lower on profit warning", "guidance_cut"),
    ],
)
def test_words_of_giving_up_that_belong_elsewhere(title: str, kind: str) -> None:
    assert read(title)[1] == kind


def test_the_doubt_about_a_reason_is_no_doubt_about_the_move() -> None:
    why = "Shares of Halden rose 9% after a blog reported that Bexley is weighing a bid."
    assert read("Halden shares jump 9% on Monday", why) == ("asserted", "share_move", "positive")


@pytest.mark.parametrize(
    ("behind", "direction", "size"),
    [
        (" falls 7%", "negative", "moderate"),
        (" down as much as 12.5 percent after results", "negative", "major"),
        ("'s shares rise 1 per cent", "positive", "minor"),
        (" closes up 3,5 %", "positive", "minor"),
    ],
)
def test_a_price_that_moves(behind: str, direction: str, size: str) -> None:
    found = price_move(behind)
    assert found is not None
    assert (found.kind, found.direction, found.size) == ("share_move", direction, size)


@pytest.mark.parametrize("behind", [" gains 5% market share", " falls 7% stake short", " falls silent", " buys 7%", ""])
def test_what_is_no_price(behind: str) -> None:
    assert price_move(behind) is None


@pytest.mark.parametrize(
    ("title", "direction"),
    [
        ("Corvane halts late-stage trial of heart drug", "negative"),
        ("Corvane migraine drug fails in phase 3 study", "negative"),
        ("Corvane vaccine meets main goal in pivotal trial", "positive"),
        ("Regulator puts clinical hold on Corvane therapy", "negative"),
    ],
)
def test_trials(title: str, direction: str) -> None:
    assert read(title)[1:] == ("clinical_trial", direction)


def test_a_court_has_trials_too() -> None:
    assert read("Halden founder goes on trial for fraud")[1] != "clinical_trial"
