"""Rejections of what is said of somebody; what is asked for, offered or decided is turned down without being denied."""

from __future__ import annotations

import pytest

from services.matcher.reading.responses import find_response, refuses_request
from tests.growth import assert_linear


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Halden Energy calls short-seller report baseless and misleading", "short-seller"),
        ("Halden Energy chief pleads not guilty to bribery charges", "bribery"),
        ("Halden Energy vows to fight tax case", "tax"),
        ("Halden Energy hits back at money laundering report", "laundering"),
        ("Halden Energy takes issue with auditor's findings", "auditor"),
        ("Halden Energy says whistleblower's claims are false", "whistleblower"),
        ("Halden Energy says rival's lawsuit has no merit", "rival"),
        ("Halden Energy denies any wrongdoing in meter probe", "meter"),
        ("Halden Energy says report on search for buyer lacks any basis", "buyer"),
    ],
)
def test_a_rejection_is_found_with_the_words_for_what_is_rejected(text: str, topic: str) -> None:
    found = find_response(text)
    assert found is not None
    assert topic in found.topic.split()


@pytest.mark.parametrize(
    "text",
    [
        "The founder maintains his innocence, his lawyer said.",
        "The allegations are without merit.",
        "The accusations are pure fiction, it said.",
    ],
)
def test_a_rejection_may_name_nothing(text: str) -> None:
    found = find_response(text)
    assert found is not None
    assert found.topic in ("", "lawyer said")


@pytest.mark.parametrize(
    "text",
    [
        "Halden Energy cuts its dividend by half",
        "Halden Energy rejects claim by flood victims",
        "Halden Energy rejects union's wage claim",
        "Halden Energy rejects 2 billion bid by Kestor",
        "Halden Energy slams new export rules",
        "Halden Energy vows to fight plain packaging rule",
        "Halden Energy stands by its plan to hire 500 engineers",
        "Halden Energy found guilty of bribery",
    ],
)
def test_what_rejects_no_report_is_no_rejection(text: str) -> None:
    assert find_response(text) is None


@pytest.mark.parametrize(
    ("text", "refuses"),
    [
        ("Halden Energy rejects union's wage claim", True),
        ("Halden Energy rejects 2 billion bid by Kestor", True),
        ("Court denies Halden Energy motion against strike", True),
        ("Halden Energy rejects report of a takeover offer", False),
        ("Halden Energy denies fraud", False),
    ],
)
def test_to_turn_down_a_request_denies_nothing(text: str, refuses: bool) -> None:
    assert refuses_request(text) == refuses


@pytest.mark.parametrize("text", ["rejects the ", "report is ", "not guilty plea ", "claims calls ", "no merit "])
def test_the_time_grows_with_the_length_at_most(text: str) -> None:
    assert_linear(lambda size: find_response((text * size)[:size]), 480)
