"""Steps that sound large and are small are minor to the names that they are small to."""

from __future__ import annotations

import pytest

from schemas.readings import EventFamily
from services.matcher.reading.small_steps import MOST_WORTH, adjust_for_step
from tests.unit.services.matcher.readings import reading


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Halden picks Corvane to advise on data center financing, sources say", "capital"),
        ("Halden taps Bexley and Corvane as joint underwriters", "contract"),
        ("Corvane set to be named lead left underwriter for Halden listing", "capital"),
        ("Corvane hired to advise Halden on its listing", "contract"),
        ("Corvane names Ann Lind head of private banking in Norwick", "leadership"),
        ("Corvane replaces marketing chief", "leadership"),
        ("Corvane's robotics engineering lead resigns as staff leave", "leadership"),
        ("Drug maker Corvane starts human trial of new vaccine", "trial"),
        ("Corvane doses first patient in migraine study", "trial"),
        ("Protesters carried out of Corvane's annual meeting", "reputation"),
        ("Corvane AGM disrupted by protests as it tries to reject pipeline plan", "event"),
    ],
)
def test_a_small_step_is_minor(title: str, kind: EventFamily) -> None:
    adjusted = adjust_for_step(reading(kind=kind, weight="worth", tell_score=0.9), title, "Corvane")
    assert (adjusted.weight, adjusted.tell_score) == ("minor", MOST_WORTH)
    assert adjusted.reasons


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Corvane picks Halden to lead its listing", "capital"),  # to the one who will be listed, it is not
        ("Bexley hires Corvane as adviser on takeover bid", "deal"),
        ("Halden picks Corvane to build its data center", "contract"),
        ("Corvane names Ann Lind chief executive, head of retail leaves", "leadership"),
        ("Corvane chairman and head of audit resigns", "leadership"),
        ("Corvane halts trial after it begins human study of vaccine", "trial"),
        ("Corvane starts trial of new vaccine", "regulation"),
        ("Corvane shareholders vote down pay at annual meeting amid protests", "reputation"),
        ("Corvane workers protest against layoffs", "labour"),
    ],
)
def test_what_is_no_small_step_stays(title: str, kind: EventFamily) -> None:
    before = reading(kind=kind, weight="worth", tell_score=0.9)
    assert adjust_for_step(before, title, "Corvane") == before


def test_what_is_hardly_worth_telling_stays() -> None:
    before = reading(kind="trial", weight="minor", tell_score=0.1)
    assert adjust_for_step(before, "Corvane starts trial of new vaccine", "Corvane") == before
