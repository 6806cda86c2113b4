"""Headlines that deny or avert an event, and price moves without the word shares."""

from __future__ import annotations

import pytest

from schemas.items import Item
from services.matcher.annotate import read_item
from services.matcher.reading.impact import price_move
from services.matcher.reading.negated_events import confirms_denied
from services.matcher.sources.publishers import default_sources


def read(title: str, summary: str | None = None) -> tuple[str, str, str]:
    reading = read_item(Item(id="itm", title=title, summary=summary, language="en"), default_sources())
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
def test_a_negated_event_is_denied(title: str) -> None:
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
def test_a_not_elsewhere_in_the_headline_denies_nothing(title: str) -> None:
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
def test_an_event_that_was_feared_or_planned_is_averted(title: str, direction: str) -> None:
    assert read(title) == ("asserted", "averted", direction)


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Halden drops 5% after recall", "recall"),
        ("Halden scraps dividend", "dividend_cut"),
        ("Halden recalls turbines to avoid fires", "recall"),
        ("Halden avoids comment as strike begins", "strike"),
        ("Regulator sues to prevent Halden takeover of Bexley", "takeover"),
        ("Halden moves to dismiss lawsuit over rates", "lawsuit"),
        ("Halden ends day lower on profit warning", "guidance_cut"),
    ],
)
def test_words_of_giving_up_elsewhere_in_the_headline_do_not_count(title: str, kind: str) -> None:
    assert read(title)[1] == kind


def test_doubt_about_the_cause_does_not_extend_to_the_price_move() -> None:
    why = "Shares of Halden rose 9% after a blog reported that Bexley is weighing a bid."
    assert read("Halden shares jump 9% on Monday", why) == ("asserted", "share_move", "positive")


@pytest.mark.parametrize(
    ("after_name", "direction", "size"),
    [
        (" falls 7%", "negative", "moderate"),
        (" down as much as 12.5 percent after results", "negative", "major"),
        ("'s shares rise 1 per cent", "positive", "minor"),
        (" closes up 3,5 %", "positive", "minor"),
    ],
)
def test_a_price_move_is_recognized(after_name: str, direction: str, size: str) -> None:
    found = price_move(after_name)
    assert found is not None
    assert (found.kind, found.direction, found.size) == ("share_move", direction, size)


@pytest.mark.parametrize(
    "after_name", [" gains 5% market share", " falls 7% stake short", " falls silent", " buys 7%", ""]
)
def test_other_changes_are_not_price_moves(after_name: str) -> None:
    assert price_move(after_name) is None


@pytest.mark.parametrize(
    ("title", "direction"),
    [
        ("Corvane halts late-stage trial of heart drug", "negative"),
        ("Corvane migraine drug fails in phase 3 study", "negative"),
        ("Corvane vaccine meets main goal in pivotal trial", "positive"),
        ("Regulator puts clinical hold on Corvane therapy", "negative"),
    ],
)
def test_clinical_trials_are_recognized(title: str, direction: str) -> None:
    assert read(title)[1:] == ("clinical_trial", direction)


def test_a_court_trial_is_not_a_clinical_trial() -> None:
    assert read("Halden founder goes on trial for fraud")[1] != "clinical_trial"


@pytest.mark.parametrize(
    ("title", "confirms"),
    [
        ("Halden confirms that its chair is out, rejects talk of a row", True),
        ("Halden admits breach but denies that data were sold", True),
        ("Halden confirms breach it had denied", True),
        ("Halden confirms that its chair stays, rejects talk of a row", False),
        ("Halden confirms no data were taken, denies breach", False),
        ("Halden denies that its chair is out", False),
    ],
)
def test_who_confirms_one_thing_and_rejects_another_denies_only_that(title: str, confirms: bool) -> None:
    assert confirms_denied(title) == confirms
