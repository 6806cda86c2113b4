"""Headlines that only pass on an opinion are recognized by their form."""

from __future__ import annotations

import pytest

from services.matcher.reading.opinion_headlines import find_commentator


@pytest.mark.parametrize(
    ("title", "who"),
    [
        ("Right to buy Halden Energy: Ivar Moen", "Ivar Moen"),
        ("Halden poised to outdo its peers: Ivar Moen, Moen & Lund Securities", "Ivar Moen"),
        ("Halden Energy is cheap: I. B. Moen", "I. B. Moen"),
        ("Mid-caps can deliver more, stay put: Experts", "Experts"),
        ("Stay put: analysts", "analysts"),
        ("Halden Energy to outperform: Goldman Sachs", "Goldman Sachs"),
    ],
)
def test_a_commentator_is_named_after_a_colon(title: str, who: str) -> None:
    assert find_commentator(title) == who


@pytest.mark.parametrize(
    "title",
    [
        "Halden Energy to cut dividend: CEO Lars Berg",
        "Halden Energy to cut dividend: Finance Minister Ann Lind",
        "Halden Energy in talks to buy Osprey: sources",
        "Halden Energy hit by ransomware: Sky News",
        "Halden Energy to cut 500 jobs: City Tribune",
        "Breaking: Halden Energy cuts its dividend",
        "Halden Energy: no change to our dividend",
        "Halden Energy cuts its dividend",
        "",
    ],
)
def test_officials_newsrooms_and_companies_are_not_commentators(title: str) -> None:
    assert find_commentator(title) is None
