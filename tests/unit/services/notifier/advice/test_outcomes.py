"""Outcomes of opinions, groups of opinions, and no percentages for few cases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.notifier.advice.export import opinions_csv
from services.notifier.advice.outcomes import (
    MIN_CASES,
    LaterVerdict,
    Proportion,
    SentOpinion,
    group_opinions,
    next_news,
    story_outcome,
)
from tests.unit.services.notifier.samples import NOW


def later(days: int, **more: Any) -> LaterVerdict:
    fields: dict[str, Any] = {
        "alert_id": f"alr_{days}",
        "at": NOW + timedelta(days=days),
        "kind": "earnings",
        "direction": "negative",
        "headline": "Halden Energy: more",
        "information": 2,
        "verdict": "tell",
        "same_story": False,
    }
    return LaterVerdict(**{**fields, **more})


def opinion(number: int = 1, **more: Any) -> SentOpinion:
    fields: dict[str, Any] = {
        "draft_id": f"drf_{number}",
        "alert_id": f"alr_{number}",
        "client_id": "claire",
        "client_name": "Claire Arnaud",
        "manager_id": "mara",
        "sent_at": NOW,
        "text": "I think you should consider waiting.",
        "reworded": False,
        "playbook": "wealth",
        "rule": "dividend_cut/holds",
        "verdict": "tell",
        "kind": "dividend_cut",
        "stance": "holds",
        "entity_name": "Halden Energy",
    }
    return SentOpinion(**{**fields, **more})


@pytest.mark.parametrize(
    ("course", "story"),
    [
        ([], "quiet"),
        ([later(1)], "quiet"),
        ([later(1, same_story=True, information=2)], "went_on"),
        ([later(1, same_story=True, information=1)], "confirmed"),
        ([later(1, same_story=True, verdict="correct", information=5)], "corrected"),
        ([later(1, same_story=True, verdict="ignore", information=5)], "corrected"),
        ([later(1, same_story=True, information=5), later(2, same_story=True, information=2)], "confirmed"),
    ],
)
def test_the_latest_decisive_verdict_is_the_storys_outcome(course: list[LaterVerdict], story: str) -> None:
    assert story_outcome(course) == story


def test_for_a_correction_only_a_confirmation_is_new() -> None:
    denied, backed = later(1, same_story=True, information=5), later(2, same_story=True, information=2)
    assert story_outcome([denied], corrects=True) == "went_on"
    assert story_outcome([denied, backed], corrects=True) == "confirmed"
    (group,) = group_opinions([opinion(verdict="correct", story="went_on")], "kind")
    assert group.corrected == Proportion(0, 0)


@pytest.mark.parametrize(
    ("direction", "course", "way"),
    [
        ("negative", [later(1)], "same"),
        ("negative", [later(1, direction="positive"), later(2)], "other"),
        ("negative", [later(1, information=4), later(2, direction="unclear")], None),
        ("negative", [later(1, same_story=True)], None),
        ("unclear", [later(1)], None),
    ],
)
def test_the_next_reliable_news_is_compared(direction: str, course: list[LaterVerdict], way: str | None) -> None:
    assert next_news(direction, course) == way


def test_few_cases_have_no_percentage() -> None:
    assert Proportion(MIN_CASES - 1, MIN_CASES - 1).interval is None
    assert Proportion(3, 4).text == "3 of 4"
    assert Proportion(0, 0).text == "–"
    low, high = Proportion(30, 40).interval or (0, 0)
    assert (round(low, 3), round(high, 3)) == (0.598, 0.858)  # as in published tables
    assert Proportion(10, 10).text == "10 of 10 (72–100 %)"
    low, high = Proportion(0, 10).interval or (1, 1)
    assert (low, round(high, 4)) == (0.0, 0.2775)


def test_groups_count_only_known_outcomes() -> None:
    known = [
        opinion(1, answer="acted", feedback="useful", next_way="same"),
        opinion(2, answer="disagreed", feedback="too_late", story="corrected", reworded=True),
        opinion(3, answer="no_answer"),
        opinion(4, rule=None, playbook=None, verdict="correct"),
    ]
    rule, correction = group_opinions(known, "rule")
    assert (rule.name, rule.sent, rule.reworded, rule.too_few) == ("wealth: dividend_cut/holds", 3, 1, True)
    assert rule.acted == Proportion(1, 2)
    assert rule.disagreed == Proportion(1, 2)
    assert rule.useful == Proportion(1, 2)
    assert rule.corrected == Proportion(1, 3)
    assert rule.same_way == Proportion(1, 1)
    assert correction.name == "correction"
    assert [group.name for group in group_opinions(known, "client")] == ["Claire Arnaud"]


def test_a_spreadsheet_evaluates_no_cell_as_a_formula() -> None:
    text = opinions_csv([opinion(view='=HYPERLINK("x")', text="+1, she said")])
    assert "'=HYPERLINK" in text
    assert '"\'+1, she said"' in text
    assert text.splitlines()[0].startswith("sent_at,client_id")
