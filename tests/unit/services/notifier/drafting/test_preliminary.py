from __future__ import annotations

import pytest

from services.notifier.drafting.preliminary import is_preliminary


@pytest.mark.parametrize(
    "text",
    [
        "A preliminary study suggests that Velmont lowers the risk of falls",
        "Velmont lowers the risk of falls, early data indicate",
        "The board provisionally found that Orvix broke the rules",
        "Orvix broke the rules, the board says in provisional findings",
        "Output grew 2% in May, preliminary figures show",
        "Initial lab results point to Orvix pumps",
        "Velmont helps in an early-stage trial",
        "Velmont slows the disease in mice",
        "The study has not yet been peer-reviewed",
    ],
)
def test_what_is_called_preliminary_is_recognized(text: str) -> None:
    assert is_preliminary(text)


@pytest.mark.parametrize(
    "text",
    [
        "Orvix reaches a preliminary agreement with its staff",
        "Orvix files for an initial public offering",
        "Orvix raises its interim dividend after interim results",
        "Velmont lowers the risk of falls, a study of 9,000 people shows",
        "Early this year, Orvix sold its port",
        "Orvix provisionally closes its port",
    ],
)
def test_first_steps_and_settled_findings_are_not(text: str) -> None:
    assert not is_preliminary(text)
