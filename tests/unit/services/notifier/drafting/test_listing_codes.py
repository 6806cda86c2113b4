from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.drafting.listing_codes import without_codes


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Halden (HLD.N) said it will recall its pumps.", "Halden said it will recall its pumps."),
        ("Halden’s (HLDN.O) new pump has been approved.", "Halden’s new pump has been approved."),
        ("Orvix (NASDAQ: ORVX) cuts its forecast", "Orvix cuts its forecast"),
        ("Orvix Mining (TSX: ORV) (NYSE American: ORVX) finds ore", "Orvix Mining finds ore"),
        ("Orvix (NASDAQ: ORVX, ORVXW), through its unit, buys a port.", "Orvix, through its unit, buys a port."),
        ("Halden, Inc. (“Halden” — LSE: HLD) sells its port.", "Halden, Inc. sells its port."),
        ("Velmont [VLM.L] is to buy Orvix <ORVX.PA>", "Velmont is to buy Orvix"),
        (
            "Shares of Orvix Corp ORVX.N fell after Velmont Inc V.N bid.",
            "Shares of Orvix Corp fell after Velmont Inc bid.",
        ),
        ("Halden $HLDN recalls its pumps", "Halden recalls its pumps"),
        ("Orvix ($ORVX) recalls its pumps", "Orvix recalls its pumps"),
        ("Orvix (ORV) beats forecasts", "Orvix beats forecasts"),
        ("Orvix (ISIN: XX0001234567) beats forecasts", "Orvix beats forecasts"),
        ("Orvix sells its port [nL4N1ABCDE]", "Orvix sells its port"),
        ("OSLO, May 6 (Reuters) - Orvix has sold its port.", "Orvix has sold its port."),
        ("(Reuters) - Orvix has sold its port.", "Orvix has sold its port."),
        ("Orvix has sold its port, and jobs will go (Bloomberg)", "Orvix has sold its port, and jobs will go"),
    ],
)
def test_symbols_and_marks_are_left_out(text: str, told: str) -> None:
    assert without_codes(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "The Harbor Safety Board (HSB) fines Orvix",
        "Orvix sells a battery electric vehicle (BEV) in Oslo",
        "Orvix trains artificial intelligence (AI) on pumps",
        "Ann Lee (D), a senator, asks Orvix for answers",
        "The Department of Ports (DOP) is reviewing Orvix",
        "Orvix (UK) closes its port",
        "The U.S. fines Orvix, and the U.N. asks why",
        "Orvix sells its port for US$ 30 (27 euros)",
        "Orvix owes $3 billion (see below)",
        "J.P. Halden buys Orvix",
    ],
)
def test_abbreviations_and_other_brackets_stay(text: str) -> None:
    assert without_codes(text) == text


@given(st.text(max_size=200))
def test_nothing_is_added(text: str) -> None:
    rest = iter(text)
    assert all(letter in rest for letter in without_codes(text))
