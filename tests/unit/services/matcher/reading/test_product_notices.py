"""The end of support, planned work and a list of changes are news about a product, and no flaw or failure."""

from __future__ import annotations

import pytest

from schemas.readings import EventFamily
from services.matcher.reading.product_notices import MOST_WORTH, Notice, adjust_for_notice, find_notice
from tests.unit.services.matcher.readings import reading


@pytest.mark.parametrize(
    ("title", "notice"),
    [
        ("Orvane Server 6.4 reaches end of life on 30 June", "end_of_life"),
        ("Orvane to end security updates for Server 10 in October", "end_of_life"),
        ("Support for Orvane Server 2012 ends next month", "end_of_life"),
        ("Orvane Server 1.27 is no longer supported", "end_of_life"),
        ("Scheduled maintenance: Orvane unavailable on Saturday", "maintenance"),
        ("Changelog: Orvane 16.3 fixes crash on startup", "release"),
        ("Orvane Server 3.9: bug fixes and improvements", "release"),
    ],
)
def test_a_notice_is_recognized(title: str, notice: Notice) -> None:
    assert find_notice(title, "") == notice


@pytest.mark.parametrize(
    ("title", "lead"),
    [
        ("Orvane Server is down", ""),
        ("Orvane 16.3 fixes critical bug under attack", ""),
        ("Orvane 16.3: bug fixes", "It closes a vulnerability that lets attackers in."),
        ("Attackers exploit Orvane Server, which is no longer supported", ""),
    ],
)
def test_flaws_and_failures_are_none(title: str, lead: str) -> None:
    assert find_notice(title, lead) is None


@pytest.mark.parametrize(
    ("notice", "kind", "read_as", "most"),
    [
        ("end_of_life", "vulnerability", "product", 0.9),
        ("maintenance", "outage", "product", MOST_WORTH),
        ("release", "vulnerability", "product", MOST_WORTH),
        ("release", "recall", "recall", 0.9),
        (None, "vulnerability", "vulnerability", 0.9),
    ],
)
def test_it_is_news_about_the_product(notice: Notice | None, kind: EventFamily, read_as: str, most: float) -> None:
    adjusted = adjust_for_notice(reading(kind=kind, direction="bad", tell_score=0.9), notice)
    assert (adjusted.kind, adjusted.tell_score) == (read_as, most)
    assert adjusted.status == ("plan" if notice == "maintenance" else "fact")
